"""Each test has a ROS domain of its own, so that tests may run at the same time."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from rmw_test_fixture_implementation import RMWTestIsolator
from wire import Body, RobotProcesses, Wire

from muster.core.types import Pose2D

ROBOTS = ('r1', 'r2', 'r3')


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A domain id that nobody else uses, in the environment of this process and its children."""
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    with RMWTestIsolator():
        yield


@pytest.fixture
def wire(domain: None) -> Iterator[Wire]:
    observer = Wire(ROBOTS)
    yield observer
    observer.close()


@pytest.fixture
def bodies(wire: Wire) -> dict[str, Body]:
    """One for every robot, a metre from each other."""
    return {
        robot: Body(wire, robot, Pose2D(float(number), 0.0)) for number, robot in enumerate(ROBOTS)
    }


@pytest.fixture
def team_file(tmp_path: Path) -> Path:
    """Three robots in an empty hall with three places in a row."""
    (tmp_path / 'hall.yaml').write_text(
        textwrap.dedent("""
            name: hall
            bounds: [-1, -2, 6, 2]
            places:
              west: {x: 0.0, y: 0.0}
              middle: {x: 2.0, y: 0.0}
              east: {x: 4.0, y: 0.0}
            lanes:
              - [west, middle]
              - [middle, east]
        """)
    )
    path = tmp_path / 'trio.yaml'
    path.write_text(
        textwrap.dedent("""
            team: trio
            world: hall.yaml
            robots:
              - {name: r1, squad: alpha, start: [0, 0, 0], capabilities: [walk]}
              - {name: r2, squad: alpha, start: [1, 0, 0], capabilities: [walk]}
              - {name: r3, squad: alpha, start: [2, 0, 0], capabilities: [walk]}
            skills:
              go_to: {requires: [walk], stops: [1, 8]}
        """)
    )
    return path


@pytest.fixture
def robots(team_file: Path, tmp_path: Path, domain: None) -> Iterator[RobotProcesses]:
    with RobotProcesses(team_file, tmp_path) as processes:
        yield processes

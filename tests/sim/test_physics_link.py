"""The physics process: ticks at the rate asked for, answers every request, outlives nobody."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from muster.core.types import ConfigurationError
from muster_sim.physics_link import PhysicsEndedError, PhysicsLink
from muster_sim.physics_messages import Command
from muster_sim.physics_process import Pace
from muster_sim.requests import Grip, Push
from muster_sim.robot_model import TICK_S
from muster_sim.simulation_setup import RobotStart, Setup

from .stage import open_floor

SETUP = Setup(open_floor(), (RobotStart('g1', (0.0, 0.0, 0.0)),))
DEADLINE_S = 30.0


@pytest.fixture
def link() -> Iterator[PhysicsLink]:
    link = PhysicsLink(SETUP, rate=0.0)
    yield link
    link.close()


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.mark.physics
def test_frames_come_in_order_and_verdicts_with_them(link: PhysicsLink) -> None:
    assert 'left_knee_joint' in link.ready.joint_names
    nothing_there = link.ask(Grip(0, True))
    push = link.ask(Push(0, 20.0, 0.0))
    numbers = []
    while not push.done():
        link.send(Command(0, 0.5, 0.0, 0.0))
        frame = link.receive()
        numbers.append(frame.number)
        assert frame.snapshot.time_s == pytest.approx(frame.number * TICK_S)
        assert frame.number < 1000
    assert numbers == list(range(1, len(numbers) + 1))
    assert not nothing_there.result(0).accepted
    assert push.result(0).has_bitten


@pytest.mark.physics
def test_closing_ends_the_process_and_fails_what_is_open(link: PhysicsLink) -> None:
    push = link.ask(Push(0, 20.0, 0.0))
    link.receive()
    link.close()
    assert not psutil.pid_exists(link.process_id)
    with pytest.raises(PhysicsEndedError):
        while True:
            link.receive()
    assert isinstance(push.exception(0), PhysicsEndedError)
    with pytest.raises(PhysicsEndedError, match='ended with status'):
        link.send(Command(0, 0.0, 0.0, 0.0))


@pytest.mark.physics
def test_a_physics_process_that_is_killed_is_noticed(link: PhysicsLink) -> None:
    os.kill(link.process_id, signal.SIGKILL)
    with pytest.raises(PhysicsEndedError):
        for _ in range(100_000):
            link.receive()


@pytest.mark.physics
def test_the_physics_process_dies_with_a_parent_that_is_killed() -> None:
    program = (
        'from sim.test_physics_link import *\n'
        'link = PhysicsLink(SETUP)\n'
        'print(link.process_id, flush=True)\n'
        'signal.pause()'
    )
    parent = subprocess.Popen(
        [sys.executable, '-c', program],
        cwd=__file__.rpartition('/sim/')[0],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
        parent.wait(DEADLINE_S)
    _wait_for(lambda: not psutil.pid_exists(child), f'process {child} is still there')


@pytest.mark.physics
def test_a_world_that_cannot_be_built_is_a_configuration_error() -> None:
    many = tuple(RobotStart(f'g1_{i}', (2.0 * i, 0.0, 0.0)) for i in range(128))
    with pytest.raises(ConfigurationError, match='128 robots'):
        PhysicsLink(Setup(open_floor(), many))


def test_ticks_are_spread_over_wall_time() -> None:
    clock = _Clock()
    pace = Pace(2.0, clock)
    for _ in range(500):
        clock.now += 0.001
        clock.now += pace.wait_s()
    assert clock.now == pytest.approx(500 * TICK_S / 2.0, rel=0.01)
    assert pace.real_time_factor == pytest.approx(2.0, rel=0.02)


def test_a_short_delay_is_caught_up_and_a_long_one_is_not() -> None:
    clock = _Clock()
    pace = Pace(1.0, clock)
    clock.now += 0.1
    for _ in range(50):
        clock.now += pace.wait_s()
    assert clock.now == pytest.approx(50 * TICK_S)
    clock.now += 10.0
    for _ in range(50):
        clock.now += pace.wait_s()
    assert clock.now == pytest.approx(100 * TICK_S + 10.0, abs=2 * TICK_S)


def test_a_machine_that_is_too_slow_is_told_of() -> None:
    clock = _Clock()
    pace = Pace(1.0, clock)
    for _ in range(500):
        clock.now += 2 * TICK_S
        clock.now += pace.wait_s()
    assert pace.real_time_factor == pytest.approx(0.5, rel=0.02)


def test_as_fast_as_possible_never_waits() -> None:
    pace = Pace(0.0, _Clock())
    assert all(pace.wait_s() == 0.0 for _ in range(100))


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

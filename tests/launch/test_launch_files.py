"""The launch files, where `ros2 launch` is installed: they start what `muster up` starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muster.core.types import ConfigurationError
from muster.runtime.share import share_folder

launch_ros = pytest.importorskip('launch_ros')
launch = pytest.importorskip('launch')


def nodes(file: str, **arguments: str) -> list[Any]:
    """The node actions of a launch file, those of included files left out."""
    from launch.actions import DeclareLaunchArgument, OpaqueFunction
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    path = str(share_folder() / 'launch' / file)
    context = launch.LaunchContext()
    context.extend_locals({'current_launch_file_path': path})
    context.launch_configurations.update(arguments)
    found = []
    for entity in get_launch_description_from_python_launch_file(path).entities:
        if isinstance(entity, DeclareLaunchArgument | OpaqueFunction):
            found += entity.visit(context) or []
    return [one for one in found if isinstance(one, launch_ros.actions.Node)]


def test_the_team_is_one_process_per_robot(tmp_path: Path) -> None:
    robots = nodes('team.launch.py', data=str(tmp_path))
    assert [robot.node_executable for robot in robots] == ['muster_robot'] * 4
    assert {robot.node_package for robot in robots} == {'muster'}


def test_a_robot_starts_only_itself(tmp_path: Path) -> None:
    assert len(nodes('team.launch.py', robot='g1_2', data=str(tmp_path))) == 1
    with pytest.raises(ConfigurationError, match='g1_9'):
        nodes('team.launch.py', robot='g1_9', data=str(tmp_path))


def test_a_simulated_team_has_a_world_first(tmp_path: Path) -> None:
    (simulator,) = nodes('sim.launch.py', data=str(tmp_path), seed='7')
    assert simulator.node_executable == 'muster_sim'

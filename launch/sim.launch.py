"""Start a simulated world and the robots in it: `ros2 launch muster sim.launch.py gui:=true`.

The robots are those of `team.launch.py`, following the simulator's clock. When the simulator ends,
everything ends.
"""

import os
import tempfile
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    Shutdown,
)
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir
from launch_ros.actions import Node

from muster.runtime.process_specs import SimulatorOptions, process_specs
from muster.runtime.share import find_config
from muster.runtime.team_file import read_team

ARGUMENTS = (
    DeclareLaunchArgument(
        'team', default_value='warehouse', description='Team file, or name of one in config/teams.'
    ),
    DeclareLaunchArgument(
        'data',
        default_value='',
        description="Folder for the robots' logs of consensus; empty means a new one: simulated "
        'time begins anew, and so should the ledger.',
    ),
    DeclareLaunchArgument('seed', default_value='0', description='Of the world.'),
    DeclareLaunchArgument(
        'rate', default_value='1.0', description='Simulated seconds per second.'
    ),
    DeclareLaunchArgument(
        'gui',
        default_value='false',
        description='Show the PyBullet window.',
        choices=['true', 'false'],
    ),
)


def world_and_robots(context: LaunchContext) -> list[Node | IncludeLaunchDescription]:
    """The simulator, and the launch file of the team."""
    given = {
        argument.name: LaunchConfiguration(argument.name).perform(context)
        for argument in ARGUMENTS
    }
    team_file = find_config(given['team'], 'teams')
    data = given['data'] or tempfile.mkdtemp(prefix='muster_')
    simulator, *_ = process_specs(
        read_team(team_file)[0],
        team_file,
        Path(data),
        simulator=SimulatorOptions(
            seed=int(given['seed']), has_window=given['gui'] == 'true', rate=float(given['rate'])
        ),
        inherited=os.environ,
    )
    return [
        Node(
            package=simulator.package,
            executable=simulator.executable,
            arguments=simulator.arguments,
            additional_env=dict(simulator.environment),
            output='both',
            on_exit=Shutdown(reason='the simulator ended'),
        ),
        IncludeLaunchDescription(
            [ThisLaunchFileDir(), '/team.launch.py'],
            launch_arguments={
                'team': str(team_file),
                'data': data,
                'use_sim_time': 'true',
            }.items(),
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=world_and_robots)])

"""Start the robots of a team, or one of them: `ros2 launch muster team.launch.py robot:=g1_1`.

On real robots, start each on the robot itself, all with the same team file. What is
started is decided by `muster.runtime.process_specs`, as it is for `muster up`.
"""

import os
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from muster.runtime.process_specs import process_specs
from muster.runtime.share import find_config
from muster.runtime.team_file import read_team

ARGUMENTS = (
    DeclareLaunchArgument(
        'team', default_value='warehouse', description='Team file, or name of one in config/teams.'
    ),
    DeclareLaunchArgument(
        'robot', default_value='', description='The robot to start; empty means all of the team.'
    ),
    DeclareLaunchArgument(
        'data',
        default_value=str(Path(os.environ.get('ROS_HOME', '~/.ros')).expanduser() / 'muster'),
        description="Folder for the robots' logs of consensus. It must outlive a reboot.",
    ),
    DeclareLaunchArgument(
        'use_sim_time',
        default_value='false',
        description='Follow /clock.',
        choices=['true', 'false'],
    ),
    DeclareLaunchArgument(
        'parameters', default_value='', description="ROS parameters that win over muster's own."
    ),
)


def robots(context: LaunchContext) -> list[Node]:
    """One action per robot."""
    given = {
        argument.name: LaunchConfiguration(argument.name).perform(context)
        for argument in ARGUMENTS
    }
    team_file = find_config(given['team'], 'teams')
    team, _ = read_team(team_file)
    specs = process_specs(
        team,
        team_file,
        Path(given['data']) / team.team,
        robots=[given['robot']] if given['robot'] else [],
        use_sim_time=given['use_sim_time'] == 'true',
        parameter_file=Path(given['parameters']).resolve() if given['parameters'] else None,
        inherited=os.environ,
    )
    return [
        Node(
            package=spec.package,
            executable=spec.executable,
            arguments=spec.arguments,
            additional_env=dict(spec.environment),
            output='both',
            respawn=True,
            respawn_delay=spec.restart.delay_s,
        )
        for spec in specs
    ]


def generate_launch_description() -> LaunchDescription:
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=robots)])

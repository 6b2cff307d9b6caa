"""`muster_robot`: one robot of a team, as one process.

It holds the lifecycle nodes `coordinator` and `skills`, each spun by a thread of its own, so that
a coordinator that hangs cannot keep the body from being held still. It ends with

- 0 after SIGINT or SIGTERM,
- `EX_CONFIG` (78) when a file or an argument is wrong: starting it again would not help,
- `EX_IOERR` (74) when its log cannot be used,
- `EX_SOFTWARE` (70) after an error that nobody foresaw: it is safe to start it again at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one robot until it is told to stop; returns the exit status."""
    # Importing takes a second: an interrupt meanwhile shall end it without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from rclpy.utilities import remove_ros_args

    from muster.core.types import ConfigurationError, StorageError
    from muster.ros.robot import Robot

    command_line = list(sys.argv if arguments is None else ['muster_robot', *arguments])
    try:
        own = remove_ros_args(command_line)[1:]
    except RuntimeError as error:  # all that rclpy raises here
        print(f'--ros-args: {error}', file=sys.stderr)
        return os.EX_CONFIG
    options = _parser().parse_args(own)
    try:
        robot = Robot(options.team, options.robot, options.data, command_line)
    except (ConfigurationError, StorageError) as error:
        print(error, file=sys.stderr)
        return os.EX_CONFIG if isinstance(error, ConfigurationError) else os.EX_IOERR
    return robot.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='muster_robot', description='Run one robot of a team.')
    parser.add_argument('--team', required=True, help='file, or name of one in config/teams')
    parser.add_argument('--robot', required=True, help='name of the robot in the team file')
    parser.add_argument(
        '--data', required=True, type=Path, help='folder for the logs of consensus, by robot'
    )
    return parser

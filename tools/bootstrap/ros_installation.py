"""What to do on a machine that has ROS 2: build with it, and leave the wheels alone.

Runs on Python 3.6 (see `__main__`).
"""

from typing import Mapping, Optional

OLDEST = 'jazzy'
ANYWAY = 'MUSTER_USE_WHEELS'
"""Set to 1 to use the wheels although another ROS 2 is sourced."""

BUILD = """\
This shell has ROS 2 {distro}, with which muster builds like any package. Nothing was installed.

    cd ros2_ws && colcon build
    source install/setup.bash
    ros2 launch muster team.launch.py

To use the wheels of ROS 2 from the package index instead, run the same command in a shell where
no ROS 2 is sourced, or with {anyway}=1."""
TOO_OLD = """\
This shell has ROS {distro}, and muster needs ROS 2 {oldest} or later. Nothing was installed.

Source a later ROS 2; or use the wheels of ROS 2 from the package index: run the same command in a
shell where no ROS 2 is sourced, or with {anyway}=1."""


def advice(environ: Mapping[str, str]) -> Optional[str]:
    """Text for a person if this set-up is not for this shell, else None."""
    distro = environ.get('ROS_DISTRO', '')
    if not distro or environ.get(ANYWAY) == '1':
        return None
    # Distributions of ROS 2 are named in the order of the alphabet.
    is_too_old = distro < OLDEST or environ.get('ROS_VERSION') == '1'
    text = TOO_OLD if is_too_old else BUILD
    return text.format(distro=distro, oldest=OLDEST, anyway=ANYWAY)

"""Whether ROS 2 for Python and muster's own messages can be used."""

from __future__ import annotations

import importlib

from muster.cli.checkup.findings import Finding

NAME = 'interfaces'
MODULES = {
    'rclpy': 'ROS 2 for Python',
    'muster_msgs.msg': "muster's messages",
    'muster_msgs.srv': "muster's services",
    'muster_msgs.action': "muster's actions",
    'nav_msgs.msg': 'navigation messages',
    'sensor_msgs.msg': 'sensor messages',
}


def check_interfaces() -> Finding:
    """Import everything, and load the type support of a message of ours."""
    for module, meaning in MODULES.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            return Finding(
                NAME,
                False,
                f'{module} ({meaning}) cannot be imported: {error}',
                'run `make setup` in the checkout; on a machine with ROS 2, build with '
                '`cd ros2_ws && colcon build` and source its install/setup.bash',
            )
    try:
        messages = importlib.import_module('muster_msgs.msg')
        type(messages.Envelope).__import_type_support__()
    except Exception as error:
        return Finding(
            NAME,
            False,
            f'the type support of muster_msgs does not load: {error}',
            'the messages were built for another Python or ROS: run `make clean setup`',
        )
    return Finding(NAME, True, f'{len(MODULES)} packages import, type support loads')

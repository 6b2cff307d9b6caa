"""Tells the world what happened to this robot, numbered without gaps.

Both nodes of a robot tell events, on two threads, and a reader must be able to see that it has
missed one: so there is one publisher, and number and publication are one step.
"""

from __future__ import annotations

import threading

from muster_msgs.msg import Alert, Event
from rclpy.node import Node

from muster.core.coordinator.effects import Report, Warn
from muster.core.types import RobotId
from muster.ros import names, qos
from muster.ros.conversions import report_to_msg, warning_to_msg


class EventLog:
    """Events and alerts of one robot. Any thread.

    Parameters
    ----------
    node : owns the publishers and lends its clock.
    """

    def __init__(self, node: Node, robot: RobotId) -> None:
        self._node = node
        self._robot = robot
        self._events = node.create_publisher(Event, names.TEAM_EVENTS, qos.EVENTS)
        self._alerts = node.create_publisher(Alert, names.TEAM_ALERTS, qos.ALERTS)
        self._lock = threading.Lock()
        self._sequence = 0
        self._incarnation = 0

    def begin(self, incarnation: int) -> None:
        """A life of the robot begins, and with it the numbers; call it before the first event."""
        with self._lock:
            self._incarnation = incarnation
            self._sequence = 0

    def tell(self, report: Report) -> None:
        message = report_to_msg(report)
        message.robot = self._robot
        with self._lock:
            message.incarnation = self._incarnation
            self._sequence += 1
            message.sequence = self._sequence
            message.stamp = self._node.get_clock().now().to_msg()
            qos.try_publish(self._events, message)

    def warn(self, warning: Warn) -> None:
        """Raise or clear an alert."""
        stamp = self._node.get_clock().now().to_msg()
        qos.try_publish(self._alerts, warning_to_msg(warning, self._robot, stamp))

"""What a coordinator shows: its own status and diagnostics always, the team's status and the tasks
while it leads."""

from __future__ import annotations

import math
import os
import socket
from collections.abc import Callable

import msgspec
from diagnostic_msgs.msg import DiagnosticArray
from muster_msgs.msg import RobotStatus, TaskArray, TeamStatus
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from muster.core.coordinator.machine import Coordinator
from muster.core.coordinator.views import DiskView
from muster.core.types import Instant
from muster.ros import names, qos
from muster.ros.conversions import robot_view_to_msg, task_to_msg, team_view_to_msg, time_to_msg
from muster.ros.diagnostics import consensus_status
from muster.ros.mail import Mail

TEAM_PERIOD_S = 1.0
DIAGNOSTICS_PERIOD_S = 1.0
CHANGE_PERIOD_S = 0.1
"""Changes that come faster are published together."""


class Bulletin:
    """Call `publish` at every tick; it publishes what is due.

    Parameters
    ----------
    disk : measures the robot's log; asked a few times a second.
    """

    def __init__(
        self, node: LifecycleNode, status_period_s: float, disk: Callable[[], DiskView]
    ) -> None:
        self._node = node
        self._disk = disk
        self._status_period_s = status_period_s
        self._status = node.create_publisher(RobotStatus, names.STATUS, qos.STATE)
        self._team = node.create_publisher(TeamStatus, names.TEAM_STATUS, qos.STATE)
        self._tasks = node.create_publisher(TaskArray, names.TEAM_TASKS, qos.STATE)
        self._diagnostics = node.create_publisher(
            DiagnosticArray, names.DIAGNOSTICS, qos.DIAGNOSTICS
        )
        self._status_due = -math.inf
        self._diagnostics_due = -math.inf
        self._team_due = -math.inf
        self._change_due = -math.inf
        self._shown_revision = -1

    def destroy(self) -> None:
        for publisher in (self._status, self._team, self._tasks, self._diagnostics):
            self._node.destroy_publisher(publisher)

    def publish(self, machine: Coordinator, mail: Mail, now: Instant) -> None:
        if now.steady >= self._status_due:
            self._status_due = now.steady + self._status_period_s
            self._publish_status(machine, mail, now)
        if now.steady >= self._diagnostics_due:
            self._diagnostics_due = now.steady + DIAGNOSTICS_PERIOD_S
            self._publish_diagnostics(machine, now)
        if machine.revision != self._shown_revision and now.steady >= self._change_due:
            self._change_due = now.steady + CHANGE_PERIOD_S
            self._shown_revision = machine.revision
            self._publish_team(machine, now, has_changed=True)
        elif now.steady >= self._team_due:
            self._publish_team(machine, now, has_changed=False)

    def _publish_status(self, machine: Coordinator, mail: Mail, now: Instant) -> None:
        view = msgspec.structs.replace(
            machine.robot_view(now), groups=machine.group_views(now, self._disk())
        )
        message = robot_view_to_msg(view)
        message.stamp = time_to_msg(now.node)
        message.process_id = os.getpid()
        message.host = socket.gethostname()
        message.envelopes_sent = mail.sent
        message.envelopes_received = mail.received
        message.envelopes_dropped = mail.dropped
        qos.try_publish(self._status, message)

    def _publish_diagnostics(self, machine: Coordinator, now: Instant) -> None:
        groups = machine.group_views(now, self._disk())
        array = DiagnosticArray(
            header=Header(stamp=time_to_msg(now.node)),
            status=[consensus_status(machine.config.me, group) for group in groups],
        )
        qos.try_publish(self._diagnostics, array)

    def _publish_team(self, machine: Coordinator, now: Instant, has_changed: bool) -> None:
        self._team_due = now.steady + TEAM_PERIOD_S
        view = machine.team_view(now)
        if view is None:
            return
        stamp = time_to_msg(now.node)
        qos.try_publish(self._team, team_view_to_msg(view, stamp))
        if has_changed:
            tasks = TaskArray(
                stamp=stamp,
                leader=view.leader,
                term=view.term,
                log_index=machine.robot_view(now).applied_index,
                tasks=[task_to_msg(task) for task in machine.tasks()],
            )
            qos.try_publish(self._tasks, tasks)

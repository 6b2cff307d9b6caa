"""Listens to a team and keeps what it last said. Read-only: it publishes nothing.

Several robots may have led, and what they said last is still latched: the word of the highest term
counts, and within a term the furthest ledger position.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from muster_msgs import msg as ros
from rclpy.node import Node
from rclpy.qos import QoSProfile

from muster.core.coordinator.views import RobotView, TeamView
from muster.core.ledger.task import Task
from muster.core.types import Response, RobotId
from muster.dashboard.readings import (
    record_of_alert,
    record_of_event,
    robot_of,
    seconds,
    tasks_of,
    team_of,
)
from muster.invariants.record import Record
from muster.ros import names, qos
from muster.ros.conversions import response_from_msg


class TeamObserver:
    """What a team last said of itself.

    Parameters
    ----------
    node : the subscriptions are made on it; its callbacks must be spun by the caller.
    robots : robots to listen to from the start; others are added when the leader names them.
    """

    def __init__(
        self,
        node: Node,
        robots: Iterable[RobotId] = (),
    ) -> None:
        self.team: TeamView | None = None
        self.team_stamp = 0.0
        """[s] node clock of the newest team status."""
        self.tasks: tuple[Task, ...] = ()
        self.robots: dict[RobotId, RobotView] = {}
        self.heard_at: dict[RobotId, float] = {}
        """[s] own steady clock of each robot's newest status."""
        self.team_heard_at = 0.0
        """[s] own steady clock of the newest team status."""
        self._same_leader = 0
        self._tasks_version = (-1, -1)
        self._node = node
        self._on_record: list[Callable[[Record], None]] = []
        self._on_response: list[Callable[[Response, RobotId], None]] = []
        self._listening: set[RobotId] = set()
        topics: tuple[tuple[type, str, Callable[[Any], None], QoSProfile], ...] = (
            (ros.TeamStatus, names.TEAM_STATUS, self._hear_team, qos.STATE),
            (ros.TaskArray, names.TEAM_TASKS, self._hear_tasks, qos.STATE),
            (ros.Event, names.TEAM_EVENTS, self._hear_event, qos.EVENTS),
            (ros.Alert, names.TEAM_ALERTS, self._hear_alert, qos.ALERTS),
            (ros.TaskResponse, names.TASK_RESPONSES, self._hear_response, qos.REQUESTS),
        )
        for kind, topic, callback, quality in topics:
            node.create_subscription(kind, topic, callback, quality)
        for robot in robots:
            self._listen_to(robot)

    @property
    def is_current(self) -> bool:
        """The leader was heard twice in one term, so it is not the latched word of a former
        one."""
        return self._same_leader > 1

    @property
    def tasks_are_current(self) -> bool:
        """The tasks are those of the leader of the moment."""
        return (
            self.is_current and self.team is not None and self._tasks_version[0] >= self.team.term
        )

    def hear_records(self, listener: Callable[[Record], None]) -> None:
        """Have every event and alert handed on, in the order of arrival."""
        self._on_record.append(listener)

    def hear_responses(self, listener: Callable[[Response, RobotId], None]) -> None:
        """Have every answer to a request, whoever asked, handed on with the robot that
        answered."""
        self._on_response.append(listener)

    def _listen_to(self, robot: RobotId) -> None:
        if robot in self._listening:
            return
        self._listening.add(robot)
        self._node.create_subscription(
            ros.RobotStatus, f'/{robot}/{names.STATUS}', self._hear_robot, qos.STATE
        )

    def _hear_team(self, message: ros.TeamStatus) -> None:
        if self.team is not None and message.term < self.team.term:
            return
        is_same = self.team is not None and message.term == self.team.term
        self._same_leader = self._same_leader + 1 if is_same else 1
        self.team = team_of(message)
        self.team_stamp = seconds(message.stamp)
        self.team_heard_at = time.monotonic()
        for robot in self.team.robots:
            self._listen_to(robot.robot)

    def _hear_tasks(self, message: ros.TaskArray) -> None:
        version = (message.term, message.log_index)
        if version >= self._tasks_version:
            self._tasks_version = version
            self.tasks = tasks_of(message)

    def _hear_robot(self, message: ros.RobotStatus) -> None:
        known = self.robots.get(message.robot)
        if known is None or message.incarnation >= known.incarnation:
            self.robots[message.robot] = robot_of(message)
            self.heard_at[message.robot] = time.monotonic()

    def _hear_event(self, message: ros.Event) -> None:
        self._tell(record_of_event(message, time.monotonic()))

    def _hear_alert(self, message: ros.Alert) -> None:
        self._tell(record_of_alert(message, time.monotonic()))

    def _tell(self, record: Record) -> None:
        for listener in self._on_record:
            listener(record)

    def _hear_response(self, message: ros.TaskResponse) -> None:
        response = response_from_msg(message)
        for listener in self._on_response:
            listener(response, message.answered_by)

"""Asks all robots that can be found why a task is where it is.

Nobody need lead: any robot has the ledger. But the leader knows most, and a robot may lag behind,
so of several answers the best one counts.
"""

from __future__ import annotations

import time
from typing import Any

from muster_msgs.srv import ExplainTask
from rclpy.node import Node

from muster.core.types import TaskId

_KIND = 'muster_msgs/srv/ExplainTask'
LEADER_S = 2.0
"""[s] for which the leader's answer is waited for when others have answered."""


class Inquiry:
    """One question, put to each robot once; answers come in while the node is spun."""

    def __init__(self, node: Node, task_id: TaskId) -> None:
        self._node = node
        self._task_id = task_id
        self._clients: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._answers: list[ExplainTask.Response] = []
        self._answered_at = 0.0

    @property
    def robots(self) -> tuple[str, ...]:
        """Services that were found, by name."""
        return tuple(sorted(self._clients))

    @property
    def answer(self) -> ExplainTask.Response | None:
        """The best so far: the leader's, else that of whose ledger is furthest."""
        return max(self._answers, key=lambda one: (one.is_leader, one.applied_index), default=None)

    def is_over(self) -> bool:
        """Ask whoever has not been asked; whether there is an answer that will not get better."""
        self._ask()
        if not self._answers:
            return False
        return (
            any(one.is_leader for one in self._answers)
            or time.monotonic() - self._answered_at > LEADER_S
        )

    def _ask(self) -> None:
        for name, kinds in self._node.get_service_names_and_types():
            if name not in self._clients and _KIND in kinds:
                self._clients[name] = self._node.create_client(ExplainTask, name)
        for name, client in self._clients.items():
            if name not in self._asked and client.service_is_ready():
                self._asked.add(name)
                future = client.call_async(ExplainTask.Request(task_id=self._task_id))
                future.add_done_callback(self._take)

    def _take(self, future: Any) -> None:
        self._answered_at = self._answered_at or time.monotonic()
        self._answers.append(future.result())

"""Puts requests to the team, and failures to the simulator, over ROS."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from muster_msgs import msg as ros
from muster_msgs.srv import InjectFailure
from rclpy.node import Node

from muster.cli.request_desk import RequestDesk
from muster.core.types import Request, RobotId
from muster.ros import qos
from muster.ros.conversions import request_to_msg
from muster.ros.names import TASK_REQUESTS


class Requester:
    """Publishes what a desk says is due.

    Parameters
    ----------
    on_sent : called with each request that goes out, and whether it had gone out before.
    """

    def __init__(
        self,
        node: Node,
        desk: RequestDesk,
        on_sent: Callable[[Request, bool], None] = lambda request, is_repeat: None,
    ) -> None:
        self._desk = desk
        self._on_sent = on_sent
        self._publisher = node.create_publisher(ros.TaskRequest, TASK_REQUESTS, qos.REQUESTS)

    @property
    def listeners(self) -> int:
        """Robots that would hear a request now."""
        return int(self._publisher.get_subscription_count())

    def work(self) -> None:
        """Send what is due. Call it a few times a second."""
        for sending in self._desk.due(time.monotonic()):
            self._publisher.publish(request_to_msg(sending.request))
            self._on_sent(sending.request, sending.is_repeat)


@dataclass(frozen=True)
class Failure:
    """A failure to inject; see muster_msgs/InjectFailure for units."""

    robot: RobotId
    failure: str
    severity: float = 0.0
    direction: float = 0.0
    duration_s: float = 0.0
    joints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bite:
    """What became of an injected failure."""

    accepted: bool
    has_bitten: bool
    detail: str


class Injector:
    """Client of the simulator's service; answers come in through callbacks, while the node is
    spun."""

    def __init__(self, node: Node) -> None:
        self._client: Any = node.create_client(InjectFailure, '/sim/inject_failure')

    @property
    def is_ready(self) -> bool:
        """Whether a simulator offers the service."""
        return bool(self._client.service_is_ready())

    def inject(self, failure: Failure, on_answer: Callable[[Bite], None]) -> None:
        """Ask for a failure; `on_answer` is called once, unless the simulator dies."""
        request = InjectFailure.Request(
            robot=failure.robot,
            failure=failure.failure,
            severity=float(failure.severity),
            direction=float(failure.direction),
            duration_s=float(failure.duration_s),
            joints=list(failure.joints),
        )
        future = self._client.call_async(request)
        future.add_done_callback(lambda done: on_answer(_bite_of(done.result())))


def _bite_of(answer: InjectFailure.Response) -> Bite:
    return Bite(bool(answer.accepted), bool(answer.has_bitten), str(answer.detail))

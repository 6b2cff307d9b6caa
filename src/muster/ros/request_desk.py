"""Where operators' requests come in and the answers go out. Everybody hears a request; the leader
answers."""

from __future__ import annotations

from collections.abc import Callable

from muster_msgs.msg import TaskRequest, TaskResponse
from rclpy.lifecycle import LifecycleNode

from muster.core.coordinator.effects import Reply
from muster.core.types import Request, Response, RobotId
from muster.ros import names, qos
from muster.ros.conversions import request_from_msg, response_to_msg
from muster.ros.fuse import Fuse


class RequestDesk:
    """One robot's desk.

    Parameters
    ----------
    on_request : called with everything that is a request at all.
    is_leader : whether this robot speaks for the team at the moment.
    """

    def __init__(
        self,
        node: LifecycleNode,
        robot: RobotId,
        fuse: Fuse,
        on_request: Callable[[Request], None],
        is_leader: Callable[[], bool],
    ) -> None:
        self._node = node
        self._robot = robot
        self._on_request = on_request
        self._is_leader = is_leader
        self._responses = node.create_publisher(TaskResponse, names.TASK_RESPONSES, qos.REQUESTS)
        self._requests = node.create_subscription(
            TaskRequest, names.TASK_REQUESTS, fuse.guard(self._receive), qos.REQUESTS
        )

    def destroy(self) -> None:
        self._node.destroy_subscription(self._requests)
        self._node.destroy_publisher(self._responses)

    def reply(self, effect: Reply) -> None:
        """Publish an answer; an operator that misses it asks again."""
        qos.try_publish(self._responses, response_to_msg(effect.response, self._robot))

    def _receive(self, message: TaskRequest) -> None:
        request = request_from_msg(message)
        if not isinstance(request, str):
            self._on_request(request)
        elif self._is_leader():
            self.reply(Reply(Response(message.request_id, False, reason=request)))

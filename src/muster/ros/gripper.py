"""The gripper, behind its `grip` service (std_srvs/SetBool: true closes).

A skill says at every step what it wants; the service is called when that changes, and again when
no answer or a refusal has come back for a while.
"""

from __future__ import annotations

import math
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.task import Future
from std_srvs.srv import SetBool

from muster.ros import names
from muster.ros.steady import steady_now

RETRY_S = 0.5


class Gripper:
    """Asked on the skill server's thread."""

    def __init__(self, node: LifecycleNode) -> None:
        self._client: Any = node.create_client(SetBool, names.GRIP)
        self._wanted: bool | None = None
        self._is_done = True
        self._asked_at = -math.inf

    def want(self, is_closed: bool | None) -> None:
        """Close, open, or leave it; call it at every step."""
        if is_closed is None:
            return
        if is_closed is not self._wanted:
            self._wanted, self._is_done, self._asked_at = is_closed, False, -math.inf
        now = steady_now()
        if self._is_done or now - self._asked_at < RETRY_S or not self._client.service_is_ready():
            return
        self._asked_at = now
        answer: Future[SetBool.Response] = self._client.call_async(SetBool.Request(data=is_closed))
        answer.add_done_callback(lambda future: self._answered(is_closed, future))

    def insist(self) -> None:
        """Go on asking for what was last wanted and not done yet; call it between attempts."""
        self.want(self._wanted)

    def forget(self) -> None:
        """A new attempt has begun: what the last one wanted counts no more."""
        self._wanted = None

    def destroy(self) -> None:
        self._client.destroy()

    def _answered(self, is_closed: bool, answer: Future[SetBool.Response]) -> None:
        response = answer.result()
        if self._wanted is is_closed and response is not None and response.success:
            self._is_done = True

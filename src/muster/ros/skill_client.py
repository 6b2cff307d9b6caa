"""The coordinator's side of `execute_task`: starts and stops attempts, and learns what becomes of
them.

Whatever is started ends with exactly one `SkillEnded`, and not before the skill server has let go
of the body. A server that goes silent in the middle leaves the body in a state nobody knows; then
`SkillServerSilentError` ends the process, whose next incarnation may start from a body at rest.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from muster_msgs.action import ExecuteTask
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.lifecycle import LifecycleNode
from rclpy.task import Future

from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.coordinator.events import SkillEnded, SkillProgressed
from muster.core.types import MusterError, Outcome
from muster.ros import names
from muster.ros.conversions import spec_to_msg
from muster.ros.fuse import Fuse
from muster.ros.steady import steady_now

DISCOVERY_S = 5.0
"""How long a start waits for the skill server to appear."""
SILENCE_S = 10.0
"""The server tells of its progress at least every second."""


class SkillServerSilentError(MusterError):
    """The skill server accepted an attempt, or may have, and is not heard from any more."""


class Phase(enum.Enum):
    IDLE = 'idle'
    UNSENT = 'unsent'
    """The server has not been discovered yet."""
    OFFERED = 'offered'
    """Sent; neither accepted nor refused yet."""
    ACCEPTED = 'accepted'


class SkillClient:
    """At most one attempt at a time.

    Parameters
    ----------
    on_event : called with what becomes of attempts, never from within `start`.
    """

    def __init__(
        self,
        node: LifecycleNode,
        fuse: Fuse,
        on_event: Callable[[SkillProgressed | SkillEnded], None],
    ) -> None:
        self._client: Any = ActionClient(node, ExecuteTask, names.EXECUTE_TASK)
        self._fuse = fuse
        self._on_event = on_event
        self._phase = Phase.IDLE
        self._task: StartTask | None = None
        self._handle: ClientGoalHandle | None = None
        self._stop_reason = ''
        self._deadline = 0.0

    def start(self, effect: StartTask) -> None:
        """Take up an attempt; it is offered to the skill server by `tick`."""
        self._task = effect
        self._stop_reason = ''
        self._enter(Phase.UNSENT, DISCOVERY_S)

    def stop(self, effect: StopTask) -> None:
        """Have the attempt stopped, wherever it has come to."""
        if self._task is None or (self._task.task_id, self._task.attempt) != (
            effect.task_id,
            effect.attempt,
        ):
            return
        self._stop_reason = effect.reason
        if self._phase is Phase.ACCEPTED:
            self._cancel()

    def tick(self) -> None:
        """Offer what is unsent, and notice silence; call it several times a second.

        Raises
        ------
        SkillServerSilentError
            nothing is known about the body.
        """
        is_late = steady_now() > self._deadline
        if self._phase is Phase.UNSENT:
            if self._stop_reason:
                self._end(Outcome.STOPPED, self._stop_reason)
            elif self._client.server_is_ready():
                self._offer()
            elif is_late:
                self._end(Outcome.ROBOT_FAILED, 'the robot has no skill server')
        elif self._phase is not Phase.IDLE and is_late:
            raise SkillServerSilentError(
                f'the skill server has not been heard of for {SILENCE_S:.0f} s after attempt '
                f'{self._task.attempt if self._task else 0} was {self._phase.value}'
            )

    def destroy(self) -> None:
        self._client.destroy()

    def _enter(self, phase: Phase, patience_s: float) -> None:
        self._phase = phase
        self._deadline = steady_now() + patience_s

    def _offer(self) -> None:
        assert self._task is not None
        task = self._task
        goal = ExecuteTask.Goal(
            task_id=task.task_id, attempt=task.attempt, spec=spec_to_msg(task.spec)
        )
        self._enter(Phase.OFFERED, SILENCE_S)
        answer = self._client.send_goal_async(goal, self._fuse.guard(self._heard))
        answer.add_done_callback(self._fuse.guard(self._answered))

    def _answered(self, answer: Future[ClientGoalHandle]) -> None:
        handle = answer.result()
        if handle is None or not handle.accepted:
            self._end(Outcome.ROBOT_FAILED, 'the skill server refused the attempt')
            return
        self._handle = handle
        self._enter(Phase.ACCEPTED, SILENCE_S)
        handle.get_result_async().add_done_callback(self._fuse.guard(self._finished))
        if self._stop_reason:
            self._cancel()

    def _heard(self, feedback: ExecuteTask.Impl.FeedbackMessage) -> None:
        if self._task is None or self._phase is not Phase.ACCEPTED:
            return
        self._deadline = steady_now() + SILENCE_S
        news = feedback.feedback
        self._on_event(
            SkillProgressed(self._task.task_id, self._task.attempt, news.progress, news.activity)
        )

    def _finished(self, answer: Future[Any]) -> None:
        response = answer.result()
        if response is not None:
            result = response.result
            self._end(Outcome(min(result.outcome, max(Outcome))), result.detail)

    def _cancel(self) -> None:
        """Ask for the end; the attempt's own result tells when the body has come to it."""
        assert self._handle is not None
        self._handle.cancel_goal_async()

    def _end(self, outcome: Outcome, detail: str) -> None:
        assert self._task is not None
        task, self._task, self._handle = self._task, None, None
        self._phase = Phase.IDLE
        self._on_event(SkillEnded(task.task_id, task.attempt, outcome, detail))

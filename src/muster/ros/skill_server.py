"""The `execute_task` action, reduced to what a robot has: one body, at one attempt at a time.

It decides which goals are taken (fencing) and tells their clients what becomes of them. Stepping
the attempt is the business of the node, which asks for `execution` and answers with `tell`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from muster_msgs.action import ExecuteTask
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.lifecycle import LifecycleNode

from muster.core.types import ConfigurationError, Outcome
from muster.ros import names
from muster.ros.execution import Execution
from muster.ros.fencing import Fence
from muster.ros.fuse import Fuse
from muster.ros.steady import steady_now
from muster.runtime.skills import SkillStep

FEEDBACK_S = 0.25


class SkillServer:
    """One robot's server; everything happens on its node's executor.

    Parameters
    ----------
    begin : makes the execution of an accepted goal, or raises ConfigurationError when it cannot be
        performed.
    """

    def __init__(
        self,
        node: LifecycleNode,
        fuse: Fuse,
        begin: Callable[[ExecuteTask.Goal], Execution],
    ) -> None:
        self.is_open = False
        """Whether goals are taken."""
        self.execution: Execution | None = None
        """The attempt to be stepped."""
        self._fuse = fuse
        self._begin = begin
        self._fence = Fence()
        self._goal: ServerGoalHandle | None = None
        self._is_taken = False
        self._last_step = SkillStep()
        self._feedback_due = 0.0
        # rclpy's annotations name the message of another service here, and of feedback below.
        judge: Any = fuse.guard(self._judge)
        cancel: Any = fuse.guard(self._cancel)
        self._server = ActionServer(
            node,
            ExecuteTask,
            names.EXECUTE_TASK,
            fuse.guard(self._conclude),
            goal_callback=judge,
            handle_accepted_callback=fuse.guard(self._take_up),
            cancel_callback=cancel,
        )

    def destroy(self) -> None:
        self._server.destroy()

    def tell(self, step: SkillStep) -> None:
        """The execution has made a step. After one with an outcome it is forgotten."""
        if step.outcome is not None:
            self._finish(step)
        elif self._goal is not None and steady_now() >= self._feedback_due:
            self._feedback_due = steady_now() + FEEDBACK_S
            feedback: Any = ExecuteTask.Feedback(
                progress=float(step.progress), activity=step.activity
            )
            self._goal.publish_feedback(feedback)

    def _judge(self, goal: ExecuteTask.Goal) -> GoalResponse:
        if not self.is_open or self._is_taken:
            return GoalResponse.REJECT
        if not self._fence.admit(goal.task_id, goal.attempt):
            return GoalResponse.REJECT
        self._is_taken = True
        return GoalResponse.ACCEPT

    def _cancel(self, goal: ServerGoalHandle) -> CancelResponse:
        if self.execution is not None:
            self.execution.stop_reason = 'stopped by the coordinator'
        return CancelResponse.ACCEPT

    def _take_up(self, goal: ServerGoalHandle) -> None:
        self._goal = goal
        self._feedback_due = 0.0
        try:
            self.execution = self._begin(goal.request)
        except ConfigurationError as error:
            self._finish(SkillStep(outcome=Outcome.TASK_FAILED, detail=str(error)))

    def _finish(self, last: SkillStep) -> None:
        """Have the goal concluded. `execute` comes at the end of the work because rclpy wants the
        result from its callback, and polls one that awaits without pause.
        """
        assert self._goal is not None
        self.execution = None
        self._last_step = last
        self._goal.execute()

    def _conclude(self, goal: ServerGoalHandle) -> ExecuteTask.Result:
        last = self._last_step
        self._goal = None
        self._is_taken = False
        if goal.is_cancel_requested:
            goal.canceled()
        elif last.outcome is Outcome.SUCCEEDED:
            goal.succeed()
        else:
            goal.abort()
        return ExecuteTask.Result(outcome=int(last.outcome or 0), detail=last.detail)

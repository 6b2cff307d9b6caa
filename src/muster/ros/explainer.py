"""Where anybody can ask a robot why a task is where it is.

Every robot answers, from its own copy of the ledger: so there is an answer while any robot lives.
"""

from __future__ import annotations

from collections.abc import Callable

from muster_msgs.srv import ExplainTask
from rclpy.lifecycle import LifecycleNode

from muster.core.coordinator.machine import Coordinator
from muster.core.types import RobotId
from muster.ros import names
from muster.ros.conversions import explanation_to_msg
from muster.ros.fuse import Fuse


class Explainer:
    """One robot's service `explain_task`.

    Parameters
    ----------
    machine : gives the robot's coordinator; None until it has started.
    """

    def __init__(
        self,
        node: LifecycleNode,
        robot: RobotId,
        fuse: Fuse,
        machine: Callable[[], Coordinator | None],
    ) -> None:
        self._node = node
        self._robot = robot
        self._machine = machine
        fill = fuse.guard(self._fill)

        def answer(
            request: ExplainTask.Request, response: ExplainTask.Response
        ) -> ExplainTask.Response:
            fill(request, response)
            return response

        self._service = node.create_service(ExplainTask, names.EXPLAIN_TASK, answer)

    def destroy(self) -> None:
        self._node.destroy_service(self._service)

    def _fill(self, request: ExplainTask.Request, response: ExplainTask.Response) -> None:
        response.answered_by = self._robot
        machine = self._machine()
        if machine is None:
            return
        response.is_leader = machine.replica.is_leader
        response.applied_index = machine.replica.applied_index
        explanation = machine.explain(request.task_id)
        if explanation is not None:
            response.found = True
            response.explanation = explanation_to_msg(explanation)

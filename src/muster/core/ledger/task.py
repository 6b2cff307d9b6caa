"""A task as the ledger holds it, and the table of its life."""

from __future__ import annotations

import msgspec

from muster.core.types import RequestId, RobotId, TaskId, TaskSpec, TaskState

LIFE: dict[TaskState, frozenset[TaskState]] = {
    TaskState.PENDING: frozenset(
        {TaskState.AWARDED, TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED},
    ),
    TaskState.AWARDED: frozenset(
        {
            TaskState.EXECUTING,
            TaskState.PENDING,
            TaskState.DONE,
            TaskState.FAILED,
            TaskState.CANCELLED,
        },
    ),
    TaskState.EXECUTING: frozenset(
        {TaskState.DONE, TaskState.PENDING, TaskState.FAILED, TaskState.CANCELLED},
    ),
    TaskState.DONE: frozenset(),
    TaskState.FAILED: frozenset(),
    TaskState.CANCELLED: frozenset(),
}
"""Which state may follow which. AWARDED -> DONE is an attempt whose start was never recorded,
PENDING -> DONE work that a robot did while there was no leader to award it."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task. Times are node-clock seconds as stamped by the leader of the moment; 0 = never."""

    id: TaskId
    request_id: RequestId
    spec: TaskSpec
    state: TaskState = TaskState.PENDING
    attempt: int = 0
    """Fencing token: grows with every award."""
    robot: RobotId = ''
    award_reason: str = ''
    award_cost: float = 0.0
    failures: int = 0
    failed_on: tuple[RobotId, ...] = ()
    """Robots whose attempt failed: others are preferred next time."""
    detail: str = ''
    submitted_at: float = 0.0
    awarded_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0

    @property
    def is_held(self) -> bool:
        """Some robot has it."""
        return self.state in (TaskState.AWARDED, TaskState.EXECUTING)

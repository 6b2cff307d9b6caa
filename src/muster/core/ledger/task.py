"""A task as the ledger holds it, and the table of its life."""

from __future__ import annotations

import zlib

import msgspec

from muster.core.types import RequestId, RobotId, TaskId, TaskSpec, TaskState

LIFE: dict[TaskState, frozenset[TaskState]] = {
    TaskState.PENDING: frozenset(
        {TaskState.AWARDED, TaskState.FAILED, TaskState.CANCELLED, TaskState.DONE},
    ),
    TaskState.AWARDED: frozenset(
        {
            TaskState.AWARDED,
            TaskState.EXECUTING,
            TaskState.PENDING,
            TaskState.DONE,
            TaskState.FAILED,
            TaskState.CANCELLED,
        },
    ),
    TaskState.EXECUTING: frozenset(
        {
            TaskState.EXECUTING,
            TaskState.DONE,
            TaskState.PENDING,
            TaskState.FAILED,
            TaskState.CANCELLED,
        },
    ),
    TaskState.DONE: frozenset(),
    TaskState.FAILED: frozenset(),
    TaskState.CANCELLED: frozenset(),
}
"""Which state may follow which. AWARDED -> DONE is an attempt whose start was never recorded,
AWARDED -> AWARDED a trade between robots, PENDING -> DONE work done where no leader was."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One task. Times are node-clock seconds as stamped by the leader of the moment; 0 = never."""

    id: TaskId
    request_id: RequestId
    spec: TaskSpec
    state: TaskState = TaskState.PENDING
    attempt: int = 0
    """Fencing token: grows with every award, every trade, and every change of a task that
    waits."""
    robot: RobotId = ''
    """Who has it, or had it last; the first of a coalition."""
    crew: tuple[RobotId, ...] = ()
    """All robots of the present attempt, in the order of the task's roles."""
    rank: int = 0
    """Counts awards: every robot serves its coalitions in this order, so that no two wait for each
    other's members."""
    group: TaskId = ''
    """Tasks of one group set out together; named for its oldest task."""
    ready: tuple[RobotId, ...] = ()
    """Of a crew that sets out together: those that stand ready to."""
    ended: tuple[RobotId, ...] = ()
    """Of the crew: those whose body has certainly stopped working on the attempt."""
    trouble: str = ''
    """Why the attempt cannot go on; the crew stops, and when all have, it is over."""
    failed_by: RobotId = ''
    """The robot on which the task itself failed: that counts against `spec.retries`."""
    amended: TaskSpec | None = None
    """What the task will be once the present attempt is over."""
    avoid: tuple[RobotId, ...] = ()
    """Robots from which an operator took it."""
    backup: RobotId = ''
    """Who takes a critical task over, without another auction, should its robot fail."""
    award_reason: str = ''
    award_cost: float = 0.0
    account: bytes = b''
    """The bids behind the award, as the auctioneer encoded them."""
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

    @property
    def sets_out_together(self) -> bool:
        """Its robots begin at the same moment, with each other or with those of other tasks."""
        return len(self.crew) > 1 or bool(self.group)

    def is_at_work(self, robot: RobotId) -> bool:
        """Whether a robot holds the present attempt, and its body may be at it."""
        return self.is_held and robot in self.crew and robot not in self.ended


def digest(spec: TaskSpec) -> int:
    """Of what is asked for: tells a task from what it was before somebody amended it."""
    return zlib.crc32(_ENCODER.encode(spec))


_ENCODER = msgspec.msgpack.Encoder()

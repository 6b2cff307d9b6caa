"""What a coordinator wants done. The driver performs them in the order given.

Only `Persist` answers back, with the event `Persisted` (or `StorageFailed`). Whatever must wait
for the disk is simply not emitted before that event, so a driver may write and sync on another
thread while it goes on stepping.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from muster.core.allocation.problem import Problem
from muster.core.allocation.search import Plan
from muster.core.types import Response, RobotId, Severity, TaskId, TaskSpec


class Persist(msgspec.Struct, frozen=True):
    """Append the records to the log, sync it, then step `Persisted(sequence)`."""

    sequence: int
    records: tuple[bytes, ...]
    is_checkpoint: bool = False
    """`records` hold everything: once they are durable, older ones may be deleted. Until then, the
    older ones must stay; what is persisted later follows these."""


class Send(msgspec.Struct, frozen=True):
    """Send an envelope to one robot; it may be lost. An empty recipient means the whole squad."""

    recipient: RobotId
    kind: str
    payload: bytes


class StartTask(msgspec.Struct, frozen=True):
    """Have the skill server execute this attempt."""

    task_id: TaskId
    attempt: int
    spec: TaskSpec


class StopTask(msgspec.Struct, frozen=True):
    """Have the skill server stop this attempt and hold a safe posture; `SkillEnded` must
    follow."""

    task_id: TaskId
    attempt: int
    reason: str


class Reply(msgspec.Struct, frozen=True):
    """Publish the answer to an operator's request."""

    response: Response


class Report(msgspec.Struct, frozen=True):
    """Tell the world that something happened (muster_msgs/Event; the driver numbers it)."""

    kind: str
    severity: Severity = Severity.INFO
    task_id: TaskId = ''
    attempt: int = 0
    subject: RobotId = ''
    detail: str = ''
    data: dict[str, Any] = {}


class Warn(msgspec.Struct, frozen=True):
    """Raise or clear a latched alert for the operators (muster_msgs/Alert)."""

    code: str
    is_active: bool
    text: str
    is_critical: bool = False


class Note(msgspec.Struct, frozen=True):
    """Write a line into the robot's own log."""

    text: str


class Search(msgspec.Struct, frozen=True):
    """Look for a better plan, off the thread that steps the machine, then step `SearchEnded`.

    `muster.core.allocation.search.improve` does it; the driver says when the time is over.
    """

    number: int
    problem: Problem
    plan: Plan
    movable: NDArray[np.bool_]
    """(T,) tasks that may change place."""
    budget_s: float


Effect: TypeAlias = Persist | Send | StartTask | StopTask | Reply | Report | Warn | Note | Search

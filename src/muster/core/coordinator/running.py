"""The attempt that a robot's body is at."""

from __future__ import annotations

from dataclasses import dataclass

from muster.core.types import TaskId, TaskSpec


@dataclass
class Running:
    """The attempt that the body is at."""

    task_id: TaskId
    attempt: int
    spec: TaskSpec
    progress: float = 0.0
    activity: str = 'starting'
    has_begun: bool = False
    stopping_because: str = ''
    is_alone: bool = False
    """Won where nobody leads: the ledger does not know of it."""
    is_charging: bool = False
    """At a dock, by the robot's own decision."""

"""Fencing tokens: an attempt at a task is admitted once, and never after a later one."""

from __future__ import annotations

from muster.core.types import TaskId

CAPACITY = 10_000
"""Tasks remembered; far more than can be outstanding at a time."""


class Fence:
    """The newest attempt seen of each task, for the life of the process.

    A process that starts anew begins with none. It needs none either: the ledger gives attempts to
    an incarnation, and the coordinator of a new incarnation starts nothing that an old one was
    given.
    """

    def __init__(self) -> None:
        self._newest: dict[TaskId, int] = {}

    def admit(self, task_id: TaskId, attempt: int) -> bool:
        """Whether the attempt is newer than any seen of its task; it then counts as seen."""
        if attempt <= self._newest.get(task_id, 0):
            return False
        self._newest.pop(task_id, None)
        self._newest[task_id] = attempt
        if len(self._newest) > CAPACITY:
            del self._newest[next(iter(self._newest))]
        return True

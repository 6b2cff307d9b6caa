"""What this robot has to tell its leader about its attempts, repeated until the ledger shows it.

A claim is safe to repeat, to any leader: the ledger takes it only while the attempt is still this
robot's.
"""

from __future__ import annotations

import math

from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.wire import ClaimMade
from muster.core.ledger.commands import Claim, EndTask
from muster.core.ledger.ledger import Ledger
from muster.core.types import RobotId, TaskId, TaskState

REPEAT_S = 0.5


class Claims:
    """Claims under way, at most one of each kind per attempt."""

    def __init__(self, me: RobotId, ledger: Ledger, outbox: Outbox) -> None:
        self._me = me
        self._ledger = ledger
        self._outbox = outbox
        self._open: dict[tuple[TaskId, int, type[Claim]], Claim] = {}
        self._due = -math.inf

    def make(self, claim: Claim) -> None:
        """Take up a claim, unless one of its kind is under way for the attempt."""
        key = (claim.task_id, claim.attempt, type(claim))
        if key not in self._open and self._is_open(claim):
            self._open[key] = claim
            self._due = -math.inf

    def has_ended(self, task_id: TaskId, attempt: int) -> bool:
        """The attempt is over here, though the ledger may not show it yet."""
        return (task_id, attempt, EndTask) in self._open

    def hurry(self) -> None:
        """There is a new leader: tell it at once."""
        self._due = -math.inf

    def tick(self, leader: RobotId, now: float) -> None:
        """Drop what the ledger shows, and tell the leader the rest if it is time."""
        if not self._open:
            return
        self._open = {key: claim for key, claim in self._open.items() if self._is_open(claim)}
        if leader and now >= self._due:
            self._due = now + REPEAT_S
            for claim in self._open.values():
                self._outbox.send(leader, ClaimMade(claim))

    def next_tick(self) -> float:
        return self._due if self._open else math.inf

    def _is_open(self, claim: Claim) -> bool:
        """The ledger still waits for it."""
        if not self._ledger.holds(self._me, claim.task_id, claim.attempt):
            return False
        is_awarded = self._ledger.tasks[claim.task_id].state is TaskState.AWARDED
        return is_awarded or isinstance(claim, EndTask)

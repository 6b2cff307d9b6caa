"""What this robot has to tell its leader, repeated until the ledger shows it.

A claim is safe to repeat, to any leader: the ledger takes it only while it still fits.
"""

from __future__ import annotations

import math
from typing import TypeAlias

from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.together import is_complete
from muster.core.coordinator.wire import ClaimMade
from muster.core.ledger.commands import (
    BeginTask,
    Claim,
    CreditTask,
    EndTask,
    LeaveDock,
    QueueForDock,
    ReadyForTask,
)
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import digest
from muster.core.types import RobotId, TaskId, TaskState

REPEAT_S = 0.5
_Key: TypeAlias = tuple[type, str, int]


class Claims:
    """Claims under way, at most one of each kind per attempt or dock."""

    def __init__(self, me: RobotId, ledger: Ledger, outbox: Outbox) -> None:
        self._me = me
        self._ledger = ledger
        self._outbox = outbox
        self._open: dict[_Key, Claim] = {}
        self._due = -math.inf

    def make(self, claim: Claim) -> None:
        """Take up a claim, unless it is under way or the ledger has no use for it."""
        key = _key(claim)
        if key not in self._open and self._is_open(claim):
            if isinstance(claim, ReadyForTask):
                self.withdraw(ReadyForTask)
            self._open[key] = claim
            self._due = -math.inf

    def has_ended(self, task_id: TaskId, attempt: int) -> bool:
        """The attempt is over here, though the ledger may not show it yet."""
        return (EndTask, task_id, attempt) in self._open

    def is_getting_ready(self, task_id: TaskId, attempt: int) -> bool:
        """This robot has promised to wait for the others."""
        return (ReadyForTask, task_id, attempt) in self._open

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

    def withdraw(self, kind: type[Claim]) -> None:
        """Say no more of this kind; it may have been heard."""
        self._open = {key: claim for key, claim in self._open.items() if key[0] is not kind}

    def _is_open(self, claim: Claim) -> bool:
        """The ledger still waits for it."""
        ledger = self._ledger
        match claim:
            case QueueForDock(dock=dock):
                return ledger.turn_at(dock, self._me) is None
            case LeaveDock(dock=dock, number=number):
                turn = ledger.turn_at(dock, self._me)
                return turn is not None and turn.number == number
            case CreditTask(task_id=task_id):
                task = ledger.tasks.get(task_id)
                if task is None or task.state.is_final:
                    return False
                return claim.spec in (0, digest(task.spec))
            case EndTask():
                return ledger.holds(self._me, claim.task_id, claim.attempt)
            case BeginTask():
                return self._is_awarded(claim.task_id, claim.attempt)
            case ReadyForTask():
                if not self._is_awarded(claim.task_id, claim.attempt):
                    return False
                task = ledger.tasks[claim.task_id]
                return self._me not in task.ready and is_complete(ledger, task)
        raise AssertionError(f'no rule for {claim}')

    def _is_awarded(self, task_id: TaskId, attempt: int) -> bool:
        """The attempt is this robot's, and nothing has been heard of its beginning."""
        return (
            self._ledger.holds(self._me, task_id, attempt)
            and self._ledger.tasks[task_id].state is TaskState.AWARDED
        )


def _key(claim: Claim) -> _Key:
    match claim:
        case QueueForDock(dock=dock):
            return type(claim), dock, 0
        case LeaveDock(dock=dock, number=number):
            return type(claim), dock, number
        case CreditTask(task_id=task_id):
            return type(claim), task_id, 0
        case _:
            return type(claim), claim.task_id, claim.attempt

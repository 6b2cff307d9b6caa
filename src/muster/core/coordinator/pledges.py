"""Tasks that this robot has promised not to begin, because they may be about to change hands.

A trade takes a task from a robot that has not begun it. Were the robot free to begin it while the
trade is being agreed, two bodies could be at it (invariant I1). So whoever says yes to a trade
leaves its tasks alone until it knows that the trade is over: the ledger shows it, or the leader
says that it is settled, or an entry of a later term has been applied. After such an entry no entry
of the earlier term can come any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from muster.core.membership.messages import Grant
from muster.core.types import TaskId


@dataclass(frozen=True)
class _Pledge:
    term: int
    trade: int
    tasks: frozenset[tuple[TaskId, int]]


class Pledges:
    """One robot's promises."""

    def __init__(self) -> None:
        self._open: list[_Pledge] = []
        self._settled: list[Grant] = []

    def give(self, term: int, trade: int, tasks: Collection[tuple[TaskId, int]]) -> None:
        """Promise to leave attempts alone until the trade is over."""
        self._open.append(_Pledge(term, trade, frozenset(tasks)))

    def binds(self, task_id: TaskId, attempt: int) -> bool:
        """Whether the attempt must not be begun."""
        return any((task_id, attempt) in pledge.tasks for pledge in self._open)

    def granted(self, grant: Grant) -> None:
        """The leader tells which trades are settled, as of some entry of the ledger."""
        if self._open:
            self._settled.append(grant)

    def applied(self, index: int, term: int) -> None:
        """The ledger has been applied up to an entry of a term."""
        if not self._open:
            return
        over = [grant for grant in self._settled if grant.commit_index <= index]
        self._settled = [grant for grant in self._settled if grant.commit_index > index]
        self._open = [
            pledge
            for pledge in self._open
            if pledge.term >= term
            and not any(
                grant.term == pledge.term and grant.settled_trade >= pledge.trade for grant in over
            )
        ]
        if not self._open:
            self._settled.clear()

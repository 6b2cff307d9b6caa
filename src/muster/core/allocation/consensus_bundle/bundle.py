"""One robot's bundle: the tasks it means to do, in the order in which it chose them and in the
order in which it will do them.

The bundle phase of the algorithm adds, again and again, the task with the best marginal score
among those where the robot's bid would win. What it bids is *warped*: never more than for any task
already in the bundle (Johnson, Choi and How, *The Role of Information Assumptions in
Decentralized Task Allocation*; and the same authors, *Allowing Non-Submodular Score Functions in
Distributed Task Allocation*, CDC 2012). So bids have diminishing marginal gains whatever
the score is, which is what agreement rests on; the choice among tasks still follows the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from muster.core.allocation.consensus_bundle.messages import NOBODY, Claim
from muster.core.types import RobotId, TaskId


class Price(NamedTuple):
    """What one more task is worth to a robot."""

    score: float
    """Marginal gain; a task is only bid for when it is positive."""
    position: int
    """Where it goes in the path."""


PriceTasks: TypeAlias = Callable[[Sequence[TaskId], Sequence[TaskId]], Sequence[Price | None]]
"""Prices each of some tasks as the next to be inserted into a path (ids in order; without a task
under way). None where the robot cannot do it. Must give the same answer to the same question until
`reprice` is called."""

MAX_PATHS_PRICED = 32
"""Paths whose prices are kept: a robot that loses and wins comes back to the same few."""


class Bundle:
    """Tasks chosen and not begun."""

    def __init__(self, me: RobotId, price: PriceTasks, capacity: int) -> None:
        self.path: list[TaskId] = []
        """In the order of work."""
        self._bids: dict[TaskId, float] = {}
        """In the order of choice."""
        self._me = me
        self._price = price
        self._capacity = capacity
        self._prices: dict[tuple[TaskId, ...], dict[TaskId, Price | None]] = {}

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._bids

    def __len__(self) -> int:
        return len(self._bids)

    @property
    def chosen(self) -> tuple[TaskId, ...]:
        """In the order of choice."""
        return tuple(self._bids)

    def forget_prices(self) -> None:
        """Tasks may cost something else from now on. Bids that were made stand."""
        self._prices.clear()

    def build(
        self, candidates: Sequence[TaskId], claims: Mapping[TaskId, Claim]
    ) -> list[tuple[TaskId, Claim]]:
        """Add tasks while there is room and a bid wins; returns the new claims."""
        made = []
        while len(self._bids) < self._capacity:
            found = self._best(candidates, claims)
            if found is None:
                break
            task_id, position, claim = found
            self.path.insert(position, task_id)
            self._bids[task_id] = claim.bid
            made.append((task_id, claim))
        return made

    def take_out(self, task_id: TaskId) -> None:
        """The task is under way, or over; what was chosen after it stays."""
        del self._bids[task_id]
        self.path.remove(task_id)

    def truncate(self, lost: Iterable[TaskId]) -> list[TaskId]:
        """Give up lost tasks, and whatever was chosen after the first of them: its bids rested on
        a path that is no more. Returns all that was given up."""
        gone = set(lost)
        chosen = list(self._bids)
        first = next((number for number, one in enumerate(chosen) if one in gone), None)
        if first is None:
            return []
        given_up = chosen[first:]
        for task_id in given_up:
            self.take_out(task_id)
        return given_up

    def _best(
        self, candidates: Sequence[TaskId], claims: Mapping[TaskId, Claim]
    ) -> tuple[TaskId, int, Claim] | None:
        """The task with the best score among those that a bid would win; of equals, the first."""
        cap = min(self._bids.values(), default=math.inf)
        best_score = 0.0
        best: tuple[TaskId, int, Claim] | None = None
        for task_id, price in self._priced(candidates).items():
            if price is None or task_id in self._bids or not price.score > best_score:
                continue
            claim = Claim(self._me, min(price.score, cap))
            if claim.outbids(claims.get(task_id, NOBODY)):
                best_score = price.score
                best = (task_id, price.position, claim)
        return best

    def _priced(self, candidates: Sequence[TaskId]) -> dict[TaskId, Price | None]:
        path = tuple(self.path)
        if path not in self._prices and len(self._prices) >= MAX_PATHS_PRICED:
            del self._prices[next(iter(self._prices))]
        known = self._prices.setdefault(path, {})
        asked = [one for one in candidates if one not in known and one not in self._bids]
        if asked:
            known.update(zip(asked, self._price(path, asked), strict=True))
        return {one: known[one] for one in candidates if one in known}

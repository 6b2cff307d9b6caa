"""The leader's side: one auction from its call to its awards.

It closes as soon as every live robot has answered, and at the latest when the time for bids is
over. Each robot wins at most one task in an auction, because its marginal costs hold for the
schedule it bid with; the others are offered again at once (sequential single-item auctions; Koenig
et al., *The Power of Sequential Single-Item Auctions*, AAAI 2006, here with several items a
round).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from muster.core.allocation.messages import Bid, Bids, Lot
from muster.core.types import RobotId, TaskId


@dataclass(frozen=True)
class Winner:
    """One task and the robot that does it, with the reason in words."""

    task_id: TaskId
    robot: RobotId
    cost: float
    reason: str


@dataclass
class Auction:
    """Bids as they come in."""

    number: int
    lots: tuple[Lot, ...]
    invited: frozenset[RobotId]
    closes_at: float
    """[s] steady: the latest moment."""
    answers: dict[RobotId, Bids] = field(default_factory=dict)

    def answer(self, robot: RobotId, bids: Bids) -> None:
        """Take a robot's bids; a robot that was not invited, or answers another call, is
        ignored."""
        if robot in self.invited and bids.auction == self.number:
            self.answers.setdefault(robot, bids)

    def is_over(self, alive: Collection[RobotId], now: float) -> bool:
        """All invited robots that still live have answered, or the time is over."""
        waiting = (self.invited - self.answers.keys()) & set(alive)
        return not waiting or now >= self.closes_at

    def winners(self) -> tuple[Winner, ...]:
        """Award the lots, urgent ones first, each robot at most one."""
        offers = {robot: _by_task(answer) for robot, answer in self.answers.items()}
        return resolve(self.lots, offers)

    def refusals(self, task_id: TaskId) -> dict[RobotId, str]:
        """Why each robot would not take a task."""
        reasons = {}
        for robot, answer in sorted(self.answers.items()):
            offer = _by_task(answer).get(task_id)
            if offer is not None and offer.refusal:
                reasons[robot] = offer.refusal
        return reasons


def resolve(
    lots: Collection[Lot], offers: Mapping[RobotId, Mapping[TaskId, Bid]]
) -> tuple[Winner, ...]:
    """Match lots to robots: higher priority first, and within one priority the cheapest pair
    first.

    Ties go to the older task, then to the robot that sorts first, so that the same bids always
    give the same awards.
    """
    winners: list[Winner] = []
    free = set(offers)
    for priority in sorted({lot.spec.priority for lot in lots}, reverse=True):
        pairs = sorted(
            (offer.cost, order, robot)
            for order, lot in enumerate(lots)
            if lot.spec.priority == priority
            for robot in offers
            if (offer := offers[robot].get(lot.task_id)) is not None and not offer.refusal
        )
        ordered = list(lots)
        taken: set[int] = set()
        for cost, order, robot in pairs:
            if robot in free and order not in taken:
                free.discard(robot)
                taken.add(order)
                task_id = ordered[order].task_id
                winners.append(Winner(task_id, robot, cost, _reason(task_id, robot, offers)))
    return tuple(winners)


def _reason(
    task_id: TaskId, robot: RobotId, offers: Mapping[RobotId, Mapping[TaskId, Bid]]
) -> str:
    """Why this robot, in words that an operator can check."""
    won = offers[robot][task_id]
    others = sorted(
        (offer.cost, name)
        for name, bids in offers.items()
        if name != robot and (offer := bids.get(task_id)) is not None and not offer.refusal
    )
    text = f'done in {won.finish_s:.0f} s ({won.travel_m:.1f} m away'
    text += f', after {won.queued} other)' if won.queued else ', free)'
    if others:
        cost, name = others[0]
        text += f'; cost {won.cost:.0f} against {cost:.0f} for {name}'
    else:
        text += f'; cost {won.cost:.0f}, the only one able'
    return text


def _by_task(answer: Bids) -> dict[TaskId, Bid]:
    return {offer.task_id: offer for offer in answer.bids}

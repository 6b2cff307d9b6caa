"""The leader's side: one auction from its call to its result.

It closes as soon as every live robot has answered, and at the latest when the time for bids is
over. The bids say who can do what, and what it costs on top of each robot's present schedule; from
there on the leader inserts the tasks one after the other where the team's cost grows least, on the
robots' own cost models (sequential single-item auctions; Koenig et al., *The Power of Sequential
Single-Item Auctions*, AAAI 2006). So a robot may win many tasks in one auction.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, field

from muster.core.allocation.messages import Bid, Bids
from muster.core.types import RobotId, TaskId


class Answer(enum.Enum):
    """What became of a robot's bids."""

    TAKEN = 'taken'
    DOUBLE = 'double'
    """The robot has answered before: its first word stands."""
    STRAY = 'stray'
    """For another auction, from a robot that was not asked, or of another length than the call."""


@dataclass
class Auction:
    """Bids as they come in."""

    number: int
    lots: tuple[TaskId, ...]
    invited: frozenset[RobotId]
    closes_at: float
    """[s] steady: the latest moment."""
    passed_over: dict[RobotId, str] = field(default_factory=dict)
    """Why robots were not even asked."""
    answers: dict[RobotId, Bids] = field(default_factory=dict)
    doubles: int = 0

    def answer(self, robot: RobotId, bids: Bids) -> Answer:
        """Take a robot's bids."""
        if robot not in self.invited or bids.auction != self.number:
            return Answer.STRAY
        if len(bids.bids) != len(self.lots):
            return Answer.STRAY
        if robot in self.answers:
            self.doubles += 1
            return Answer.DOUBLE
        self.answers[robot] = bids
        return Answer.TAKEN

    def is_over(self, alive: Collection[RobotId], now: float) -> bool:
        """All invited robots that still live have answered, or the time is over."""
        waiting = (self.invited - self.answers.keys()) & set(alive)
        return not waiting or now >= self.closes_at

    def bids_on(self, task_id: TaskId) -> dict[RobotId, Bid]:
        """All answers about one lot, by robot."""
        place = self.lots.index(task_id)
        return {robot: self.answers[robot].bids[place] for robot in sorted(self.answers)}

    def refusals(self, task_id: TaskId) -> dict[RobotId, str]:
        """Why robots would not take a lot."""
        return {robot: bid.refusal for robot, bid in self.bids_on(task_id).items() if bid.refusal}

    def objections(self, task_id: TaskId) -> dict[RobotId, str]:
        """What ruled robots out for a lot: their own words, or why they were not asked."""
        return {**self.passed_over, **self.refusals(task_id)}

    @property
    def silent(self) -> tuple[RobotId, ...]:
        """Who was asked and has not answered."""
        return tuple(sorted(self.invited - self.answers.keys()))

"""What auctions and trades say.

Tasks are named by their ids alone: every robot has the ledger, and answers once its copy is as far
as the leader's was.
"""

from __future__ import annotations

import msgspec

from muster.core.types import Outlook, RobotId, RobotReport, TaskId

CENT = 0.01
"""[cost units] in which bids are told: small whole numbers take few bytes."""


class RobotModel(msgspec.Struct, frozen=True, kw_only=True):
    """What a leader must know of a robot to plan for it, beside what the team's configuration
    says."""

    robot: RobotId
    report: RobotReport
    outlook: Outlook


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """The leader asks for bids."""

    auction: int
    """Number of the auction in the leader's term."""
    term: int
    at: float
    """[s] the leader's node time, so that all bidders plan from the same moment."""
    commit_index: int
    """Bidders answer once they have applied this much: else they would bid without the work they
    just won, or on tasks that they do not know."""
    lots: tuple[TaskId, ...]


class Bid(msgspec.Struct, frozen=True, array_like=True):
    """What one task would cost one robot; without terms when it cannot do it."""

    terms: tuple[int, ...] = ()
    """[cents of a cost unit] the marginal cost, by `Term`."""
    refusal: str = ''
    role: int = 0
    """Of a coalition: bit n is set if the robot could take role n."""
    extra: dict[str, float] = {}
    """[cost units] what only the robot knows of, by name; their sum is in the terms."""

    @property
    def cost(self) -> float:
        """[cost units] on top of the robot's present schedule."""
        return CENT * sum(self.terms)


class Bids(msgspec.Struct, frozen=True, kw_only=True):
    """A robot's answer to a call: a bid on every lot, in the order of the call."""

    auction: int
    term: int
    outlook: Outlook
    bids: tuple[Bid, ...]


class TradeAsk(msgspec.Struct, frozen=True, kw_only=True):
    """The leader asks a robot whether tasks may change hands."""

    trade: int
    """Number of the trade in the leader's term."""
    term: int
    commit_index: int
    """Answered once this much is applied."""
    gives: tuple[tuple[TaskId, int], ...] = ()
    """Tasks and attempts that the robot would lose."""
    takes: tuple[tuple[TaskId, float], ...] = ()
    """Tasks that it would get, with what the leader takes its private cost of them to be."""


class TradeReply(msgspec.Struct, frozen=True, kw_only=True):
    """The robot's word. Having said yes, it begins none of what it would lose until it knows that
    the trade is over."""

    trade: int
    term: int
    refusal: str = ''
    """Empty means yes."""
    private: tuple[tuple[TaskId, float], ...] = ()
    """[cost units] what the tasks that it would get really cost it, beside what the leader
    knows."""

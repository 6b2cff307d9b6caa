"""What an auction says."""

from __future__ import annotations

import msgspec

from muster.core.types import RobotId, TaskId, TaskSpec


class Lot(msgspec.Struct, frozen=True):
    """A task on offer."""

    task_id: TaskId
    spec: TaskSpec
    """Without its parameters: they are for the skill, and may be large."""
    failed_on: tuple[RobotId, ...] = ()


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """The leader asks for bids."""

    auction: int
    """Number of the auction in the leader's term."""
    term: int
    at: float
    """[s] the leader's node time, so that all bidders plan from the same moment."""
    commit_index: int
    """Bidders answer once they have applied this much: else they would bid without the work they
    just won."""
    lots: tuple[Lot, ...]


class Bid(msgspec.Struct, frozen=True, kw_only=True):
    """What one task would cost one robot; all zero but `refusal` when it cannot do it."""

    task_id: TaskId
    cost: float = 0.0
    """[s] marginal: own finish time, plus delay to others in the schedule, plus energy in
    seconds."""
    finish_s: float = 0.0
    """[s] from the call until it would be done."""
    travel_m: float = 0.0
    """[m] on the way to and between its stops."""
    queued: int = 0
    """Tasks that would be done before it."""
    refusal: str = ''


class Bids(msgspec.Struct, frozen=True, kw_only=True):
    """A robot's answer to a call: a bid on every lot."""

    auction: int
    term: int
    bids: tuple[Bid, ...]

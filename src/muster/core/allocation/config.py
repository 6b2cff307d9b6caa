"""How robots of a team move and what it costs them: the numbers that bids are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SkillProfile:
    """What tasks of one kind ask of any robot."""

    requires: tuple[str, ...] = ()
    """Capabilities, on top of those the task itself names."""
    min_stops: int = 1
    max_stops: int = 1
    duration_s: float = 0.0
    """[s] work at the stops when the task does not say."""
    power_w: float = 0.0
    """[W] of that work, on top of standing."""


@dataclass(frozen=True)
class MotionProfile:
    """Measured averages; optimistic ones make robots promise what they cannot keep."""

    speed: float = 0.5
    """[m/s] along the roadmap, turns and stops included."""
    battery_j: float = 3.0e6
    idle_w: float = 150.0
    walking_w: float = 350.0
    battery_reserve: float = 0.1
    """[0..1] no task is taken that would leave less."""


@dataclass(frozen=True)
class AuctionConfig:
    """How auctions run. Seconds, steady clock."""

    bid_timeout_s: float = 1.0
    """Longest wait for a live robot's bids; an auction closes sooner when all have answered."""
    retry_s: float = 1.0
    """Between auctions in which nobody could bid, unless something changed meanwhile."""
    schedule_capacity: int = 2
    """Tasks a robot may hold besides the one under way. More: better routes, and more to hand over
    when it fails."""
    lookahead_s: float = 60.0
    """A task that may not start for longer than this is not offered yet: it would only fill a
    schedule."""
    tasks_per_call: int = 32
    """Tasks announced at once; bounds the size of a message."""
    energy_weight: float = 0.002
    """[s/J] what energy is worth in time: 500 J count as one second."""

"""How robots of a team move and what it costs them: the numbers that bids are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from muster.core.types import ConfigurationError


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
    needs: Mapping[str, float] = field(default_factory=dict)
    """Least amounts, on top of those the task itself names."""


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
    charge_w: float = 0.0
    """[W] flowing into the battery at a dock; 0 for robots that cannot use docks."""
    charge_below: float = 0.3
    """[0..1] charge at which an idle robot goes to a dock. Higher: robots are ready for longer
    work, and docks are busier."""


@dataclass(frozen=True)
class AuctionConfig:
    """How auctions run. Seconds, steady clock."""

    bid_timeout_s: float = 1.0
    """Longest wait for a live robot's bids; an auction closes sooner when all have answered."""
    retry_s: float = 1.0
    """Between auctions in which nobody could bid, unless something changed meanwhile."""
    schedule_capacity: int = 8
    """Tasks a robot may hold besides the one under way. More: better routes, and more to hand over
    when it fails."""
    lookahead_s: float = 60.0
    """A task that may not start for longer than this is not offered yet: it would only fill a
    schedule."""
    tasks_per_call: int = 64
    """Tasks announced at once; bounds the size of a message."""
    energy_weight: float = 0.002
    """[s/J] what energy is worth in time: 500 J count as one second."""
    weight_sum: float = 0.0
    """Cost of each second of walking, working and charging, whoever spends it. Only this: least
    wear and energy, all work on few robots."""
    weight_max: float = 0.0
    """Cost of each second until the last task has ended. Only this: the team is done soonest."""
    weight_latency: float = 1.0
    """Cost of each second until a task has ended, for every task by its priority. Only this: tasks
    are done soonest on average."""
    duration_quantile: float = 0.8
    """Share of attempts that end within the time they are planned with, where a task states its
    spread. Lower: more promises are broken; higher: more deadlines are refused."""
    stability_s: float = 5.0
    """[s] a task must become cheaper by to be taken from the robot that has it. Smaller: plans
    change for nothing; larger: robots keep what others could do sooner."""
    trade_budget_s: float = 0.05
    """Longest search for a better distribution after an auction. Longer: better plans, later
    awards."""

    def __post_init__(self) -> None:
        weights = (self.weight_sum, self.weight_max, self.weight_latency)
        if not all(0 <= weight < math.inf for weight in weights) or not any(weights):
            raise ConfigurationError(
                f'the weights sum, max and latency are {weights}, but none may be negative, all '
                'must be finite, and one must be more than 0'
            )
        if not 0 < self.duration_quantile < 1:
            raise ConfigurationError(
                f'duration_quantile is {self.duration_quantile}, but must be between 0 and 1; '
                '0.5 plans with the mean'
            )

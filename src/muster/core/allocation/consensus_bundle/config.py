"""Constants of the bundle consensus."""

from __future__ import annotations

from dataclasses import dataclass

from muster.core.types import ConfigurationError


@dataclass(frozen=True)
class BundleConfig:
    """How often robots talk about their bundles, and when they believe each other. Seconds, steady
    clock."""

    round_s: float = 0.2
    """Longest silence of a robot. Longer: changes that were lost on the way are repeated later;
    shorter: more talk when there is nothing to say."""
    gap_s: float = 0.05
    """Shortest time between two messages of a robot. Longer: slower agreement; shorter: robots
    answer each other before they have heard everybody, and talk more."""
    expiry_s: float = 3.0
    """A robot of which nothing new was heard, from whomever, for this long has left: others may
    win what it won. Several round_s for each hop, or robots at the far end of a line come and
    go."""
    settle_rounds: int = 5
    """Rounds without a change before a robot begins a task, on top of all being of one mind. More:
    robots start later; fewer: they start before they have heard of a robot that has just come."""
    capacity: int = 2
    """Tasks in a bundle besides the one under way."""
    claims_per_message: int = 64
    """Bounds the size of a message: about 40 bytes each."""

    def __post_init__(self) -> None:
        if not 0 < self.gap_s <= self.round_s:
            raise ConfigurationError(
                f'gap_s is {self.gap_s}, but must be positive and at most round_s ({self.round_s})'
            )
        if self.expiry_s < 3 * self.round_s:
            raise ConfigurationError(
                f'expiry_s is {self.expiry_s}, but must be at least three times round_s '
                f'({self.round_s}), or two lost messages in a row count as a lost robot'
            )
        for name in ('settle_rounds', 'capacity', 'claims_per_message'):
            value = getattr(self, name)
            if value < 1:
                raise ConfigurationError(f'{name} is {value}, but must be at least 1')

"""Time constants of liveness and authority, and the one inequality that ties them together."""

from __future__ import annotations

from dataclasses import dataclass

from muster.core.types import ConfigurationError


@dataclass(frozen=True)
class MembershipConfig:
    """How robots tell the leader that they live, and how long its word holds. Seconds, steady
    clock."""

    report_s: float = 0.2
    """Between a robot's heartbeats to its leader."""
    detection_s: float = 1.5
    """Silence after which a robot is not waited for in auctions. Several report_s, or a lost
    message counts."""
    lease_s: float = 3.0
    """How long a robot may do exclusive work after the leader last heard from it. Smaller: work of
    a dead robot is re-awarded sooner; a short outage of the link stops the work."""
    clock_drift: float = 0.01
    """Most by which the rates of two robots' steady clocks may differ."""
    grace_s: float = 0.6
    """The time that a body needs to come to a stop, even if the process that commands it has died:
    more than the bodies' command timeout. The leader adds it to its wait, and a robot that has
    restarted is silent for as long before it takes part again."""
    quorum_window_s: float = 1.2
    """The leader grants a lease only if a quorum answered messages that it sent within this
    time."""

    def __post_init__(self) -> None:
        for name in ('report_s', 'quorum_window_s'):
            value = getattr(self, name)
            if value <= 0:
                raise ConfigurationError(f'{name} is {value}, but must be positive')
        if self.detection_s < 2 * self.report_s:
            raise ConfigurationError(
                f'detection_s is {self.detection_s}, but must be at least twice report_s '
                f'({self.report_s}), or one lost heartbeat counts as a lost robot'
            )
        if self.lease_s <= 2 * self.report_s:
            raise ConfigurationError(
                f'lease_s is {self.lease_s}, but must be more than twice report_s '
                f'({self.report_s})'
            )
        if self.grace_s < 0:
            raise ConfigurationError(f'grace_s is {self.grace_s}, but must not be negative')
        if not 0 <= self.clock_drift < 0.5:
            raise ConfigurationError(f'clock_drift is {self.clock_drift}, but must be in [0, 0.5)')

    @property
    def release_wait_s(self) -> float:
        """Silence after which a leader may take a robot's exclusive work away (invariants I1 and
        I6).

        A robot's lease ends `lease_s` after it sent the last heartbeat that any leader granted. A
        former leader may have granted until `quorum_window_s` after a quorum last stood behind it,
        which is the latest moment before the present leader could have been elected. Both clocks
        may drift.
        """
        slack = (1.0 + self.clock_drift) / (1.0 - self.clock_drift)
        return (self.lease_s + self.quorum_window_s) * slack + self.grace_s

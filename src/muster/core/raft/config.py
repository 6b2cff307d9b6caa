"""Time constants and limits of one Raft group."""

from __future__ import annotations

from dataclasses import dataclass

from muster.core.types import ConfigurationError, RobotId


@dataclass(frozen=True)
class RaftConfig:
    """One member's view of its group. Times in seconds of the steady clock."""

    me: RobotId
    voters: tuple[RobotId, ...]
    heartbeat_s: float = 0.1
    """Larger: slower to notice lost messages. Smaller: more talk. A sixth of election_min_s is
    usual."""
    election_min_s: float = 0.6
    """Smaller: a stalled process or a slow disk costs an election. Larger: failover takes
    longer."""
    election_max_s: float = 1.2
    """Timeouts are drawn between the two; the narrower the range, the likelier is a split vote."""
    max_append_bytes: int = 48_000
    """Entries sent in one message; at least one always goes. Keep it below the transport's
    limit."""

    def __post_init__(self) -> None:
        if self.me not in self.voters:
            raise ConfigurationError(
                f'raft: {self.me!r} is not among the voters {", ".join(self.voters)}'
            )
        if len(set(self.voters)) != len(self.voters):
            raise ConfigurationError('raft: a voter is named twice')
        if not 0 < self.heartbeat_s <= self.election_min_s / 2:
            raise ConfigurationError(
                f'heartbeat_s is {self.heartbeat_s}, but must be positive and at most half of '
                f'election_min_s ({self.election_min_s})'
            )
        if not self.election_min_s < self.election_max_s:
            raise ConfigurationError(
                f'election_max_s is {self.election_max_s}, but must be greater than '
                f'election_min_s ({self.election_min_s})'
            )

    @property
    def peers(self) -> tuple[RobotId, ...]:
        return tuple(voter for voter in self.voters if voter != self.me)

    @property
    def quorum(self) -> int:
        return len(self.voters) // 2 + 1

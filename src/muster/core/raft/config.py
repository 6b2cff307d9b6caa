"""Time constants and limits of one Raft group."""

from __future__ import annotations

from dataclasses import dataclass

from muster.core.raft.timing import LAN
from muster.core.types import ConfigurationError, RobotId


@dataclass(frozen=True)
class RaftConfig:
    """One member's view of its group. Times in seconds of the steady clock."""

    me: RobotId
    voters: tuple[RobotId, ...]
    """The members with which the group begins. Later ones are in the log, which then rules."""
    heartbeat_s: float = LAN.heartbeat_s
    """Larger: slower to notice lost messages. Smaller: more talk. At most half of election_min_s;
    a sixth rides out more losses."""
    commit_notice_s: float = 0.005
    """News of a commit waits so long for an append that would carry it. Smaller: a busy leader
    sends twice as many messages. Larger: followers apply, and robots learn of awards, later."""
    election_min_s: float = LAN.election_min_s
    """Smaller: a stalled process or a slow network costs an election. Larger: failover takes
    longer."""
    election_max_s: float = LAN.election_max_s
    """Timeouts are drawn between the two; the narrower the range, the likelier is a split vote."""
    clock_drift: float = 0.01
    """Most by which the rates of two members' steady clocks may differ; shortens lease reads."""
    max_append_bytes: int = 48_000
    """Entries sent in one message; at least one always goes. Keep it below the transport's
    limit."""
    max_inflight_bytes: int = 1_000_000
    """Entries on their way to one follower and not acknowledged; then the leader waits."""
    max_inflight_messages: int = 128
    """The same, in messages. Keep it below the depth of the transport's queues."""
    chunk_bytes: int = 32_000
    """Piece in which a snapshot is sent."""
    compact_every: int = 4096
    """Entries after which a snapshot takes the place of the log."""
    disk_stall_s: float = 1.0
    """A leader whose disk has not answered for so long hands over to a member that is up to
    date."""

    def __post_init__(self) -> None:
        if len(set(self.voters)) != len(self.voters):
            raise ConfigurationError('raft: a voter is named twice')
        if not self.voters:
            raise ConfigurationError('raft: a group begins with one voter at least')
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
        for name in (
            'max_append_bytes',
            'max_inflight_bytes',
            'max_inflight_messages',
            'chunk_bytes',
            'compact_every',
            'disk_stall_s',
            'commit_notice_s',
        ):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f'{name} is {getattr(self, name)}, but must be positive')

    @property
    def lease_s(self) -> float:
        """How long after a quorum's word no other leader can have been elected, on this clock."""
        return self.election_min_s * (1 - self.clock_drift) / (1 + self.clock_drift)

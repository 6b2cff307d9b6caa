"""What a leader knows of one follower, and how far ahead of the answers it sends."""

from __future__ import annotations

import enum
import math
from collections import deque
from dataclasses import dataclass, field

from muster.core.raft.messages import Snapshot


class Pace(enum.Enum):
    """How a follower is supplied (as in etcd's raft)."""

    PROBE = 'probe'
    """One message at a time, until it is known where the logs part."""
    STREAM = 'stream'
    """Entries go out as they come, up to a limit of what is on its way."""
    SNAPSHOT = 'snapshot'
    """It lacks entries that the leader's log no longer holds."""


@dataclass
class Progress:
    """One follower, or the leader itself (which is always up to date)."""

    next_index: int
    """The next entry to send."""
    match_index: int = 0
    """Durable there; only grows."""
    pace: Pace = Pace.PROBE
    is_waiting: bool = False
    """A probe or a chunk is out; the next heartbeat sends it again."""
    answered_at: float = -math.inf
    """Send time of the newest message that it has answered."""
    answered_round: int = 0
    """The newest message that it has answered."""
    told_commit: int = 0
    """The commit index that was last sent to it."""
    snapshot: Snapshot | None = None
    """The one being sent: not always the leader's newest, since a transfer that has begun goes on
    to its end."""
    snapshot_checksum: int = 0
    snapshot_offset: int = 0
    """How much of it has arrived."""
    _inflight: deque[tuple[int, int]] = field(default_factory=deque)
    """(last index, bytes) of each message of entries on its way."""
    _inflight_bytes: int = 0

    def sent(self, last_index: int, size: int) -> None:
        """Entries up to `last_index` have gone out."""
        if self.pace is Pace.STREAM:
            self.next_index = last_index + 1
            self._inflight.append((last_index, size))
            self._inflight_bytes += size
        else:
            self.is_waiting = True

    def has_room(self, max_messages: int, max_bytes: int) -> bool:
        """Whether more entries may be sent now."""
        if self.pace is not Pace.STREAM:
            return not self.is_waiting
        return len(self._inflight) < max_messages and self._inflight_bytes < max_bytes

    def accept(self, match_index: int) -> bool:
        """The follower holds everything up to `match_index`; returns whether that is news."""
        while self._inflight and self._inflight[0][0] <= match_index:
            self._inflight_bytes -= self._inflight.popleft()[1]
        is_news = match_index > self.match_index
        self.match_index = max(self.match_index, match_index)
        self.next_index = max(self.next_index, self.match_index + 1)
        is_installed = self.snapshot is not None and match_index >= self.snapshot.index
        if self.pace is Pace.PROBE or is_installed:
            self._enter(Pace.STREAM)
        return is_news

    def refuse(self, prev_index: int, retry_from: int) -> bool:
        """The follower lacks `prev_index`; returns False for an answer that is out of date."""
        if self.pace is Pace.SNAPSHOT or not self.match_index < prev_index < self.next_index:
            return False
        self.next_index = max(min(retry_from, prev_index), self.match_index + 1)
        self._enter(Pace.PROBE)
        return True

    def needs_snapshot(self, newest: Snapshot, checksum: int) -> None:
        """Start sending a snapshot, unless a part of one has arrived or is on its way."""
        if self.pace is not Pace.SNAPSHOT or not (self.snapshot_offset or self.is_waiting):
            self._enter(Pace.SNAPSHOT)
            self.snapshot, self.snapshot_checksum = newest, checksum

    def _enter(self, pace: Pace) -> None:
        self.pace = pace
        self.snapshot, self.snapshot_offset = None, 0
        self.is_waiting = False
        self._inflight.clear()
        self._inflight_bytes = 0

"""What a leader knows of one follower, and how far ahead of the answers it sends."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Progress:
    """A follower is *probed* (one message at a time) until it answers, then entries are *streamed*
    to it."""

    match_index: int = 0
    """Durable there; only grows."""
    next_index: int = 1
    """The next entry to send."""
    is_streaming: bool = False
    probe_is_out: bool = False
    """A probe waits for its answer; heartbeats repeat it, without its entries."""
    answered_at: float = -math.inf
    """Send time of the newest message that it has answered."""

    def accept(self, match_index: int) -> bool:
        """The follower holds everything up to `match_index`; returns whether that is news."""
        self.probe_is_out = False
        self.is_streaming = True
        is_news = match_index > self.match_index
        self.match_index = max(self.match_index, match_index)
        self.next_index = max(self.next_index, self.match_index + 1)
        return is_news

    def refuse(self, prev_index: int, retry_from: int) -> bool:
        """The follower lacks `prev_index`; returns False for an answer that is out of date."""
        if prev_index <= self.match_index or prev_index >= self.next_index:
            return False
        self.next_index = max(min(retry_from, prev_index), self.match_index + 1)
        self.is_streaming = False
        self.probe_is_out = False
        return True

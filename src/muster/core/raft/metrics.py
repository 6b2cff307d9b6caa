"""How a group fares, in numbers that an operator can act on."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

WINDOW = 1024


class LatencyWindow:
    """The latest `WINDOW` durations [s], and how many there ever were."""

    def __init__(self) -> None:
        self.count = 0
        self._latest: deque[float] = deque(maxlen=WINDOW)

    def add(self, duration_s: float) -> None:
        self.count += 1
        self._latest.append(duration_s)

    def percentile(self, share: float) -> float:
        """The duration that a share [0..1] of the latest do not exceed [s]; nan without any."""
        if not self._latest:
            return math.nan
        ordered = sorted(self._latest)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class GroupMetrics:
    """One member's share in one group, since its process began."""

    term: int
    role: str
    leader: str
    commit_index: int
    handed_out_index: int
    """Given to the state machine up to here."""
    last_index: int
    durable_index: int
    log_entries: int
    """In memory; older ones are in the snapshot."""
    log_bytes: int
    """Of those entries, about."""
    snapshot_index: int
    elections_stood: int
    terms_led: int
    snapshots_taken: int
    snapshots_installed: int
    commit_times: LatencyWindow
    """From proposal to commitment, measured by a leader."""
    write_times: LatencyWindow
    """From the decision to the durable record, queueing included."""
    oldest_write: float
    """When the oldest write that is not durable began [s, steady]; inf when all are."""

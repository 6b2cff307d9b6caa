"""How long something takes, lately: enough for a status page, at next to no cost."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class LatencySummary:
    """Of the newest durations; all nan where there are none."""

    count: int
    """Of all, ever, however few are summed up here."""
    p50_s: float
    p99_s: float
    max_s: float


class LatencyWindow:
    """The newest durations. Any thread may add, and any may ask.

    Parameters
    ----------
    size : how many are kept. Larger: steadier percentiles, which tell of trouble later.
    clock : [s] steady.
    """

    def __init__(self, size: int = 1024, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._durations: deque[tuple[float, float]] = deque(maxlen=size)
        """Each with the moment at which it ended."""

    def add(self, seconds: float) -> None:
        with self._lock:
            self._count += 1
            self._durations.append((self._clock(), seconds))

    def summary(self, within_s: float = math.inf) -> LatencySummary:
        """Of all that are kept, or of those that ended within so many seconds. Sorts them, so ask
        once a second rather than once a message."""
        with self._lock:
            count, kept = self._count, list(self._durations)
        since = self._clock() - within_s
        durations = sorted(seconds for ended_at, seconds in kept if ended_at >= since)
        if not durations:
            return LatencySummary(count, math.nan, math.nan, math.nan)
        return LatencySummary(
            count, _nearest_rank(durations, 0.50), _nearest_rank(durations, 0.99), durations[-1]
        )


def _nearest_rank(ascending: list[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed."""
    return ascending[math.ceil(share * len(ascending)) - 1]

"""How long something takes, lately: enough for a status page, at next to no cost."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class LatencySummary:
    """Of the newest durations; all 0 as long as there are none."""

    count: int
    """Of all, ever."""
    p50_s: float
    p99_s: float
    max_s: float


class LatencyWindow:
    """The newest durations. Any thread may add, and any may ask.

    Parameters
    ----------
    size : how many are kept. Larger: steadier percentiles, which tell of trouble later.
    """

    def __init__(self, size: int = 1024) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._durations: deque[float] = deque(maxlen=size)

    def add(self, seconds: float) -> None:
        with self._lock:
            self._count += 1
            self._durations.append(seconds)

    def summary(self) -> LatencySummary:
        """Sorts the window, so ask once a second rather than once a message."""
        with self._lock:
            count, durations = self._count, list(self._durations)
        if not durations:
            return LatencySummary(count, 0.0, 0.0, 0.0)
        durations.sort()
        return LatencySummary(
            count, _nearest_rank(durations, 0.50), _nearest_rank(durations, 0.99), durations[-1]
        )


def _nearest_rank(ascending: list[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed."""
    return ascending[math.ceil(share * len(ascending)) - 1]

"""Virtual time: what happens next. Ties are broken by the order of entry, so runs are
repeatable."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Agenda:
    """A queue of actions at virtual times, in seconds from the start of the run."""

    def __init__(self) -> None:
        self.now = 0.0
        self.count = 0
        """Actions performed so far."""
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._entered = 0

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Perform an action at a time; in the past means now."""
        self._entered += 1
        heapq.heappush(self._entries, (max(time, self.now), self._entered, action))

    def after(self, delay: float, action: Callable[[], None]) -> None:
        self.at(self.now + delay, action)

    def run(self, until: float) -> None:
        """Perform everything up to a time."""
        entries = self._entries
        while entries and entries[0][0] <= until:
            self.now, _, action = heapq.heappop(entries)
            self.count += 1
            action()
        self.now = until

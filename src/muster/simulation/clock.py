"""Clocks that are wrong: each robot has its own, with an offset and a rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from muster.core.types import Instant


@dataclass(frozen=True)
class Clock:
    """A robot's own idea of time, from virtual time."""

    offset_s: float
    rate: float
    skew_s: float = 0.0
    """Of the node clock."""
    since: float = -math.inf
    """Steady time from which on it has this rate."""
    before: Clock | None = None
    """How it ran until then."""

    def read(self, virtual: float) -> Instant:
        return Instant(self.steady(virtual), 1000.0 + virtual + self.skew_s)

    def steady(self, virtual: float) -> float:
        return self.offset_s + self.rate * virtual

    def when(self, steady: float) -> float:
        """Virtual time at which the steady clock shows `steady`."""
        if steady < self.since and self.before is not None:
            return self.before.when(steady)
        return (steady - self.offset_s) / self.rate

    def at_rate(self, rate: float, virtual: float) -> Clock:
        """This clock, going on at another rate from a moment on."""
        now = self.steady(virtual)
        return replace(self, offset_s=now - rate * virtual, rate=rate, since=now, before=self)

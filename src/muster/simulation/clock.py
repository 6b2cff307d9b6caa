"""Clocks that are wrong: each robot has its own, with an offset and a rate."""

from __future__ import annotations

from dataclasses import dataclass, replace

from muster.core.types import Instant


@dataclass(frozen=True)
class Clock:
    """A robot's own idea of time, from virtual time."""

    offset_s: float
    rate: float
    skew_s: float = 0.0
    """Of the node clock."""

    def read(self, virtual: float) -> Instant:
        return Instant(self.steady(virtual), 1000.0 + virtual + self.skew_s)

    def steady(self, virtual: float) -> float:
        return self.offset_s + self.rate * virtual

    def when(self, steady: float) -> float:
        """Virtual time at which the steady clock shows `steady`."""
        return (steady - self.offset_s) / self.rate

    def at_rate(self, rate: float, virtual: float) -> Clock:
        """This clock, going on at another rate from a moment on."""
        return replace(self, offset_s=self.steady(virtual) - rate * virtual, rate=rate)

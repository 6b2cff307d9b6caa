"""What a simulated body has left to go on."""

from __future__ import annotations

from muster.simulation.agenda import Agenda


class Battery:
    """A charge that sinks or rises steadily until something else is drawn.

    Parameters
    ----------
    capacity_j : [J] when full.
    level : [0..1] charge at the start.
    idle_w : [W] drawn when nothing is done.
    """

    def __init__(self, agenda: Agenda, capacity_j: float, level: float, idle_w: float) -> None:
        self.capacity_j = capacity_j
        self._agenda = agenda
        self._level = level
        self._idle_w = idle_w
        self._watts = idle_w
        self._since = agenda.now

    @property
    def level(self) -> float:
        """[0..1] at this moment."""
        spent_j = self._watts * (self._agenda.now - self._since)
        return min(1.0, max(0.0, self._level - spent_j / self.capacity_j))

    def draw(self, watts: float) -> None:
        """From now on, this much flows out; in, if negative."""
        self._level = self.level
        self._since = self._agenda.now
        self._watts = watts

    def rest(self) -> None:
        """From now on, the body stands."""
        self.draw(self._idle_w)

    def seconds_until(self, level: float, watts_in: float) -> float:
        """[s] of charging until a level is reached; 0 above it."""
        return max(0.0, level - self.level) * self.capacity_j / watts_in

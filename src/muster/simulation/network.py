"""A network that delays, loses, doubles and reorders messages, and can be cut.

Every fault counts what it did to messages, so that a run can tell whether its faults have bitten.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from muster.core.types import RobotId
from muster.simulation.agenda import Agenda
from muster.simulation.faults import BadWeather, DeafLink, Partition

LATENCY_S = (0.0005, 0.004)
"""In good weather."""


class Network:
    """Carries actions ("deliver this there") from robot to robot."""

    def __init__(self, agenda: Agenda, rng: random.Random, bites: Counter[str]) -> None:
        self._agenda = agenda
        self._rng = rng
        self._bites = bites
        self.partitions: list[Partition] = []
        self.deaf_links: list[DeafLink] = []
        self.weather: list[BadWeather] = []
        self._late_until = 0.0

    @property
    def is_calm(self) -> bool:
        """No bad weather, and nothing under way any more that it has delayed: an old heartbeat
        makes a dead robot look alive."""
        return not self.weather and self._agenda.now >= self._late_until

    def carry(self, sender: RobotId, recipient: RobotId, deliver: Callable[[], None]) -> None:
        """Deliver once, twice or never, after some time."""
        if self.is_cut(sender, recipient):
            return
        rng = self._rng
        delay = rng.uniform(*LATENCY_S)
        for storm in self.weather:
            if rng.random() < storm.loss:
                self._bites['messages lost'] += 1
                return
            if storm.delay_s:
                delay += rng.expovariate(1.0 / storm.delay_s)
                self._bites['messages delayed'] += 1
            if rng.random() < storm.duplication:
                self._bites['messages doubled'] += 1
                self._deliver(delay + rng.uniform(0.0, 2.0), deliver)
        self._deliver(delay, deliver)

    def _deliver(self, delay: float, deliver: Callable[[], None]) -> None:
        if delay > LATENCY_S[1]:
            self._late_until = max(self._late_until, self._agenda.now + delay)
        self._agenda.after(delay, deliver)

    def is_cut(self, sender: RobotId, recipient: RobotId) -> bool:
        """Whether messages that way are lost now."""
        for partition in self.partitions:
            if _is_parted(partition, sender, recipient):
                kind = 'one way' if partition.is_one_way else 'by a partition'
                kind = 'around a bridge' if partition.bridges else kind
                self._bites[f'messages cut {kind}'] += 1
                return True
        for link in self.deaf_links:
            if (link.sender, link.listener) == (sender, recipient):
                self._bites['messages cut on a deaf link'] += 1
                return True
        return False


def _is_parted(partition: Partition, sender: RobotId, recipient: RobotId) -> bool:
    is_inside = recipient in partition.side
    return (
        (sender in partition.side) != is_inside
        and (is_inside or not partition.is_one_way)
        and sender not in partition.bridges
        and recipient not in partition.bridges
    )

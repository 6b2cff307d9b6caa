"""A disk that keeps what was synced, and after a crash an arbitrary beginning of what was not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from muster.core.coordinator.effects import Persist
from muster.simulation.agenda import Agenda

SYNC_S = (0.0005, 0.012)


class Disk:
    """One robot's log. Outlives the robot's process."""

    def __init__(self, agenda: Agenda, rng: random.Random, bites: Counter[str]) -> None:
        self.records: list[bytes] = []
        """Durable, oldest first."""
        self.checkpoints = 0
        """How often a checkpoint has taken the place of all records."""
        self.is_broken = False
        """Refuses every write."""
        self.sync_s = 0.0
        """Extra time of a sync, while the disk is slow."""
        self._agenda = agenda
        self._rng = rng
        self._bites = bites
        self._writing: list[Persist] = []
        self._free_at = 0.0

    @property
    def is_writing(self) -> bool:
        """Something was written and is not synced yet."""
        return bool(self._writing)

    def write(
        self,
        effect: Persist,
        on_durable: Callable[[int], None],
        on_refused: Callable[[], None],
    ) -> None:
        """Append records; they are durable when `on_durable` is called, unless `crash` comes
        first."""
        self._writing.append(effect)
        delay = self._rng.uniform(*SYNC_S) + self.sync_s
        if self.sync_s:
            self._bites['slow syncs'] += 1
        self._free_at = max(self._free_at, self._agenda.now) + delay
        self._agenda.at(self._free_at, lambda: self._synced(effect, on_durable, on_refused))

    def crash(self) -> None:
        """Lose a random end of what was being written."""
        total = sum(len(effect.records) for effect in self._writing)
        kept = self._rng.randrange(total + 1)
        self._bites['unsynced records lost'] += total - kept
        for effect in self._writing:
            if effect.is_checkpoint and len(effect.records) > kept:
                break
            self._keep(effect, effect.records[:kept])
            kept -= len(effect.records[:kept])
        self._writing.clear()
        self._free_at = self._agenda.now

    def _synced(
        self,
        effect: Persist,
        on_durable: Callable[[int], None],
        on_refused: Callable[[], None],
    ) -> None:
        if self.is_broken:
            self._bites['writes refused'] += 1
            on_refused()
        elif self._writing and self._writing[0] is effect:
            self._keep(effect, self._writing.pop(0).records)
            on_durable(effect.sequence)

    def _keep(self, effect: Persist, records: tuple[bytes, ...]) -> None:
        if effect.is_checkpoint:
            self.records = list(records)
            self.checkpoints += 1
        else:
            self.records += records

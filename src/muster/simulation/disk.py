"""A disk that keeps what was synced, and after a crash an arbitrary beginning of what was not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from muster.simulation.agenda import Agenda

SYNC_S = (0.0005, 0.012)

Record = TypeVar('Record')
Written = TypeVar('Written', covariant=True)


class Write(Protocol[Written]):
    """Records that are synced together."""

    @property
    def sequence(self) -> int: ...

    @property
    def records(self) -> tuple[Written, ...]: ...

    @property
    def is_checkpoint(self) -> bool:
        """They take the place of everything before, or, if the crash comes first, of nothing."""


class Disk(Generic[Record]):
    """One robot's log. Outlives the robot's process."""

    def __init__(self, agenda: Agenda, rng: random.Random, bites: Counter[str]) -> None:
        self.records: list[Record] = []
        """Durable, oldest first."""
        self.checkpoints = 0
        """How often a checkpoint has taken the place of all records."""
        self.is_broken = False
        """Refuses every write."""
        self.sync_s = 0.0
        """Extra time of a sync, while the disk is slow."""
        self.held_until = 0.0
        """Syncs end no earlier: the disk hangs."""
        self.on_kept: Callable[[tuple[Record, ...]], None] = lambda records: None
        """Called with what has become durable."""
        self._agenda = agenda
        self._rng = rng
        self._bites = bites
        self._writing: list[Write[Record]] = []
        self._free_at = 0.0

    @property
    def is_writing(self) -> bool:
        """Something was written and is not synced yet."""
        return bool(self._writing)

    def write(
        self,
        effect: Write[Record],
        on_durable: Callable[[int], None],
        on_refused: Callable[[], None],
    ) -> None:
        """Append records; they are durable when `on_durable` is called, unless `crash` comes
        first."""
        self._writing.append(effect)
        delay = self._rng.uniform(*SYNC_S) + self.sync_s
        if self.sync_s:
            self._bites['slow syncs'] += 1
        if self.held_until > self._agenda.now:
            self._bites['syncs held up'] += 1
        self._free_at = max(self._free_at, self._agenda.now, self.held_until) + delay
        self._agenda.at(self._free_at, lambda: self._synced(effect, on_durable, on_refused))

    def crash(self) -> None:
        """Lose a random end of what was being written."""
        total = sum(len(effect.records) for effect in self._writing)
        kept = self._rng.randrange(total + 1)
        self._bites['unsynced records lost'] += total - kept
        for effect in self._writing:
            if effect.is_checkpoint and len(effect.records) > kept:
                break
            if 0 < kept < len(effect.records):
                self._bites['writes torn'] += 1
            self._keep(effect, effect.records[:kept])
            kept -= len(effect.records[:kept])
        self._writing.clear()
        self._free_at = self._agenda.now

    def _synced(
        self,
        effect: Write[Record],
        on_durable: Callable[[int], None],
        on_refused: Callable[[], None],
    ) -> None:
        if self.is_broken:
            self._bites['writes refused'] += 1
            on_refused()
        elif self._writing and self._writing[0] is effect:
            self._keep(effect, self._writing.pop(0).records)
            on_durable(effect.sequence)

    def _keep(self, effect: Write[Record], records: tuple[Record, ...]) -> None:
        if effect.is_checkpoint:
            self.records = list(records)
            self.checkpoints += 1
        else:
            self.records += records
        self.on_kept(records)

"""Writing as a driver does it: one sync at a time, and each for all that has come up meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from muster.core.raft import Record
from muster.simulation.disk import Disk


@dataclass(frozen=True)
class Batch:
    """Records that go to the disk together."""

    sequence: int
    records: tuple[Record, ...]
    is_checkpoint: bool


class GroupCommit:
    """The writes of one process.

    Parameters
    ----------
    on_durable : called with the sequence up to which all is durable; `go_on` is due then.
    on_refused : called when the disk refuses.
    """

    def __init__(
        self,
        disk: Disk[Record],
        on_durable: Callable[[int], None],
        on_refused: Callable[[], None],
    ) -> None:
        self._disk = disk
        self._on_durable = on_durable
        self._on_refused = on_refused
        self._waiting: list[Batch] = []

    def write(self, batch: Batch) -> None:
        self._waiting.append(batch)
        self.go_on()

    def go_on(self) -> None:
        """Hand over what waits, if the disk is free. A checkpoint goes alone."""
        if self._disk.is_writing or not self._waiting:
            return
        count = 1
        if not self._waiting[0].is_checkpoint:
            while count < len(self._waiting) and not self._waiting[count].is_checkpoint:
                count += 1
        together, self._waiting = self._waiting[:count], self._waiting[count:]
        records = tuple(record for one in together for record in one.records)
        batch = Batch(together[-1].sequence, records, together[0].is_checkpoint)
        self._disk.write(batch, self._on_durable, self._on_refused)

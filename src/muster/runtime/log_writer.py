"""Writes the log on a thread of its own, so that a slow disk stalls neither heartbeats nor the
robot's body.

Everything that is handed over while a sync is under way shares the next one (group commit): the
busier the robot, the fewer syncs per record.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

from muster.core.coordinator.effects import Persist
from muster.core.coordinator.events import Persisted, StorageFailed
from muster.core.types import StorageError
from muster.runtime.wal import WriteAheadLog

Outcome: TypeAlias = Persisted | StorageFailed


class LogWriter:
    """The thread that owns an open log.

    Parameters
    ----------
    log : belongs to the writer from now on; `stop` closes it.
    on_outcome : called on the writer's thread, with `Persisted` for the newest sequence of every
        sync, or once with `StorageFailed`; nothing is written or acknowledged after that.
    """

    def __init__(self, log: WriteAheadLog, on_outcome: Callable[[Outcome], None]) -> None:
        self._log = log
        self._on_outcome = on_outcome
        self._queue: list[Persist] = []
        self._is_stopping = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='log writer', daemon=True)
        self._thread.start()

    def submit(self, effect: Persist) -> None:
        """Queue records, in the order of their sequences. Returns at once, from any thread."""
        with self._wake:
            self._queue.append(effect)
            self._wake.notify()

    def stop(self, patience_s: float = 5.0) -> bool:
        """Write what is queued, then end. False when the disk still hangs after `patience_s`."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._write(batch)
                self._on_outcome(Persisted(batch[-1].sequence))
            self._log.close()
        except StorageError as error:
            self._log.close()
            self._on_outcome(StorageFailed(str(error)))

    def _write(self, batch: list[Persist]) -> None:
        """Write a batch with one sync; what comes before a checkpoint need not be written."""
        newest = max((at for at, one in enumerate(batch) if one.is_checkpoint), default=None)
        records = [record for one in batch[newest:] for record in one.records]
        if newest is None:
            self._log.append(records)
        else:
            self._log.checkpoint(records)

    def _next_batch(self) -> list[Persist]:
        """Everything that is queued; waits for something. Empty when the writer is to end."""
        if not self._queue:  # without the lock: at worst one seal too many
            self._log.seal()
        with self._wake:
            while not self._queue and not self._is_stopping:
                self._wake.wait()
            batch, self._queue = self._queue, []
            return batch

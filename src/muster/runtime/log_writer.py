"""Writes the log on a thread of its own, so that a slow disk stalls neither heartbeats nor the
robot's body.

Everything that is handed over while a sync is under way shares the next one (group commit): the
busier the robot, the fewer syncs per record.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeAlias

from muster.core.coordinator.effects import Persist
from muster.core.coordinator.events import Persisted, StorageFailed
from muster.core.types import StorageError
from muster.runtime.latency import LatencyWindow
from muster.runtime.wal import WriteAheadLog

PAUSE_S = 0.01
"""After so long without records the log is sealed."""

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
        self.sync_times = LatencyWindow()
        """From handing a batch to the operating system until it is durable."""
        self._log = log
        self._on_outcome = on_outcome
        self._queue: SimpleQueue[Persist | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name='log writer', daemon=True)
        self._thread.start()

    @property
    def bytes_on_disk(self) -> int:
        """Of all files of the log, zeros written ahead included."""
        return self._log.bytes_on_disk

    @property
    def segments(self) -> int:
        """How many files the log has."""
        return self._log.segments

    def submit(self, effect: Persist) -> None:
        """Queue records, in the order of their sequences. Returns at once, from any thread."""
        self._queue.put(effect)

    def stop(self, patience_s: float = 5.0) -> bool:
        """Write what is queued, then end. False when the disk still hangs after `patience_s`."""
        self._queue.put(None)
        self._thread.join(patience_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while batch := self._next_batch():
                self._write(batch)
                self._on_outcome(Persisted(batch[-1].sequence))
            self._log.close()
        except StorageError as error:
            self._on_outcome(StorageFailed(str(error)))
        except Exception as error:  # nobody must wait for ever for a thread that has ended
            self._on_outcome(StorageFailed(f'the log cannot be written: {error!r}'))
            raise
        finally:
            self._log.close()

    def _write(self, batch: list[Persist]) -> None:
        """Write a batch with one sync; what comes before a checkpoint need not be written."""
        newest = max((at for at, one in enumerate(batch) if one.is_checkpoint), default=None)
        records = [record for one in batch[newest:] for record in one.records]
        began = time.perf_counter()
        if newest is None:
            self._log.append(records)
        else:
            self._log.checkpoint(records)
        self.sync_times.add(time.perf_counter() - began)

    def _next_batch(self) -> list[Persist]:
        """Everything that is queued; waits for something. Empty when the writer is to end."""
        batch: list[Persist] = []
        effect = self._wait()
        while effect is not None:
            batch.append(effect)
            if self._queue.empty():
                return batch
            effect = self._queue.get()
        if batch:
            self._queue.put(None)
        return batch

    def _wait(self) -> Persist | None:
        """The next in the queue. A pause is used to seal the log, which would cost a busy robot
        time."""
        try:
            return self._queue.get(timeout=PAUSE_S)
        except Empty:
            self._log.seal()
            return self._queue.get()

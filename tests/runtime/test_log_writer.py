"""The log's thread: group commit, order, failure."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from muster.core.coordinator.effects import Persist
from muster.core.coordinator.events import Persisted, StorageFailed
from muster.core.types import StorageError
from muster.runtime.log_writer import LogWriter
from muster.runtime.wal import WriteAheadLog

PATIENCE_S = 10.0


class GatedLog(WriteAheadLog):
    """A log on a disk that syncs when told to, or refuses."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 'team/robot')
        self.began: queue.Queue[int] = queue.Queue()
        self.gate = threading.Semaphore(0)
        self.refuses = False

    def append(self, records: Sequence[bytes]) -> None:
        self.began.put(len(records))
        assert self.gate.acquire(timeout=PATIENCE_S)
        if self.refuses:
            raise StorageError('the disk refused')
        super().append(records)


def test_what_waits_for_a_sync_shares_the_next_one(tmp_path: Path) -> None:
    log = GatedLog(tmp_path)
    outcomes: queue.Queue[object] = queue.Queue()
    writer = LogWriter(log, outcomes.put)
    writer.submit(Persist(1, (b'a',)))
    assert log.began.get(timeout=PATIENCE_S) == 1
    for sequence in (2, 3, 4):
        writer.submit(Persist(sequence, (b'b', b'c')))
    assert outcomes.empty()
    log.gate.release()
    assert outcomes.get(timeout=PATIENCE_S) == Persisted(1)
    assert log.began.get(timeout=PATIENCE_S) == 6
    log.gate.release()
    assert outcomes.get(timeout=PATIENCE_S) == Persisted(4)
    assert writer.stop()
    with WriteAheadLog(tmp_path, 'team/robot') as again:
        assert again.read() == (b'a', *(b'b', b'c') * 3)


def test_stopping_writes_what_is_queued(tmp_path: Path) -> None:
    log = GatedLog(tmp_path)
    outcomes: queue.Queue[object] = queue.Queue()
    writer = LogWriter(log, outcomes.put)
    writer.submit(Persist(1, (b'a',)))
    log.began.get(timeout=PATIENCE_S)
    writer.submit(Persist(2, (b'b',)))
    log.gate.release(2)
    assert writer.stop()
    assert [outcomes.get_nowait(), outcomes.get_nowait()] == [Persisted(1), Persisted(2)]


def test_after_a_failure_nothing_is_acknowledged_any_more(tmp_path: Path) -> None:
    log = GatedLog(tmp_path)
    log.refuses = True
    outcomes: queue.Queue[object] = queue.Queue()
    writer = LogWriter(log, outcomes.put)
    writer.submit(Persist(1, (b'a',)))
    log.gate.release(3)
    assert outcomes.get(timeout=PATIENCE_S) == StorageFailed('the disk refused')
    log.refuses = False
    writer.submit(Persist(2, (b'b',)))
    assert writer.stop()
    with pytest.raises(queue.Empty):
        outcomes.get_nowait()


def test_a_hanging_disk_does_not_hang_the_robot(tmp_path: Path) -> None:
    log = GatedLog(tmp_path)
    writer = LogWriter(log, lambda outcome: None)
    writer.submit(Persist(1, (b'a',)))
    log.began.get(timeout=PATIENCE_S)
    writer.submit(Persist(2, (b'b',)))  # returns although the disk hangs
    assert not writer.stop(patience_s=0.05)
    log.gate.release(2)
    assert writer.stop()


def test_what_comes_before_a_checkpoint_in_a_batch_is_not_written(tmp_path: Path) -> None:
    log = GatedLog(tmp_path)
    outcomes: queue.Queue[object] = queue.Queue()
    writer = LogWriter(log, outcomes.put)
    writer.submit(Persist(1, (b'a',)))
    assert log.began.get(timeout=PATIENCE_S) == 1
    writer.submit(Persist(2, (b'b',)))
    writer.submit(Persist(3, (b'all',), is_checkpoint=True))
    writer.submit(Persist(4, (b'c',)))
    log.gate.release()
    assert outcomes.get(timeout=PATIENCE_S) == Persisted(1)
    assert outcomes.get(timeout=PATIENCE_S) == Persisted(4)
    assert writer.stop()
    with WriteAheadLog(tmp_path, 'team/robot') as again:
        assert again.read() == (b'all', b'c')


def test_syncs_are_timed_and_the_log_is_measured(tmp_path: Path) -> None:
    outcomes: queue.Queue[object] = queue.Queue()
    writer = LogWriter(WriteAheadLog(tmp_path, 'team/robot', segment_bytes=100), outcomes.put)
    assert writer.sync_times.summary().count == 0
    for sequence in (1, 2, 3):
        writer.submit(Persist(sequence, (b'x' * 80,)))
        assert outcomes.get(timeout=PATIENCE_S) == Persisted(sequence)
    assert writer.stop()
    summary = writer.sync_times.summary()
    assert summary.count == 3
    assert 0.0 < summary.p50_s <= summary.p99_s <= summary.max_s
    files = list(tmp_path.glob('*.wal'))
    assert writer.segments == len(files) > 1
    assert writer.bytes_on_disk == sum(path.stat().st_size for path in files)


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_a_writer_that_breaks_says_so(tmp_path: Path) -> None:
    class BrokenLog(WriteAheadLog):
        def append(self, records: Sequence[bytes]) -> None:
            raise MemoryError('too much')

    outcomes: queue.Queue[object] = queue.Queue()
    writer = LogWriter(BrokenLog(tmp_path, 'team/robot'), outcomes.put)
    writer.submit(Persist(1, (b'a',)))
    outcome = outcomes.get(timeout=PATIENCE_S)
    assert outcome == StorageFailed("the log cannot be written: MemoryError('too much')")
    assert writer.stop()
    WriteAheadLog(tmp_path, 'team/robot').close()

"""The write-ahead log on real files: crashes at every byte, damage, foreign logs, full disks."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.core.types import StorageError
from muster.runtime.wal import WriteAheadLog

OWNER = 'warehouse/g1_1'
GROUPS = ((b'vote 1',), (b'entry 1', b'entry 2'), (b'', b'x' * 300), (b'entry 3',))
RECORDS = tuple(record for group in GROUPS for record in group)
SEGMENT = '00000001.wal'


def records_of(folder: Path) -> tuple[bytes, ...]:
    with WriteAheadLog(folder, OWNER) as log:
        return log.read()


def abandon(log: WriteAheadLog) -> None:
    """End as kill -9 does: descriptors close, nothing is written."""
    os.close(log._file)
    os.close(log._lock)


def written(folder: Path, is_sealed: bool = False) -> list[int]:
    """A log of `GROUPS`; returns where each frame ends in its only segment."""
    log = WriteAheadLog(folder, OWNER)
    ends = [log._used]
    for group in GROUPS:
        log.append(group)
        ends.append(log._used)
    if is_sealed:
        log.seal()
    abandon(log)
    return ends


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    written(tmp_path / 'log')
    with WriteAheadLog(tmp_path / 'log', OWNER) as log:
        assert log.torn is None
        assert log.read() == RECORDS
        log.append([b'entry 4'])
    assert records_of(tmp_path / 'log') == (*RECORDS, b'entry 4')


@settings(max_examples=50, derandomize=True, database=None, deadline=None)
@given(groups=st.lists(st.lists(st.binary(max_size=200), max_size=4), max_size=12))
def test_any_groups_survive_segments_and_restarts(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[bytes]]
) -> None:
    folder = tmp_path_factory.mktemp('log')
    expected: list[bytes] = []
    for group in groups:
        with WriteAheadLog(folder, OWNER, segment_bytes=256) as log:
            assert list(log.read()) == expected
            log.append(group)
            expected += group
    assert list(records_of(folder)) == expected


def test_a_tail_torn_at_any_byte_is_removed_and_told(tmp_path: Path) -> None:
    ends = written(tmp_path / 'whole')
    image = (tmp_path / 'whole' / SEGMENT).read_bytes()
    counts = [0]
    for group in GROUPS:
        counts.append(counts[-1] + len(group))
    for cut in range(ends[0], ends[-1] + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / SEGMENT).write_bytes(image[:cut])
        kept = counts[sum(end <= cut for end in ends) - 1]
        with WriteAheadLog(folder, OWNER) as log:
            assert log.read() == RECORDS[:kept]
            if cut in ends:
                assert log.torn is None
            else:
                assert log.torn is not None
                assert log.torn.offset == max(end for end in ends if end < cut)
                assert log.torn.offset + log.torn.removed_bytes == cut
                assert f'the {log.torn.removed_bytes} bytes from offset' in str(log.torn)
            log.append([b'later'])
        assert records_of(folder) == (*RECORDS[:kept], b'later')
        shutil.rmtree(folder)


def test_zeros_after_the_last_frame_are_its_end(tmp_path: Path) -> None:
    end = written(tmp_path)[-1]
    size = (tmp_path / SEGMENT).stat().st_size
    assert size > end, 'zeros are written ahead'
    for length in (end, end + 1, size, size + 5000):
        os.truncate(tmp_path / SEGMENT, length)
        with WriteAheadLog(tmp_path, OWNER) as log:
            assert log.torn is None
            assert log.read() == RECORDS


def test_a_lost_seal_is_not_mistaken_for_damage(tmp_path: Path) -> None:
    """A power cut may lose the unsynced seal and keep what was being written after it."""
    with WriteAheadLog(tmp_path / 'whole', OWNER) as log:
        for group in GROUPS:
            log.append(group)
        end = log._used
        log.seal()
        seal_bytes = log._used - end
        log.append([b'never acknowledged'])
        stop = log._used
        image = bytearray((tmp_path / 'whole' / SEGMENT).read_bytes())
    assert image[end:stop].strip(b'\0')
    image[end : end + seal_bytes] = bytes(seal_bytes)
    torn_folder = tmp_path / 'torn'
    torn_folder.mkdir()
    (torn_folder / SEGMENT).write_bytes(image)
    with WriteAheadLog(torn_folder, OWNER) as log:
        assert log.read() == RECORDS
        assert log.torn is not None
        assert log.torn.offset == end


def test_the_log_of_another_robot_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(StorageError, match=f'is the log of {OWNER}, not of warehouse/g1_2'):
        WriteAheadLog(tmp_path, 'warehouse/g1_2')
    assert records_of(tmp_path) == RECORDS


def test_a_second_process_is_refused_by_the_pid_of_the_first(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from muster.runtime.wal import WriteAheadLog
        log = WriteAheadLog(Path(sys.argv[1]), {OWNER!r})
        print('open', flush=True)
        sys.stdin.read()
    """)
    command = [sys.executable, '-c', script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b'open\n'
        with pytest.raises(StorageError, match=f'in use by process {holder.pid}'):
            WriteAheadLog(tmp_path, OWNER)
        holder.kill()
    assert records_of(tmp_path) == ()


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from muster.runtime.wal import WriteAheadLog
        log = WriteAheadLog(Path(sys.argv[1]), {OWNER!r}, segment_bytes=20_000)
        number = len(log.read())
        while True:
            log.append([b'%d ' % number + bytes(number % 300)])
            print(number, flush=True)
            number += 1
    """)
    command = [sys.executable, '-c', script, str(tmp_path)]
    acknowledged = -1
    for stop_after in (1, 40, 173):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _ in range(stop_after):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            acknowledged = int((writer.stdout.read().split() or [acknowledged])[-1])
        assert writer.returncode == -signal.SIGKILL
        records = records_of(tmp_path)
        assert len(records) in (acknowledged + 1, acknowledged + 2)
        for number, record in enumerate(records):
            assert record == b'%d ' % number + bytes(number % 300)


@contextmanager
def file_size_limit(limit_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_ends_the_log_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    log = WriteAheadLog(tmp_path, OWNER)
    log.append([b'first'])
    with file_size_limit(log._used + 40), pytest.raises(StorageError, match='File too large'):
        log.append([b'y' * 100])
    with pytest.raises(StorageError, match='the disk refused'):
        log.append([b'there is room again, but the log is not to be trusted'])
    abandon(log)
    with WriteAheadLog(tmp_path, OWNER) as again:
        assert again.read() == (b'first',)
        assert again.torn is not None, 'the fault left half a frame'
        again.append([b'second'])
    assert records_of(tmp_path) == (b'first', b'second')


def test_a_closed_log_takes_nothing(tmp_path: Path) -> None:
    log = WriteAheadLog(tmp_path, OWNER)
    log.close()
    with pytest.raises(StorageError, match='the log is closed'):
        log.append([b'late'])
    log.close()


def test_its_size_on_disk_is_told(tmp_path: Path) -> None:
    def sizes() -> list[int]:
        return [path.stat().st_size for path in tmp_path.glob('*.wal')]

    with WriteAheadLog(tmp_path, OWNER, segment_bytes=300) as log:
        for length in (10, 400, 20, 30, 700, 5):
            log.append([b'x' * length])
            assert log.segments == len(sizes())
            assert log.bytes_on_disk == sum(sizes())
        assert log.segments > 2
    with WriteAheadLog(tmp_path, OWNER, segment_bytes=300) as log:
        assert (log.segments, log.bytes_on_disk) == (len(sizes()), sum(sizes()))
        log.checkpoint([b'all'])
        assert (log.segments, log.bytes_on_disk) == (1, sum(sizes()))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('in the way')
    with pytest.raises(StorageError, match=r'file/log: the disk refused \(Not a directory\)'):
        WriteAheadLog(tmp_path / 'file' / 'log', OWNER)

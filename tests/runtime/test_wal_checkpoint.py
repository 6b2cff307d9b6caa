"""Checkpoints of the write-ahead log on real files: whole or not at all, at any crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.core.types import StorageError
from muster.runtime.wal import WriteAheadLog

OWNER = 'warehouse/g1_1'
OLD = (b'entry 1', b'entry 2')
STATE = (b'snapshot', b'x' * 200)


def records_of(folder: Path) -> tuple[bytes, ...]:
    with WriteAheadLog(folder, OWNER) as log:
        return log.read()


def segments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob('*.wal'))


def test_a_checkpoint_takes_the_place_of_everything_before(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER, segment_bytes=64) as log:
        for record in OLD * 5:
            log.append([record])
        assert len(segments(tmp_path)) > 2
        log.checkpoint(STATE)
        assert len(segments(tmp_path)) == 1
        log.append([b'entry 3'])
    assert records_of(tmp_path) == (*STATE, b'entry 3')


def test_an_unfinished_checkpoint_leaves_what_was_there_before(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        log.append(OLD)
    for length in (0, 5, 3000):
        unfinished = tmp_path / '00000002.new'
        unfinished.write_bytes(b'muster-ckp' * (length // 10))
        with WriteAheadLog(tmp_path, OWNER) as log:
            assert log.read() == OLD
        assert not unfinished.exists()


def test_what_a_crash_kept_from_being_deleted_is_deleted(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        log.append(OLD)
        left_over = (tmp_path / segments(tmp_path)[0]).read_bytes()
        log.checkpoint(STATE)
    (tmp_path / '00000001.wal').write_bytes(left_over)
    assert records_of(tmp_path) == STATE
    assert segments(tmp_path) == ['00000002.wal']


def test_a_damaged_checkpoint_is_refused_although_nothing_followed_it(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        log.append(OLD)
        log.checkpoint(STATE)
    (name,) = segments(tmp_path)
    image = bytearray((tmp_path / name).read_bytes())
    at = image.index(STATE[0])
    image[at:] = bytes(len(image) - at)
    (tmp_path / name).write_bytes(image)
    with pytest.raises(StorageError, match=f'{name}: record 1 of frame 2 at offset .* damaged'):
        WriteAheadLog(tmp_path, OWNER)


def test_a_damaged_checkpoint_that_was_acknowledged_is_refused(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        log.append(OLD)
        log.checkpoint(STATE)
        log.append([b'entry 3'])
    (name,) = segments(tmp_path)
    path = tmp_path / name
    image = bytearray(path.read_bytes())
    image[image.index(b'snapshot')] ^= 0x01
    path.write_bytes(image)
    with pytest.raises(StorageError, match=f'{name}.*damaged'):
        WriteAheadLog(tmp_path, OWNER)


def test_a_log_without_its_beginning_is_refused(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER, segment_bytes=32) as log:
        log.append(OLD)
        log.append(OLD)
    (tmp_path / segments(tmp_path)[0]).unlink()
    with pytest.raises(StorageError, match='is missing'):
        WriteAheadLog(tmp_path, OWNER)


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(
    writes=st.lists(
        st.tuples(st.booleans(), st.lists(st.binary(max_size=80), min_size=1, max_size=3)),
        max_size=12,
    )
)
def test_any_mix_of_writes_and_restarts_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[bool, list[bytes]]]
) -> None:
    folder = tmp_path_factory.mktemp('log')
    expected: list[bytes] = []
    for is_checkpoint, records in writes:
        with WriteAheadLog(folder, OWNER, segment_bytes=128) as log:
            assert list(log.read()) == expected
            if is_checkpoint:
                log.checkpoint(records)
                expected = list(records)
            else:
                log.append(records)
                expected += records
    assert list(records_of(folder)) == expected

"""A fixed life of a log, ended at every system call and at every byte of every write.

Whatever survives, the log that is found is what was acknowledged, perhaps with the one write that
was under way: never less, never a gap, never something that an earlier recovery had removed.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from muster.core.types import StorageError
from muster.runtime.wal import WriteAheadLog

from .fragile_disk import Chance, FragileDisk, Nothing, PowerCut, Survival

FOLDER = Path('/data/robot')
OWNER = 'team/robot'
SEGMENT_BYTES = 96
LATER = b'later'

ENDS: dict[str, Callable[[FragileDisk], None]] = {
    'kill': lambda disk: disk.kill(),
    'everything survives': lambda disk: disk.lose_power(Survival()),
    'nothing survives': lambda disk: disk.lose_power(Nothing()),
    **{
        f'chance {seed}': lambda disk, seed=seed: disk.lose_power(Chance(seed))  # type: ignore[misc]
        for seed in range(4)
    },
}
"""Of a process or a machine, and what is left then of what was not synced."""


class Witness:
    """What a log may be found to hold."""

    def __init__(self) -> None:
        self.acknowledged: tuple[bytes, ...] = ()
        self.under_way: tuple[bytes, ...] | None = None
        """What it holds if the write that a crash interrupted took effect."""
        self.log: WriteAheadLog | None = None
        """The newest that was opened."""

    def accepts(self, records: tuple[bytes, ...]) -> bool:
        return records in (self.acknowledged, self.under_way)

    def append(self, log: WriteAheadLog, *records: bytes) -> None:
        self.under_way = self.acknowledged + records
        log.append(records)
        self.acknowledged, self.under_way = self.under_way, None

    def checkpoint(self, log: WriteAheadLog, *records: bytes) -> None:
        self.under_way = records
        log.checkpoint(records)
        self.acknowledged, self.under_way = self.under_way, None


def opened(disk: FragileDisk) -> WriteAheadLog:
    return WriteAheadLog(FOLDER, OWNER, SEGMENT_BYTES, disk)


def live(disk: FragileDisk, witness: Witness) -> None:
    """Two processes, one after the other: appends, seals, new segments, a checkpoint."""
    with opened(disk) as log:
        witness.log = log
        witness.append(log, b'vote 1')
        witness.append(log, b'entry 1', b'', b'entry 2')
        log.seal()
        witness.append(log, b'entry 3' * 9)
        witness.append(log, b'entry 4')
        log.seal()
        witness.checkpoint(log, b'boot', b'snapshot' * 8)
        witness.append(log, b'entry 5')
    with opened(disk) as log:
        witness.log = log
        assert log.read() == witness.acknowledged
        witness.append(log, b'entry 6')
        log.seal()
        witness.append(log, b'entry 7' * 5)


def crashed_at(call: int, after_bytes: int | None = None) -> tuple[FragileDisk, Witness]:
    """A disk as it is when the machine stops at a call, or within a write."""
    disk, witness = FragileDisk(), Witness()
    disk.cut_power_at(call, after_bytes)
    with suppress(PowerCut):
        live(disk, witness)
    assert disk.bites['power cuts'] == 1, 'the fault must bite'
    return disk, witness


def whole_life() -> FragileDisk:
    disk, witness = FragileDisk(), Witness()
    live(disk, witness)
    assert len(witness.acknowledged) == 5
    return disk


CALLS = whole_life().journal


def check_recovery(disk: FragileDisk, witness: Witness) -> tuple[bytes, ...]:
    """Open what is left. What was found once stays found, and the log can be used."""
    found = opened(disk).read()
    assert witness.accepts(found)
    disk.lose_power(Nothing())
    with opened(disk) as log:
        assert log.read() == found, 'what was found was not on the disk'
        assert log.torn is None
        log.append([LATER])
    with opened(disk) as log:
        assert log.read() == (*found, LATER)
    return found


@pytest.mark.parametrize('end', ENDS)
def test_an_end_at_any_call_loses_nothing_acknowledged(end: str) -> None:
    outcomes: Counter[str] = Counter()
    bites: Counter[str] = Counter()
    for call in range(1, len(CALLS) + 1):
        disk, witness = crashed_at(call)
        ENDS[end](disk)
        bites += disk.bites
        found = check_recovery(disk, witness)
        outcomes['kept' if found == witness.under_way else 'lost'] += 1
    loses_some = end not in ('kill', 'everything survives')
    assert outcomes['lost']
    assert outcomes['kept']
    assert bool(bites['bytes lost']) == loses_some
    assert bool(bites['changes of folders lost']) == loses_some


def test_a_write_cut_off_at_any_byte_is_there_or_not() -> None:
    outcomes: Counter[str] = Counter()
    for call, (_, length) in enumerate(CALLS, start=1):
        for after_bytes in range(length):
            disk, witness = crashed_at(call, after_bytes)
            disk.lose_power(Survival())
            found = check_recovery(disk, witness)
            outcomes['kept' if found == witness.under_way else 'lost'] += 1
    assert outcomes['kept'], 'some of what was cut off was only zeros written ahead'
    assert outcomes['lost']


@pytest.mark.parametrize('end', ENDS)
def test_a_recovery_may_itself_be_cut_off_at_any_call(end: str) -> None:
    cuts = 0
    for call in range(1, len(CALLS) + 1):
        disk, witness = crashed_at(call)
        ENDS[end](disk)
        for again in range(1, calls_of_recovery(disk) + 1):
            half = disk.copy()
            half.cut_power_at(again)
            with suppress(PowerCut):
                opened(half)
            cuts += half.bites['power cuts'] - disk.bites['power cuts']
            half.lose_power(Chance(again))
            check_recovery(half, witness)
    assert cuts > len(CALLS)


def calls_of_recovery(disk: FragileDisk) -> int:
    trial = disk.copy()
    opened(trial)
    return trial.calls - disk.calls


@pytest.mark.parametrize('error', [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize('goes_on', ['restart', 'power cut'])
def test_a_call_that_fails_ends_the_log_for_good(error: int, goes_on: str) -> None:
    refusals = 0
    for call, (_, length) in enumerate(CALLS, start=1):
        for after_bytes in {0, length // 2, max(0, length - SEGMENT_BYTES)}:
            disk, witness = FragileDisk(), Witness()
            disk.refuse_at(call, error, after_bytes)
            with pytest.raises(StorageError, match=os.strerror(error)):
                live(disk, witness)
            assert disk.bites[errno.errorcode[error]] == 1
            refusals += check_silence(disk, witness)
            if goes_on == 'restart':
                disk.kill()
            else:
                disk.lose_power(Chance(call))
            check_recovery(disk, witness)
    assert refusals > len(CALLS) / 2


def check_silence(disk: FragileDisk, witness: Witness) -> bool:
    """A log that has failed writes nothing more, whatever it is asked."""
    log = witness.log
    if log is None:
        return False
    calls = disk.calls
    for attempt in (lambda: log.append([b'x']), lambda: log.checkpoint([b'x']), log.close):
        with suppress(StorageError):
            attempt()
    assert disk.calls == calls
    return True


def test_a_sync_that_failed_is_not_made_good_by_the_next() -> None:
    """After it the cache shows what the disk does not have, and calls it clean."""
    deceived = 0
    for call, (name, _) in enumerate(CALLS, start=1):
        if name != 'sync':
            continue
        disk, witness = FragileDisk(), Witness()
        disk.refuse_at(call, errno.EIO)
        with pytest.raises(StorageError):
            live(disk, witness)
        disk.kill()
        deceived += check_recovery(disk, witness) == witness.under_way
    assert deceived, 'some unsynced frame must be seen after the restart'

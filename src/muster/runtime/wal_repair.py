"""Giving up what a damaged log has lost, so that its robot can come back without doing harm.

A robot that forgets an entry which it acknowledged, or a vote, and then votes as if it had never
done so can have the team elect a leader that lacks what the team has agreed on. So a repaired log
says that it has forgotten, and up to which term (`HardState.forgot_until`): the robot follows, but
supports nobody until that cannot matter any more. See docs/decisions/0014-storage-integrity.md.

That term, and an incarnation that no peer has seen, are the wall clock in milliseconds: neither
terms nor incarnations, which count up by one at a time, can have got there.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from muster.core.coordinator.replica import Boot, StoredRecord, encode_records
from muster.core.raft import HardState
from muster.core.types import StorageError
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal_files import (
    ASIDE,
    hold,
    refused,
    segment_numbers,
    segment_path,
    write_segment,
)
from muster.runtime.wal_format import SegmentHeader, encode_frame
from muster.runtime.wal_report import describe
from muster.runtime.wal_survey import Survey, survey


def repair(
    calls: SystemCalls, folder: Path, now_s: float, owner: str = '', is_only_robot: bool = False
) -> Path | None:
    """Cut a log off where it is damaged. A crash leaves it damaged as before, or repaired.

    Parameters
    ----------
    now_s : the wall clock.
    owner : of the log, for when no header can be read.
    is_only_robot : nobody else can be contradicted, so it may vote at once.

    Returns
    -------
    aside : folder that has all files as they were; None when nothing was damaged, and nothing was
        changed.

    Raises
    ------
    StorageError
        the log is in use or not one of this version of muster, the clock cannot be right, or the
        disk refused.
    """
    try:
        lock = hold(calls, folder)
        try:
            return _repair(calls, survey(calls, folder), now_s, owner, is_only_robot)
        finally:
            calls.close(lock)
    except OSError as error:
        raise refused(folder, error) from error


def _repair(
    calls: SystemCalls, found: Survey, now_s: float, owner: str, is_only_robot: bool
) -> Path | None:
    loss = describe(calls, found).loss
    if loss is None:
        return None
    found.owner = found.owner or owner
    if not found.owner:
        raise StorageError(
            f'{found.folder}: no file says whose log it is; name the robot with --owner TEAM/ROBOT'
        )
    stamp = unused_number(calls, found.folder, max(loss.term, loss.incarnation), now_s)
    aside = _set_aside(calls, found.folder)
    _replace(calls, found, Boot(stamp), HardState(stamp, '', 0 if is_only_robot else stamp))
    return aside


def unused_number(calls: SystemCalls, folder: Path, used: int, now_s: float) -> int:
    """The wall clock in milliseconds, as a term or incarnation that nobody can have reached.

    Raises
    ------
    StorageError
        the clock is behind the log.
    """
    paths = [segment_path(folder, one) for one in segment_numbers(calls, folder)]
    written_s = max(used / 1000, *map(calls.modified, paths))
    if now_s <= written_s:
        raise StorageError(
            f'{folder}: the clock of this computer shows {_date(now_s)}, but the log is of '
            f'{_date(written_s)}: set the clock, because a number must be drawn from it that is '
            'new to the team'
        )
    return int(now_s * 1000)


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime('%Y-%m-%d %H:%M:%S UTC')


def _set_aside(calls: SystemCalls, folder: Path) -> Path:
    """Give all files of the log a second name in a new folder."""
    taken = calls.names(folder)
    number = next(one for one in range(1, len(taken) + 2) if f'{ASIDE}{one}' not in taken)
    aside = folder / f'{ASIDE}{number}'
    calls.mkdir(aside)
    for segment in segment_numbers(calls, folder):
        path = segment_path(folder, segment)
        calls.link(path, aside / path.name)
    calls.sync_folder(aside)
    calls.sync_folder(folder)
    return aside


def _replace(calls: SystemCalls, found: Survey, *marks: StoredRecord) -> None:
    """Put a checkpoint of what can be read in the place of the log."""
    folder = found.folder
    old = segment_numbers(calls, folder)
    header = SegmentHeader(old[-1] + 1, found.next_frame, found.owner, is_checkpoint=True)
    records = (*found.readable, *encode_records(marks))
    frame = encode_frame(header.checksum, found.next_frame, 0, records)
    descriptor, _ = write_segment(calls, folder, header, frame, ahead_bytes=0)
    calls.close(descriptor)
    for number in old:
        calls.unlink(segment_path(folder, number))
    calls.sync_folder(folder)

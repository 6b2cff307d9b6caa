"""The files of a log: their names, how they come to be, and who may use them.

A segment gets its name only once it is on disk (it is written as `.new`, synced and renamed), so
one that has its name begins with a whole header, and a checkpoint with its whole frame. What is
found otherwise is damage, never a crash.
"""

from __future__ import annotations

import os
from pathlib import Path

from muster.core.types import StorageError
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal_format import SegmentHeader

SUFFIX = '.wal'
UNFINISHED = '.new'
LOCK = 'lock'
ASIDE = 'damaged-'
"""Folders with what a repair has set aside."""

AHEAD_BYTES = 256 << 10
"""Zeros written ahead of the frames. A sync then need not write the file's size as well, which
makes it a third faster (docs/decisions/0014-storage-integrity.md). Larger: a longer sync each time
it is used up."""

SMALL_FRAME_BYTES = 16 << 10
"""Larger frames use zeros up so fast that writing them costs what they save."""

HEADER_BYTES = 4096
"""More than the header of any segment takes."""

SECTOR_BYTES = 4096
"""Piece in which a file is read that cannot be read in one."""


def segment_path(folder: Path, number: int) -> Path:
    return folder / f'{number:08}{SUFFIX}'


def segment_numbers(calls: SystemCalls, folder: Path) -> list[int]:
    """Of the segments there are, ascending."""
    stems = [name[: -len(SUFFIX)] for name in calls.names(folder) if name.endswith(SUFFIX)]
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def unfinished(calls: SystemCalls, folder: Path) -> list[Path]:
    """Segments that a crash kept from getting their names."""
    return [folder / name for name in calls.names(folder) if name.endswith(UNFINISHED)]


def write_segment(
    calls: SystemCalls, folder: Path, header: SegmentHeader, frame: bytes, ahead_bytes: int
) -> tuple[int, int]:
    """Make a durable segment of a header, perhaps a frame, and zeros.

    Returns
    -------
    descriptor : open for reading and writing.
    used : where the next frame goes.
    """
    content = header.encode() + frame
    path = segment_path(folder, header.number)
    new = path.with_suffix(UNFINISHED)
    descriptor = calls.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(calls, descriptor, content + bytes(ahead_bytes), 0)
        calls.fdatasync(descriptor)
        calls.rename(new, path)
        calls.sync_folder(folder)
    except OSError:
        calls.close(descriptor)
        raise
    return descriptor, len(content)


def write_all(calls: SystemCalls, descriptor: int, data: bytes, offset: int) -> None:
    written = calls.pwrite(descriptor, data, offset)
    while written < len(data):
        written += calls.pwrite(descriptor, data[written:], offset + written)


def read_start(calls: SystemCalls, path: Path) -> bytes:
    """Enough of a file for the header of a segment; nothing when the disk cannot read it."""
    descriptor = calls.open(path, os.O_RDONLY)
    try:
        return calls.pread(descriptor, HEADER_BYTES, 0)
    except OSError:
        return b''
    finally:
        calls.close(descriptor)


def read_image(calls: SystemCalls, path: Path) -> tuple[bytes, int | None]:
    """A file's content, and where its first unreadable sector begins; such sectors read as 0."""
    descriptor = calls.open(path, os.O_RDONLY)
    try:
        size = calls.size(descriptor)
        try:
            return _read(calls, descriptor, 0, size), None
        except OSError:
            return _read_by_sector(calls, descriptor, size)
    finally:
        calls.close(descriptor)


def _read(calls: SystemCalls, descriptor: int, start: int, stop: int) -> bytes:
    pieces = []
    while start < stop and (piece := calls.pread(descriptor, stop - start, start)):
        pieces.append(piece)
        start += len(piece)
    return b''.join(pieces)


def _read_by_sector(calls: SystemCalls, descriptor: int, size: int) -> tuple[bytes, int | None]:
    pieces = []
    unreadable = None
    for start in range(0, size, SECTOR_BYTES):
        stop = min(start + SECTOR_BYTES, size)
        try:
            pieces.append(_read(calls, descriptor, start, stop))
        except OSError:
            pieces.append(bytes(stop - start))
            unreadable = start if unreadable is None else unreadable
    return b''.join(pieces), unreadable


def make_folder(calls: SystemCalls, folder: Path) -> None:
    """Make a folder and those above it, so that a power cut leaves all of them or fewer."""
    try:
        calls.mkdir(folder)
    except FileExistsError:
        pass
    except FileNotFoundError:
        make_folder(calls, folder.parent)
        calls.mkdir(folder)
    calls.sync_folder(folder.parent)


def hold(calls: SystemCalls, folder: Path) -> int:
    """Take a log for this process alone; returns the descriptor to close in the end.

    Raises
    ------
    StorageError
        another process has it.
    """
    descriptor = calls.open(folder / LOCK, os.O_RDWR | os.O_CREAT)
    _lock(calls, folder, descriptor, is_shared=False)
    # Always of one length: in its place, it needs no room on a disk that is full.
    calls.pwrite(descriptor, f'{os.getpid():<19}\n'.encode(), 0)
    return descriptor


def hold_to_read(calls: SystemCalls, folder: Path) -> int | None:
    """Keep others from changing a log while it is read, without touching it; None where nobody has
    ever used it.

    Raises
    ------
    StorageError
        another process has it.
    """
    try:
        descriptor = calls.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return None
    _lock(calls, folder, descriptor, is_shared=True)
    return descriptor


def _lock(calls: SystemCalls, folder: Path, descriptor: int, is_shared: bool) -> None:
    try:
        calls.lock(descriptor, is_shared)
    except BlockingIOError:
        holder = calls.pread(descriptor, 32, 0).decode(errors='replace').strip()
        calls.close(descriptor)
        raise StorageError(
            f'{folder} is in use by {_process(holder)}: a log belongs to one process at a time; '
            'end that one, or choose another data folder'
        ) from None


def _process(holder: str) -> str:
    """The process that wrote its number into the lock. One that only reads writes none."""
    is_alive = holder.isdecimal() and Path(f'/proc/{holder}').exists()
    return f'process {holder}' if is_alive else 'another process'


def refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f'{path}: the disk refused ({error.strerror}): check free space, permissions and the '
        'health of the disk, then start the robot again'
    )

"""The write-ahead log: what a robot must still know after a crash, in append-only files.

A log is a folder of segments (`00000001.wal`, ...; see wal_format.py) with these guarantees:

- `append` returns only when its records survive a crash; `read` gives them back, in order.
- What a crash left half written is removed, and `torn` tells so. It was never acknowledged.
- What was acknowledged and cannot be read any more is never removed: opening the log fails. A
  later frame tells the two apart; after a write that leaves nothing else to do an empty frame,
  the seal, plays that part. It costs no sync, so a power cut before the seal has reached the disk
  leaves the very last write without it.
- Two processes never use one log.
- After a failed write nothing more is written: the operating system may have dropped the pages
  that it could not write, so a later sync that succeeds would prove nothing.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from muster.core.types import StorageError
from muster.runtime.wal_format import (
    FORMAT_VERSION,
    Frame,
    SegmentHeader,
    body_of,
    read_frame,
    read_header,
    vouched_for,
)

SEGMENT_BYTES = 8 << 20
"""A segment that has grown beyond this is closed, and the next begun."""

HEADER_BYTES = 4096
"""More than any segment's header has."""

_REMEDY = (
    'Restore the folder from a copy. Without one, set it aside and let the robot join again under '
    'a new name: under its old one it could break promises that it no longer remembers'
)


@dataclass(frozen=True)
class TornTail:
    """What a crash left half written, and opening the log removed."""

    file: Path
    offset: int
    removed_bytes: int

    def __str__(self) -> str:
        return (
            f'{self.file}: the {self.removed_bytes} bytes from offset {self.offset} on were half '
            'written at a crash and never acknowledged; they were removed'
        )


class WriteAheadLog:
    """An open log, for one thread at a time.

    Parameters
    ----------
    folder : made if missing.
    owner : whose log it is, e.g. `warehouse/g1_1`.
    segment_bytes : size beyond which a new segment is begun.

    Raises
    ------
    StorageError
        if another process uses the log, something acknowledged is damaged or missing, the log
        belongs to another owner or format, or the disk refuses.
    """

    def __init__(self, folder: Path, owner: str, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self.torn: TornTail | None = None
        """What was removed when the log was opened."""
        self._owner = owner
        self._segment_bytes = segment_bytes
        self._failure = ''
        self._file = -1
        self._segment = 0
        self._size = 0
        self._next_frame = 1
        self._synced = 0
        self._is_sealed = True
        self._records: list[bytes] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(folder.parent)
            self._lock = _lock(folder)
        except OSError as error:
            raise _refused(folder, error) from error
        try:
            self._recover()
        except OSError as error:
            os.close(self._lock)
            raise _refused(folder, error) from error
        except StorageError:
            os.close(self._lock)
            raise

    def __enter__(self) -> WriteAheadLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> tuple[bytes, ...]:
        """Every record that was in the log when it was opened; hands them over, so once only."""
        records, self._records = tuple(self._records), []
        return records

    def append(self, records: Sequence[bytes]) -> None:
        """Make records durable together, with one sync.

        Raises
        ------
        StorageError
            if the disk refused. Indefinite: after a restart all of them may be there, or none. The
            log takes nothing more.
        """
        self._write(body_of(records))
        try:
            os.fdatasync(self._file)
            self._synced = self._next_frame - 1
            if self._size > self._segment_bytes:
                self._begin_segment(self._segment + 1)
        except OSError as error:
            raise self._fail(error) from error
        self._is_sealed = False

    def checkpoint(self, records: Sequence[bytes]) -> None:
        """Make records durable that stand for everything before them, and forget that.

        They begin a segment of their own; earlier ones are deleted when it is durable, so a crash
        leaves either all that was there before or these.

        Raises
        ------
        StorageError
            as `append`.
        """
        if self._failure:
            raise StorageError(self._failure)
        try:
            self._begin_segment(self._segment + 1, is_checkpoint=True)
        except OSError as error:
            raise self._fail(error) from error
        self._write(body_of(records))
        try:
            os.fdatasync(self._file)
            self._synced = self._next_frame - 1
            self._forget_before(self._segment)
        except OSError as error:
            raise self._fail(error) from error
        self._is_sealed = False

    def seal(self) -> None:
        """Vouch for what was appended, when there is nothing else to write. Not synced itself.

        Raises
        ------
        StorageError
            if the disk refused. What was appended is durable all the same.
        """
        if not self._is_sealed:
            self._write(b'')
            self._is_sealed = True

    def close(self) -> None:
        """Release the files and the lock; a second call does nothing."""
        if self._file < 0:
            return
        try:
            if not self._failure:
                self.seal()
        finally:
            os.close(self._file)
            os.close(self._lock)
            self._file = -1

    def _write(self, body: bytes) -> None:
        if self._failure:
            raise StorageError(self._failure)
        frame = Frame(self._next_frame, self._synced, body)
        try:
            _write_all(self._file, frame.encode())
        except OSError as error:
            raise self._fail(error) from error
        self._next_frame += 1
        self._size += frame.size

    def _fail(self, error: OSError) -> StorageError:
        refusal = _refused(self._path(self._segment), error)
        self._failure = str(refusal)
        return refusal

    def _path(self, segment: int) -> Path:
        return self.folder / f'{segment:08}.wal'

    def _begin_segment(self, number: int, is_checkpoint: bool = False) -> None:
        """Everything before is synced by now; the new segment's header vouches for it."""
        header = SegmentHeader(
            number, self._next_frame, self._owner, is_checkpoint=is_checkpoint
        ).encode()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        descriptor = os.open(self._path(number), flags, 0o644)
        try:
            _write_all(descriptor, header)
            os.fsync(descriptor)
            _sync_folder(self.folder)
        except OSError:
            os.close(descriptor)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._segment, self._size = descriptor, number, len(header)

    # Recovery

    def _recover(self) -> None:
        """Read everything, remove a torn tail, and stand ready to append."""
        paths = [path for path in self.folder.glob('*.wal') if path.stem.isdigit()]
        numbers = self._without_torn_checkpoint(sorted(int(path.stem) for path in paths))
        start = max(filter(self._is_checkpoint, numbers), default=1)
        numbers = [number for number in numbers if number >= start]
        for expected, number in enumerate(numbers, start=start):
            if number != expected:
                raise StorageError(
                    f'{self._path(expected)} is missing, but {self._path(number).name} exists. '
                    f'{_REMEDY}'
                )
            self._recover_segment(number, number == start, number == numbers[-1])
        self._forget_before(start)
        self._synced = self._next_frame - 1
        if self._segment == 0 or self._segment < numbers[-1]:
            self._begin_segment(self._segment + 1)
        else:
            self._file = os.open(self._path(self._segment), os.O_WRONLY | os.O_APPEND)
            os.fdatasync(self._file)

    def _is_checkpoint(self, number: int) -> bool:
        with self._path(number).open('rb') as file:
            header = read_header(file.read(HEADER_BYTES))
        return header is not None and header.is_checkpoint

    def _without_torn_checkpoint(self, numbers: list[int]) -> list[int]:
        """Remove a checkpoint that a crash left half written: all that it stood for is there."""
        if not numbers or not self._is_checkpoint(numbers[-1]):
            return numbers
        path = self._path(numbers[-1])
        image = path.read_bytes()
        header = read_header(image)
        end = len(header.encode()) if header is not None else 0
        if read_frame(image, end) is not None or vouched_for(image, end):
            return numbers
        path.unlink()
        _sync_folder(self.folder)
        self.torn = TornTail(path, 0, len(image))
        return numbers[:-1]

    def _forget_before(self, segment: int) -> None:
        """Delete the segments that a checkpoint stands for, the oldest first."""
        old = [int(path.stem) for path in self.folder.glob('*.wal') if path.stem.isdigit()]
        doomed = sorted(number for number in old if number < segment)
        for number in doomed:
            self._path(number).unlink()
        if doomed:
            _sync_folder(self.folder)

    def _recover_segment(self, number: int, is_first: bool, is_last: bool) -> None:
        path = self._path(number)
        image = path.read_bytes()
        header = read_header(image)
        is_checkpoint = header is not None and header.is_checkpoint
        if header is not None and is_checkpoint and is_first:
            self._next_frame = header.first_frame
        expected = SegmentHeader(
            number, self._next_frame, self._owner, is_checkpoint=is_checkpoint
        )
        end = len(expected.encode())
        if header != expected:
            if header is not None or not is_last or len(image) > end:
                raise StorageError(_header_offence(path, header, expected))
            # A crash while the segment was begun: nothing had been written to it yet.
            self._remove_tail(path, 0, len(image))
            return
        while end < len(image):
            frame = read_frame(image, end)
            if frame is None or frame.number != self._next_frame:
                if not is_last or vouched_for(image, end) >= self._next_frame:
                    raise StorageError(
                        f'{path}: frame {self._next_frame} at offset {end} is damaged, although '
                        f'it had been acknowledged. {_REMEDY}'
                    )
                self._remove_tail(path, end, len(image) - end)
                break
            self._records += frame.records()
            self._next_frame += 1
            end += frame.size
        self._segment, self._size = number, end

    def _remove_tail(self, path: Path, offset: int, length: int) -> None:
        with path.open('r+b') as file:
            file.truncate(offset)
            os.fsync(file.fileno())
        self.torn = TornTail(path, offset, length)


def _header_offence(path: Path, header: SegmentHeader | None, expected: SegmentHeader) -> str:
    if header is None:
        return f'{path}: the header at offset 0 is damaged. {_REMEDY}'
    if header.version != FORMAT_VERSION:
        return (
            f'{path}: has format {header.version}, but this muster reads format {FORMAT_VERSION}: '
            'start the version of muster that wrote it'
        )
    if header.owner != expected.owner:
        return (
            f'{path}: is the log of {header.owner}, not of {expected.owner}: choose another data '
            'folder'
        )
    return (
        f'{path}: is segment {header.number} from frame {header.first_frame} on, where segment '
        f'{expected.number} from frame {expected.first_frame} on belongs. {_REMEDY}'
    )


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """Hold the log's lock until the descriptor is closed or the process ends, however it ends."""
    descriptor = os.open(folder / 'lock', os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors='replace').strip() or 'of unknown id'
        os.close(descriptor)
        raise StorageError(
            f'{folder} is in use by process {holder}: a log belongs to one process at a time; '
            'end that one, or choose another data folder'
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f'{os.getpid()}\n'.encode(), 0)
    return descriptor


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f'{path}: the disk refused ({error.strerror}): check free space, permissions and the '
        'health of the disk, then start the robot again'
    )

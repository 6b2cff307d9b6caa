"""The write-ahead log: what a robot must still know after a crash, in append-only files.

A log is a folder of segments (`00000001.wal`, ...; see wal_format.py) with these guarantees:

- `append` returns only when its records survive a crash; `read` gives them back, in order.
- What a crash left half written is removed, and `torn` tells so. It was never acknowledged.
- What was acknowledged and cannot be read any more is never removed: opening the log fails, and
  names `muster storage`. A later frame tells the two apart; after a write that leaves nothing else
  to do an empty frame, the seal, plays that part. It costs no sync, so a power cut before the seal
  has reached the disk leaves the very last write without it.
- Two processes never use one log.
- After a failed write or sync nothing more is written: the operating system may have dropped the
  pages that it could not write, so a later sync that succeeds would prove nothing. For the same
  reason opening a log writes again what nothing vouches for: it may have been read from memory
  only.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from muster.core.types import StorageError
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal_files import (
    AHEAD_BYTES,
    SMALL_FRAME_BYTES,
    hold,
    make_folder,
    refused,
    segment_path,
    write_all,
    write_segment,
)
from muster.runtime.wal_format import SegmentHeader, encode_frame
from muster.runtime.wal_survey import Survey, TornTail, survey

SEGMENT_BYTES = 8 << 20
"""A segment that has grown beyond this is closed, and the next begun."""


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

    def __init__(
        self,
        folder: Path,
        owner: str,
        segment_bytes: int = SEGMENT_BYTES,
        calls: SystemCalls | None = None,
    ) -> None:
        self.folder = folder
        self.torn: TornTail | None = None
        """What was removed when the log was opened."""
        self.segments = 0
        """How many files it has."""
        self._calls = calls or SystemCalls()
        self._owner = owner
        self._segment_bytes = segment_bytes
        self._ahead_bytes = min(AHEAD_BYTES, segment_bytes)
        self._failure = ''
        self._file = self._lock = -1
        self._segment = 0
        self._checksum = 0
        self._used = 0
        self._size = 0
        self._closed_bytes = 0
        self._next_frame = 1
        self._synced = 0
        self._is_sealed = True
        self._records: list[bytes] = []
        try:
            make_folder(self._calls, folder)
            self._lock = hold(self._calls, folder)
        except OSError as error:
            raise refused(folder, error) from error
        try:
            self._recover()
        except OSError as error:
            self._close()
            raise refused(folder, error) from error
        except StorageError:
            self._close()
            raise

    def __enter__(self) -> WriteAheadLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def bytes_on_disk(self) -> int:
        """Of all its files, zeros written ahead included."""
        return self._closed_bytes + self._size

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
        self._check()
        try:
            if self._used > self._segment_bytes:
                self._begin_segment()
            self._write(records)
            self._sync()
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
        self._check()
        old = range(self._segment - self.segments + 1, self._segment + 1)
        try:
            self._begin_segment(records)
            for number in old:
                self._calls.unlink(segment_path(self.folder, number))
            self._calls.sync_folder(self.folder)
        except OSError as error:
            raise self._fail(error) from error
        self.segments, self._closed_bytes = 1, 0
        self._is_sealed = True

    def seal(self) -> None:
        """Vouch for what was appended, when there is nothing else to write. Not synced itself.

        Raises
        ------
        StorageError
            if the disk refused. What was appended is durable all the same.
        """
        if self._is_sealed:
            return
        self._check()
        try:
            if self._used > self._segment_bytes:
                self._begin_segment()
            else:
                self._write(())
        except OSError as error:
            raise self._fail(error) from error
        self._is_sealed = True

    def close(self) -> None:
        """Release the files and the lock; a second call does nothing."""
        try:
            if self._file >= 0 and not self._failure:
                self.seal()
        finally:
            self._close()

    def _close(self) -> None:
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                with suppress(OSError):  # all that it could tell, the syncs have told
                    self._calls.close(descriptor)
        self._file = self._lock = -1
        self._failure = self._failure or f'{self.folder}: the log is closed'

    def _check(self) -> None:
        if self._failure:
            raise StorageError(self._failure)

    def _fail(self, error: OSError) -> StorageError:
        refusal = refused(segment_path(self.folder, self._segment), error)
        self._failure = str(refusal)
        return refusal

    def _write(self, records: Sequence[bytes]) -> None:
        data = encode_frame(self._checksum, self._next_frame, self._synced, records)
        end = self._used + len(data)
        if end > self._size:
            ahead_bytes = self._ahead_bytes if len(data) <= SMALL_FRAME_BYTES else 0
            self._size = end + ahead_bytes
            data += bytes(ahead_bytes)
        write_all(self._calls, self._file, data, self._used)
        self._next_frame += 1
        self._used = end

    def _sync(self) -> None:
        self._calls.fdatasync(self._file)
        self._synced = self._next_frame - 1

    def _begin_segment(self, checkpoint: Sequence[bytes] | None = None) -> None:
        """Go on in a new segment, whose header vouches for everything before."""
        frame = b''
        header = SegmentHeader(
            self._segment + 1,
            self._next_frame,
            self._owner,
            is_checkpoint=checkpoint is not None,
        )
        if checkpoint is not None:
            frame = encode_frame(header.checksum, self._next_frame, self._synced, checkpoint)
            self._next_frame += 1
        elif self._synced < self._next_frame - 1:  # a seal
            self._sync()
        descriptor, used = write_segment(
            self._calls, self.folder, header, frame, self._ahead_bytes
        )
        if self._file >= 0:
            self._calls.close(self._file)
        self._closed_bytes += self._size
        self.segments += 1
        self._file, self._segment, self._checksum = descriptor, header.number, header.checksum
        self._used, self._size = used, used + self._ahead_bytes
        self._synced = self._next_frame - 1

    def _recover(self) -> None:
        """Read everything, remove a torn tail, and stand ready to append."""
        found = survey(self._calls, self.folder, self._owner)
        if found.damage is not None:
            raise StorageError(f'{found.damage}. {_remedy(self.folder)}')
        # Names that are seen here may be in memory only, and what they stand for is deleted next.
        self._calls.sync_folder(self.folder)
        for path in found.needless:
            self._calls.unlink(path)
        self._records, self._next_frame, self.torn = found.records, found.next_frame, found.torn
        if found.segments:
            self._resume(found)
        else:
            self._begin_segment()
        self._calls.sync_folder(self.folder)

    def _resume(self, found: Survey) -> None:
        """Go on at the end of the last segment."""
        last = found.segments[-1]
        self._file = self._calls.open(last.path, os.O_RDWR)
        self._segment, self._checksum = last.header.number, last.header.checksum
        self._used, self._size = last.used_bytes, last.size_bytes
        if self.torn is not None:
            self._calls.ftruncate(self._file, self._used)
            self._size = self._used
        write_all(self._calls, self._file, found.unvouched, self._used - len(found.unvouched))
        self._calls.fsync(self._file)
        self._synced = self._next_frame - 1
        self.segments = len(found.segments)
        self._closed_bytes = sum(one.size_bytes for one in found.segments[:-1])


def _remedy(folder: Path) -> str:
    place = shlex.quote(str(folder))
    return (
        f'`muster storage verify {place}` shows what is lost. Restore the folder from a copy made '
        'after the robot last stopped; without one, give up what cannot be read with '
        f'`muster storage repair {place} --i-accept-data-loss`'
    )

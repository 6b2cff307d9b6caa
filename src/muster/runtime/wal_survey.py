"""What a log holds and in what state it is, found out without changing a byte of it.

Recovery, `muster storage verify` and `muster storage repair` all act on a `Survey`, so that they
cannot differ about where a log ends and why:

- An end is *torn* when a crash left something half written behind the last frame. Nothing vouches
  for it, so it was never acknowledged.
- A log is *damaged* where a frame cannot be read that something vouches for: a later frame, the
  header of the next segment or, of a checkpoint, its own file name.

What nothing vouches for cannot be told from a torn write. That is the very last frame, until
another frame or a seal has followed it to the disk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from muster.core.types import StorageError
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal_files import (
    read_image,
    read_start,
    segment_numbers,
    segment_path,
    unfinished,
)
from muster.runtime.wal_format import (
    FORMAT_VERSION,
    FRAME_BYTES,
    RECORD_BYTES,
    Frame,
    SegmentHeader,
    frames_behind,
    read_frame,
    read_header,
    stated_checksum,
    vouched_for,
)


@dataclass(frozen=True)
class TornTail:
    """What a crash left half written; opening the log removes it."""

    file: Path
    offset: int
    removed_bytes: int

    def __str__(self) -> str:
        return (
            f'{self.file}: the {self.removed_bytes} bytes from offset {self.offset} on were half '
            'written at a crash and never acknowledged; they were removed'
        )


@dataclass(frozen=True)
class Damage:
    """Something acknowledged that cannot be read any more."""

    file: Path
    offset: int
    text: str
    records_before: tuple[bytes, ...] = ()
    """Of the damaged frame, those in front of the damage."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Segment:
    """One file of the log."""

    path: Path
    header: SegmentHeader
    size_bytes: int
    used_bytes: int
    """Where its last intact frame ends."""
    frames: int
    suspect: Damage
    """What stands there, should a frame be missing."""


@dataclass
class Survey:
    """All that was found."""

    folder: Path
    owner: str
    """Empty when no header can be read."""
    segments: list[Segment] = field(default_factory=list)
    """Those that count, oldest first; up to the damage if there is any."""
    records: list[bytes] = field(default_factory=list)
    """Of all intact frames of these."""
    next_frame: int = 1
    unvouched: bytes = b''
    """The end of the last segment, from the first frame on that nothing vouches for."""
    torn: TornTail | None = None
    damage: Damage | None = None
    needless: list[Path] = field(default_factory=list)
    """What opening the log deletes: segments that a checkpoint stands for, unfinished ones."""
    newest_segment: int = 0
    """Number of the last one there is, readable or not."""

    @property
    def readable(self) -> list[bytes]:
        """Records in front of the end or the damage, to the last one."""
        return self.records + list(self.damage.records_before if self.damage else ())


def survey(calls: SystemCalls, folder: Path, owner: str = '') -> Survey:
    """Read a whole log.

    Parameters
    ----------
    owner : whose log it must be; empty where that is not known.

    Raises
    ------
    StorageError
        the log belongs to another owner or format.
    OSError
        the folder or a file cannot be opened.
    """
    found = Survey(folder, owner)
    numbers = segment_numbers(calls, folder)
    headers = {number: _header(calls, segment_path(folder, number)) for number in numbers}
    checkpoints = [number for number, one in headers.items() if one and one.is_checkpoint]
    start = max(checkpoints, default=1)
    found.owner = owner or next((one.owner for one in headers.values() if one), '')
    older = [segment_path(folder, number) for number in numbers if number < start]
    found.needless = unfinished(calls, folder) + older
    numbers = numbers[len(older) :]
    found.newest_segment = max(numbers, default=0)
    for expected, number in enumerate(numbers, start):
        path, missing = segment_path(folder, number), segment_path(folder, expected)
        if number == expected or headers[number] is None:
            _read_segment(calls, found, path, number == start, number == numbers[-1])
        else:
            text = f'{missing} is missing, but {path.name} exists'
            found.damage = Damage(missing, 0, text)
        if found.damage is not None:
            break
    return found


def records_behind(calls: SystemCalls, found: Survey) -> list[bytes]:
    """What can still be read behind the damage: it tells what a repair gives up."""
    damage = found.damage
    records: list[bytes] = []
    for number in segment_numbers(calls, found.folder) if damage is not None else ():
        path = segment_path(found.folder, number)
        if damage is not None and path >= damage.file:
            image, _ = read_image(calls, path)
            offset = damage.offset if path == damage.file else 0
            for frame in frames_behind(image, offset, stated_checksum(image)):
                records += frame.records
    return records


def _header(calls: SystemCalls, path: Path) -> SegmentHeader | None:
    header = read_header(read_start(calls, path))
    if header is not None and header.version != FORMAT_VERSION:
        raise StorageError(
            f'{path}: has format {header.version}, but this muster reads format {FORMAT_VERSION}: '
            'start the version of muster that wrote it'
        )
    return header


def _read_segment(
    calls: SystemCalls, found: Survey, path: Path, is_first: bool, is_last: bool
) -> None:
    image, unreadable = read_image(calls, path)
    header = read_header(image)
    if header is None:
        what = 'the header at offset 0 is damaged'
        if unreadable is not None:
            what = f'the disk cannot read the sector at offset {unreadable}'
        found.damage = Damage(path, 0, f'{path}: {what}')
        return
    if header.owner != found.owner:
        raise StorageError(
            f'{path}: is the log of {header.owner}, not of {found.owner}: choose another data '
            'folder'
        )
    if is_first and header.is_checkpoint:
        found.next_frame = header.first_frame
    if header.number != int(path.stem) or header.first_frame != found.next_frame:
        found.damage = _gap(found, path, header)
        return
    end, begins, vouched = _read_frames(found, image, header)
    vouched = max(vouched, vouched_for(image, end, header.checksum))
    is_clean = image.count(0, end) == len(image) - end
    suspect = _damaged_frame(found, path, end, read_frame(image, end, header.checksum))
    if unreadable is not None:
        text = f'{path}: the disk cannot read the sector at offset {unreadable}'
        suspect = Damage(path, unreadable, text)
    found.segments.append(Segment(path, header, len(image), end, len(begins), suspect))
    if vouched >= found.next_frame or (is_last and unreadable is not None):
        found.damage = suspect
    elif is_last:
        first_unvouched = vouched + 1 - header.first_frame
        found.unvouched = b''.join(image[at:end] for at in begins[first_unvouched:][:1])
        if not is_clean:
            found.torn = TornTail(path, end, len(image) - end)


def _read_frames(found: Survey, image: bytes, header: SegmentHeader) -> tuple[int, list[int], int]:
    """Take the frames of a segment as far as they are intact.

    Returns
    -------
    end : behind the last of them.
    begins : offset of each.
    vouched : the newest frame that they, or the segment itself, know to be synced.
    """
    end = len(header.encode())
    begins: list[int] = []
    vouched = header.first_frame if header.is_checkpoint else header.first_frame - 1
    frame = read_frame(image, end, header.checksum)
    while frame is not None and frame.is_whole and frame.number == found.next_frame:
        begins.append(end)
        found.records += frame.records
        found.next_frame += 1
        vouched = max(vouched, frame.synced)
        end = frame.end
        frame = read_frame(image, end, header.checksum)
    return end, begins, vouched


def _damaged_frame(found: Survey, path: Path, offset: int, frame: Frame | None) -> Damage:
    what = f'frame {found.next_frame}'
    records: tuple[bytes, ...] = ()
    if frame is not None and frame.number == found.next_frame:
        records = frame.records
        what = f'record {len(records) + 1} of {what}'
        offset += FRAME_BYTES + sum(RECORD_BYTES + len(record) for record in records)
    text = f'{path}: {what} at offset {offset} is damaged, although it had been acknowledged'
    return Damage(path, offset, text, records)


def _gap(found: Survey, path: Path, header: SegmentHeader) -> Damage:
    """Between the frames that were found and those that a segment begins with."""
    is_its_own = header.number == int(path.stem)
    if is_its_own and header.first_frame > found.next_frame and found.segments:
        return found.segments[-1].suspect
    text = (
        f'{path}: is segment {header.number} from frame {header.first_frame} on, where segment '
        f'{int(path.stem)} from frame {found.next_frame} on belongs'
    )
    return Damage(path, 0, text)

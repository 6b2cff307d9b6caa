"""The bytes of the write-ahead log: segment headers and frames, written and read back from an
image.

A segment is a header, then frames, then zeros that were written ahead. One frame is one write: the
records of one group commit, a number that counts up by one over all segments, and the number of
the newest frame that was *known to be synced* when this one was written. That last number is what
tells a write that a crash tore (nothing later vouches for it) from damage to something
acknowledged (a later frame does).

Checksums are CRC-32C. They form a chain: a frame's begins with that of its segment's header, and
each record's with that of what stands before it in the frame. So a record is intact only where it
was written, not where a disk has put a copy of it, and damage is found to the record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from google_crc32c import extend

FORMAT_VERSION = 2

_SEGMENT_MAGIC = b'muster-wal'
_CHECKPOINT_MAGIC = b'muster-ckp'
_SEGMENT = struct.Struct('<10sHQQHI')
"""Magic, format version, segment number, number of the first frame, length of the owner, checksum.
The owner follows."""
_FRAME_MAGIC = b'\xb5FRM'
_FRAME = struct.Struct('<4sIQQI')
"""Magic, length of the body, frame number, newest synced frame, checksum."""
_FRAME_FIELDS = struct.Struct('<IQQ')
_RECORD = struct.Struct('<II')
"""Length of the record that follows, checksum."""

FRAME_BYTES, RECORD_BYTES = _FRAME.size, _RECORD.size
"""What a frame, and each record of it, takes beside the record itself."""


@dataclass(frozen=True)
class SegmentHeader:
    """What a segment says of itself."""

    number: int
    first_frame: int
    owner: str
    version: int = FORMAT_VERSION
    is_checkpoint: bool = False
    """The first frame holds everything: earlier segments are not needed."""

    @property
    def checksum(self) -> int:
        """Where the checksums of the segment's frames begin."""
        return extend(extend(0, self._fields(0)), self.owner.encode())

    def encode(self) -> bytes:
        return self._fields(self.checksum) + self.owner.encode()

    def _fields(self, checksum: int) -> bytes:
        magic = _CHECKPOINT_MAGIC if self.is_checkpoint else _SEGMENT_MAGIC
        owner_bytes = len(self.owner.encode())
        return _SEGMENT.pack(
            magic, self.version, self.number, self.first_frame, owner_bytes, checksum
        )


@dataclass(frozen=True)
class Frame:
    """One write, as read back."""

    number: int
    synced: int
    """Number of the newest frame that was known to be on disk when this one was written."""
    records: tuple[bytes, ...]
    """Those that are intact; after a damaged one, none."""
    end: int
    """Offset behind it."""
    is_whole: bool
    """No record is damaged or cut off."""


def encode_frame(checksum: int, number: int, synced: int, records: Sequence[bytes]) -> bytes:
    """A frame for the segment whose header has that checksum."""
    length = sum(map(len, records)) + _RECORD.size * len(records)
    checksum = extend(checksum, _FRAME_FIELDS.pack(length, number, synced))
    parts = [_FRAME.pack(_FRAME_MAGIC, length, number, synced, checksum)]
    for record in records:
        checksum = extend(checksum, record)
        parts.append(_RECORD.pack(len(record), checksum))
        parts.append(record)
    return b''.join(parts)


def read_header(image: bytes) -> SegmentHeader | None:
    """The header of a segment, or None when it is damaged or cut off.

    Of a segment in the first format only the version is known, because its checksum is another.
    """
    if len(image) < _SEGMENT.size:
        return None
    magic, version, number, first_frame, length, checksum = _SEGMENT.unpack_from(image)
    if magic not in (_SEGMENT_MAGIC, _CHECKPOINT_MAGIC):
        return None
    if version == 1:
        return SegmentHeader(number, first_frame, '', version)
    owner = image[_SEGMENT.size : _SEGMENT.size + length]
    header = SegmentHeader(
        number,
        first_frame,
        owner.decode(errors='replace'),
        version,
        is_checkpoint=magic == _CHECKPOINT_MAGIC,
    )
    return header if header.checksum == checksum else None


def stated_checksum(image: bytes) -> int:
    """The checksum in a header, whether the rest of it is damaged or not."""
    return int(_SEGMENT.unpack_from(image)[-1]) if len(image) >= _SEGMENT.size else 0


def read_frame(image: bytes, offset: int, checksum: int) -> Frame | None:
    """The frame at an offset, or None when there is none or its own fields are damaged.

    Parameters
    ----------
    checksum : of the header of its segment.
    """
    at = offset + _FRAME.size
    if at > len(image):
        return None
    magic, length, number, synced, stated = _FRAME.unpack_from(image, offset)
    checksum = extend(checksum, _FRAME_FIELDS.pack(length, number, synced))
    if magic != _FRAME_MAGIC or checksum != stated:
        return None
    end = at + length
    records: list[bytes] = []
    while at + _RECORD.size <= min(end, len(image)):
        record_bytes, stated = _RECORD.unpack_from(image, at)
        record = image[at + _RECORD.size : at + _RECORD.size + record_bytes]
        checksum = extend(checksum, record)
        at += _RECORD.size + record_bytes
        if at > min(end, len(image)) or checksum != stated:
            return Frame(number, synced, tuple(records), end, is_whole=False)
        records.append(record)
    return Frame(number, synced, tuple(records), end, is_whole=at == end)


def frames_behind(image: bytes, offset: int, checksum: int) -> Iterator[Frame]:
    """Whatever can still be made out to be a frame from an offset on."""
    at = image.find(_FRAME_MAGIC, offset)
    while at >= 0:
        frame = read_frame(image, at, checksum)
        if frame is not None:
            yield frame
        at = image.find(_FRAME_MAGIC, at + 1)


def vouched_for(image: bytes, offset: int, checksum: int) -> int:
    """The newest frame that any frame behind `offset` knew to be synced; 0 without one."""
    return max((frame.synced for frame in frames_behind(image, offset, checksum)), default=0)

"""The bytes of the write-ahead log: segment headers and frames, written and read back from an
image.

A segment is a header and then frames. One frame is one write: the records of one group commit, a
number that counts up by one over all segments, and the number of the newest frame that was *known
to be synced* when this one was written. That last number is what tells a write that a crash tore
(nothing later vouches for it) from damage to something acknowledged (a later frame does).

Checksums are CRC-32 with zlib's polynomial: it is in the standard library, CRC-32C is not.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FORMAT_VERSION = 1

_SEGMENT_MAGIC = b'muster-wal'
_CHECKPOINT_MAGIC = b'muster-ckp'
_SEGMENT = struct.Struct('<10sHQQHI')
"""Magic, format version, segment number, number of the first frame, length of the owner, CRC."""
_FRAME_MAGIC = b'\xb5FRM'
_FRAME = struct.Struct('<4sIQQI')
"""Magic, length of the body, frame number, newest synced frame, CRC over all but the magic."""
_RECORD = struct.Struct('<I')
"""Length of the record that follows."""


@dataclass(frozen=True)
class SegmentHeader:
    """What a segment says of itself."""

    number: int
    first_frame: int
    owner: str
    version: int = FORMAT_VERSION
    is_checkpoint: bool = False
    """The first frame holds everything: earlier segments are not needed."""

    def encode(self) -> bytes:
        owner = self.owner.encode()
        magic = _CHECKPOINT_MAGIC if self.is_checkpoint else _SEGMENT_MAGIC
        fields = (magic, self.version, self.number, self.first_frame, len(owner))
        crc = zlib.crc32(owner, zlib.crc32(_SEGMENT.pack(*fields, 0)))
        return _SEGMENT.pack(*fields, crc) + owner


@dataclass(frozen=True)
class Frame:
    """One write."""

    number: int
    synced: int
    """Number of the newest frame that was known to be on disk when this one was written."""
    body: bytes

    def encode(self) -> bytes:
        crc = _frame_crc(self.number, self.synced, self.body)
        header = _FRAME.pack(_FRAME_MAGIC, len(self.body), self.number, self.synced, crc)
        return header + self.body

    @property
    def size(self) -> int:
        """[bytes] on disk."""
        return _FRAME.size + len(self.body)

    def records(self) -> Iterator[bytes]:
        at = 0
        while at < len(self.body):
            (length,) = _RECORD.unpack_from(self.body, at)
            at += _RECORD.size
            yield self.body[at : at + length]
            at += length


def body_of(records: Sequence[bytes]) -> bytes:
    """The body of a frame that holds these records."""
    return b''.join(_RECORD.pack(len(one)) + one for one in records)


def read_header(image: bytes) -> SegmentHeader | None:
    """The header of a segment, or None when it is damaged or cut off."""
    if len(image) < _SEGMENT.size:
        return None
    magic, version, number, first_frame, length, crc = _SEGMENT.unpack_from(image)
    owner = image[_SEGMENT.size : _SEGMENT.size + length]
    blank = _SEGMENT.pack(magic, version, number, first_frame, length, 0)
    if (
        magic not in (_SEGMENT_MAGIC, _CHECKPOINT_MAGIC)
        or zlib.crc32(owner, zlib.crc32(blank)) != crc
    ):
        return None
    is_checkpoint = magic == _CHECKPOINT_MAGIC
    return SegmentHeader(
        number, first_frame, owner.decode(errors='replace'), version, is_checkpoint
    )


def read_frame(image: bytes, offset: int) -> Frame | None:
    """The frame at an offset, or None when there is none or it is damaged or cut off."""
    start = offset + _FRAME.size
    if start > len(image):
        return None
    magic, length, number, synced, crc = _FRAME.unpack_from(image, offset)
    if magic != _FRAME_MAGIC or length > len(image) - start:
        return None
    body = image[start : start + length]
    if _frame_crc(number, synced, body) != crc:
        return None
    return Frame(number, synced, body)


def vouched_for(image: bytes, offset: int) -> int:
    """The newest frame that any intact frame behind `offset` knew to be synced; 0 without one."""
    newest = 0
    at = image.find(_FRAME_MAGIC, offset)
    while at >= 0:
        frame = read_frame(image, at)
        if frame is not None:
            newest = max(newest, frame.synced)
        at = image.find(_FRAME_MAGIC, at + 1)
    return newest


def _frame_crc(number: int, synced: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(struct.pack('<IQQ', len(body), number, synced)))

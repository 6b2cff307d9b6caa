"""Snapshots on their way from a leader to a follower, in checksummed pieces.

A transfer that is interrupted goes on where it stopped, even under another leader, as long as that
one has the same snapshot.
"""

from __future__ import annotations

import zlib

from muster.core.raft.messages import Snapshot, SnapshotChunk


def chunk_of(
    snapshot: Snapshot, checksum: int, offset: int, max_bytes: int, term: int, round: int
) -> SnapshotChunk:
    """The piece of a snapshot that begins at `offset`."""
    return SnapshotChunk(
        term=term,
        round=round,
        index=snapshot.index,
        snapshot_term=snapshot.term,
        membership=snapshot.membership,
        offset=offset,
        size=len(snapshot.data),
        checksum=checksum,
        data=snapshot.data[offset : offset + max_bytes],
    )


def checksum_of(data: bytes) -> int:
    """CRC-32 of a whole snapshot."""
    return zlib.crc32(data)


class Intake:
    """The snapshot that a follower is receiving."""

    def __init__(self) -> None:
        self._identity: tuple[int, int, int, int] | None = None
        self._data = bytearray()

    @property
    def offset(self) -> int:
        """How much has arrived."""
        return len(self._data)

    def take(self, chunk: SnapshotChunk) -> Snapshot | None:
        """Add a piece; the whole snapshot when it was the last. A damaged one starts over."""
        identity = (chunk.index, chunk.snapshot_term, chunk.size, chunk.checksum)
        if identity != self._identity:
            self._identity = identity
            self._data.clear()
        if chunk.offset == len(self._data):
            self._data += chunk.data
        if len(self._data) < chunk.size:
            return None
        data = bytes(self._data)
        self._identity = None
        self._data.clear()
        if len(data) != chunk.size or checksum_of(data) != chunk.checksum:
            return None
        return Snapshot(chunk.index, chunk.snapshot_term, chunk.membership, data)

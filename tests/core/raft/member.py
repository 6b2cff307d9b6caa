"""One process of a Raft group with its disk and its clock, and the messages that it sends."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

import msgspec

from muster.core.raft import (
    Entry,
    EntryKind,
    HardState,
    Message,
    RaftConfig,
    RaftNode,
    Record,
    Snapshot,
    StateChange,
)

_STATES = msgspec.msgpack.Decoder(list[tuple[int, int, bytes, EntryKind]])
"""The state of the state machine is all that was applied. Its size must not depend on how entries
travel, since tests count the pieces of snapshots."""


def encode_state(applied: list[Entry]) -> bytes:
    """A snapshot's data."""
    return msgspec.msgpack.encode([(one.index, one.term, one.data, one.kind) for one in applied])


def decode_state(data: bytes) -> list[Entry]:
    """What `encode_state` was given."""
    return [Entry(*fields) for fields in _STATES.decode(data)]


class Patience(random.Random):
    """Draws every election timeout from one number in [0..1] that a test may change."""

    share = 0.5

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.share


@dataclass(frozen=True)
class Parcel:
    """A message under way."""

    sender: str
    recipient: str
    message: Message


@dataclass
class Clock:
    """A steady clock that may run slow or fast [s]."""

    rate: float = 1.0
    _set_at: float = 0.0
    _showed: float = 0.0

    def read(self, now: float) -> float:
        return self._showed + (now - self._set_at) * self.rate

    def change_rate(self, rate: float, now: float) -> None:
        self._set_at, self._showed, self.rate = now, self.read(now), rate


@dataclass
class Member:
    """One process and its disk."""

    config: RaftConfig
    rng: random.Random
    clock: Clock = field(default_factory=Clock)
    disk: list[Record] = field(default_factory=list)
    node: RaftNode | None = None
    writes: deque[tuple[int, tuple[Record, ...], bool]] = field(default_factory=deque)
    """Begun and not yet durable."""
    is_disk_slow: bool = False
    """Writes wait for `Group.sync`."""
    applied: list[Entry] = field(default_factory=list)
    """By the present process, or told to it by a snapshot."""
    reads: dict[int, int] = field(default_factory=dict)
    """Index by context, of reads that were answered."""
    reads_asked: dict[int, int] = field(default_factory=dict)
    """How much was committed when a read was asked, by context."""
    changes: list[StateChange] = field(default_factory=list)
    """What the present process has been, with the causes."""

    def store(self, records: tuple[Record, ...], is_checkpoint: bool) -> None:
        """Records reach the disk."""
        self.disk = [*([] if is_checkpoint else self.disk), *records]

    @property
    def hard_state(self) -> HardState:
        """As a restart would find it."""
        found = [record for record in self.disk if isinstance(record, HardState)]
        return found[-1] if found else HardState()

    @property
    def entries(self) -> list[Entry]:
        """As a restart would find them."""
        entries: list[Entry] = []
        for record in self.disk:
            if isinstance(record, Snapshot):
                entries = decode_state(record.data)
            elif isinstance(record, Entry):
                entries[record.index - 1 :] = [record]
        return entries


def node_log(member: Member) -> list[Entry]:
    """The log of a member in memory, durable or not, with what its snapshot stands for."""
    assert member.node is not None
    log = member.node.log
    known: list[Entry] = []
    if log.base_index:
        known = decode_state(log.snapshot.data)[: log.base_index]
    return known + list(log.slice(log.base_index + 1, log.last_index + 1))

"""This robot's copy of the ledger: a Raft member, the state machine that it feeds, and their form
on disk.

A robot's *incarnation* is the number of times it has booted. It is a record in the same log,
durable before the robot says a word, so that no peer can take a robot that has forgotten its work
for the one that had it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from muster.core.coordinator.effects import Persist
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.wire import RaftMessage
from muster.core.ledger.commands import Command, decode_command, encode_command
from muster.core.ledger.ledger import Applied, Ledger
from muster.core.raft.config import RaftConfig
from muster.core.raft.messages import Entry, EntryKind, HardState, Snapshot
from muster.core.raft.node import NotLeaderError, RaftNode
from muster.core.types import RobotId, StorageError


class Boot(msgspec.Struct, frozen=True, tag='boot'):
    """The process has started for the `incarnation`-th time."""

    incarnation: int


StoredRecord: TypeAlias = Boot | Entry | HardState | Snapshot

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[StoredRecord] = msgspec.msgpack.Decoder(StoredRecord)


def decode_records(records: Iterable[bytes]) -> list[StoredRecord]:
    """What the log on disk says; StorageError when a record cannot be understood."""
    decoded = []
    for number, record in enumerate(records, start=1):
        try:
            decoded.append(_DECODER.decode(record))
        except msgspec.MsgspecError as error:
            raise StorageError(
                f'record {number} of the log is not one of this version of muster ({error}); '
                'start the version that wrote it, or set the folder aside to join as a new robot'
            ) from error
    return decoded


class Replica:
    """The ledger as this robot knows it, and the means to extend it.

    Parameters
    ----------
    config : the Raft group.
    records : everything that was ever persisted, oldest first.
    on_applied : called with the effect of each command as it is applied.
    """

    def __init__(
        self,
        config: RaftConfig,
        records: Iterable[bytes],
        rng: random.Random,
        now: float,
        outbox: Outbox,
        on_applied: Callable[[Applied], None],
    ) -> None:
        stored = decode_records(records)
        boots = [record.incarnation for record in stored if isinstance(record, Boot)]
        self.incarnation = max(boots, default=0) + 1
        self.ledger = Ledger()
        self.applied_index = 0
        self.is_broken = False
        """The disk has failed: nothing is promised any more."""
        self._outbox = outbox
        self._on_applied = on_applied
        self._sequence = 0
        self._boot_sequence: int | None = None
        self._has_booted = False
        self._saving: dict[int, int] = {}
        self._proposals: list[tuple[str, Command]] = []
        self._under_way: dict[str, int] = {}
        self._term_of_proposals = 0
        self._compact_every = config.compact_every
        members = (record for record in stored if not isinstance(record, Boot))
        self.raft = RaftNode(config, members, rng, now)

    @property
    def is_awake(self) -> bool:
        """The incarnation is durable and the disk works: the robot may speak."""
        return self._has_booted and not self.is_broken

    def boot(self) -> None:
        """Write down that this incarnation has begun."""
        self._boot_sequence = self._persist((Boot(self.incarnation),))

    def persisted(self, sequence: int, now: float) -> None:
        if self._boot_sequence is not None and sequence >= self._boot_sequence:
            self._has_booted = True
        done = [number for number in self._saving if number <= sequence]
        for number in done:
            self.raft.persisted(self._saving.pop(number), now)

    def step(self, sender: RobotId, message: RaftMessage, now: float) -> None:
        """A peer's Raft message; ProtocolError when no correct peer sends it."""
        self.raft.step(sender, message, now)

    def tick(self, now: float) -> None:
        if self.is_awake and now >= self.raft.next_tick():
            self.raft.tick(now)

    # Proposing

    def propose(self, key: str, command: Command) -> None:
        """Have the leader append a command at the end of the step, unless one of that key is under
        way."""
        if key not in self._under_way:
            self._under_way[key] = 0
            self._proposals.append((key, command))

    def is_under_way(self, key: str) -> bool:
        """Proposed by this leader in this term, and not applied yet."""
        return key in self._under_way

    def flush(self, now: float) -> bool:
        """Propose, persist, send and apply all that is due; returns whether anything was."""
        if not self.is_awake:
            return False
        self._propose_all(now)
        ready = self.raft.ready()
        if ready.records:
            boot = (Boot(self.incarnation),) if ready.is_checkpoint else ()
            sequence = self._persist((*boot, *ready.records), ready.is_checkpoint)
            self._saving[sequence] = ready.sequence
        for recipient, message in ready.messages:
            self._outbox.send(recipient, message)
        if ready.snapshot is not None:
            self.ledger.restore(ready.snapshot.data)
            self.applied_index = ready.snapshot.index
            self._on_applied(Applied())
        for entry in ready.committed:
            self._apply(entry)
        if ready.committed and self._under_way:
            self._under_way = {
                key: index
                for key, index in self._under_way.items()
                if index == 0 or index > self.applied_index
            }
        if self.applied_index - self.raft.log.snapshot.index >= self._compact_every:
            self.raft.compact(self.applied_index, self.ledger.encode(), self._compact_every // 4)
        return not ready.is_empty

    def _apply(self, entry: Entry) -> None:
        self.applied_index = entry.index
        if entry.kind is EntryKind.COMMAND and entry.data:
            self._on_applied(self.ledger.apply(decode_command(entry.data)))

    def _propose_all(self, now: float) -> None:
        if self._term_of_proposals != self.raft.term or not self.raft.is_leader:
            fresh = {key for key, _ in self._proposals} if self.raft.is_leader else set()
            self._under_way = {key: 0 for key in self._under_way if key in fresh}
            self._term_of_proposals = self.raft.term
        if not self._proposals:
            return
        proposals, self._proposals = self._proposals, []
        if not self.raft.is_leader:
            return
        commands = [encode_command(command) for _, command in proposals]
        try:
            indices = self.raft.propose(commands, now)
        except NotLeaderError:
            for key, _ in proposals:
                del self._under_way[key]
            return
        for (key, _), index in zip(proposals, indices, strict=True):
            self._under_way[key] = index

    def _persist(self, records: Iterable[StoredRecord], is_checkpoint: bool = False) -> int:
        self._sequence += 1
        encoded = tuple(_ENCODER.encode(record) for record in records)
        self._outbox.persist(Persist(self._sequence, encoded, is_checkpoint))
        return self._sequence

"""This robot's copy of the ledger: a Raft member, the state machine that it feeds, and their form
on disk.

A robot's *incarnation* is the number of times it has booted. It is a record in the same log,
durable before the robot says a word, so that no peer can take a robot that has forgotten its work
for the one that had it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable
from typing import TypeAlias

import msgspec

from muster.core.coordinator.effects import Persist, Warn
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.wire import RaftMessage
from muster.core.ledger.commands import Command, decode_command, encode_command
from muster.core.ledger.ledger import Applied, Ledger
from muster.core.raft.config import RaftConfig
from muster.core.raft.messages import (
    Entry,
    EntryKind,
    HardState,
    Ready,
    Snapshot,
    StateChange,
)
from muster.core.raft.node import NotLeaderError, RaftNode
from muster.core.types import ProtocolError, RobotId, StorageError

HOLD_S = 0.01
"""Longest that proposals wait for those before them to be committed."""


class Boot(msgspec.Struct, frozen=True, tag='boot'):
    """The process has started for the `incarnation`-th time."""

    incarnation: int


class Told(msgspec.Struct, frozen=True, tag='told'):
    """The ledger was applied up to here, so a leader had told the world of it."""

    index: int


class Entries(msgspec.Struct, frozen=True, tag='entries'):
    """Entries that were written together."""

    entries: tuple[Entry, ...]


StoredRecord: TypeAlias = Boot | Told | Entry | HardState | Snapshot

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Boot | Told | Entries | HardState | Snapshot] = (
    msgspec.msgpack.Decoder(Boot | Told | Entries | HardState | Snapshot)
)


def encode_records(records: Iterable[StoredRecord]) -> tuple[bytes, ...]:
    """Records as they are written to disk; entries that follow one another make one."""
    encoded = []
    for is_entry, run in itertools.groupby(records, lambda one: type(one) is Entry):
        if is_entry:
            encoded.append(_ENCODER.encode(Entries(tuple(run))))  # type: ignore[arg-type]
        else:
            encoded.extend(map(_ENCODER.encode, run))
    return tuple(encoded)


def decode_records(records: Iterable[bytes]) -> list[StoredRecord]:
    """What the log on disk says; StorageError when a record cannot be understood."""
    decoded: list[StoredRecord] = []
    for number, record in enumerate(records, start=1):
        try:
            one = _DECODER.decode(record)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise StorageError(
                f'record {number} of the log is not one of this version of muster ({error}); '
                'start the version that wrote it, or set the folder aside and let the robot join '
                'under a new name: under its own it would have to keep promises it has forgotten'
            ) from error
        decoded.extend(one.entries if isinstance(one, Entries) else (one,))
    return decoded


class Replica:
    """The ledger as this robot knows it, and the means to extend it.

    Parameters
    ----------
    config : the Raft group.
    records : everything that was ever persisted, oldest first.
    on_applied : called with the effect of each command as it is applied, and whether that is news:
        a robot that has restarted goes through all that it knew before.
    """

    def __init__(
        self,
        config: RaftConfig,
        records: Iterable[bytes],
        rng: random.Random,
        now: float,
        outbox: Outbox,
        on_applied: Callable[[Applied, bool], None],
    ) -> None:
        stored = decode_records(records)
        boots = [record.incarnation for record in stored if isinstance(record, Boot)]
        self.incarnation = max(boots, default=0) + 1
        self._told = max((one.index for one in stored if isinstance(one, Told)), default=0)
        self.ledger = Ledger()
        self.applied_index = 0
        self.applied_term = 0
        """Of the newest entry applied."""
        self.has_left = False
        """It can no longer be trusted with the ledger: it says and promises nothing any more."""
        self.left_because = ''
        """Why, and the remedy; empty while it has not left."""
        self._outbox = outbox
        self._on_applied = on_applied
        self._sequence = 0
        self._boot_sequence: int | None = None
        self._has_booted = False
        self._saving: dict[int, int] = {}
        self._proposals: list[tuple[str, Command]] = []
        self._held_since = now
        self._under_way: dict[str, int] = {}
        self._term_of_proposals = 0
        self._compact_every = config.compact_every
        members = (record for record in stored if not isinstance(record, Boot | Told))
        self.raft = RaftNode(config, members, rng, now)

    @property
    def is_awake(self) -> bool:
        """The incarnation is durable and the disk works: the robot may speak."""
        return self._has_booted and not self.has_left

    @property
    def leader(self) -> RobotId:
        """Whom this robot follows; nobody while it may not speak."""
        return self.raft.leader if self.is_awake else ''

    @property
    def is_leader(self) -> bool:
        return self.raft.is_leader and self.is_awake

    def boot(self) -> None:
        """Write down that this incarnation has begun."""
        self._boot_sequence = self._persist((Boot(self.incarnation),))

    def persisted(self, sequence: int, now: float) -> None:
        if self._boot_sequence is not None and sequence >= self._boot_sequence:
            self._has_booted = True
        done = [number for number in self._saving if number <= sequence]
        for number in done:
            self.raft.persisted(self._saving.pop(number), now)

    def leave(self, code: str, reason: str) -> None:
        """Take no further part in the team, until the process is started again.

        The robot falls silent, so its authority runs out and others get its work.
        """
        if not self.has_left:
            self.has_left = True
            self.left_because = f'{reason}; the robot has left the team until it is restarted'
            self._outbox.warn(Warn(code, True, self.left_because, is_critical=True))

    def step(self, sender: RobotId, message: RaftMessage, now: float) -> None:
        """A peer's Raft message; ProtocolError when no correct peer sends it."""
        self.raft.step(sender, message, now)

    def tick(self, now: float) -> None:
        if self.is_awake and now >= self.raft.next_tick():
            self.raft.tick(now)

    def next_tick(self) -> float:
        """Steady time at which something is due, if nothing else happens."""
        due = self.raft.next_tick()
        return min(due, self._held_since + HOLD_S) if self._proposals else due

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
        if not self._holds_back(now):
            self._propose_all(now)
        ready = self.raft.ready()
        if ready.records:
            self._write(ready)
        for recipient, message in ready.messages:
            self._outbox.send(recipient, message)
        for change in ready.changes:
            self._outbox.note(_sentence(change))
        if ready.snapshot is not None:
            self._restore(ready.snapshot)
        self._apply(ready.committed)
        if ready.committed and self._under_way:
            self._under_way = {
                key: index
                for key, index in self._under_way.items()
                if index == 0 or index > self.applied_index
            }
        is_long = self.applied_index - self.raft.log.snapshot.index >= self._compact_every
        if is_long and not self.has_left:
            self.raft.compact(self.applied_index, self.ledger.encode(), self._compact_every // 4)
        return not ready.is_empty

    def _write(self, ready: Ready) -> None:
        records: list[StoredRecord] = list(ready.records)
        if ready.is_checkpoint:
            records.insert(0, Boot(self.incarnation))
        if self.applied_index > self._told or ready.is_checkpoint:
            self._told = max(self._told, self.applied_index)
            records.append(Told(self._told))
        self._saving[self._persist(records, ready.is_checkpoint)] = ready.sequence

    def _restore(self, snapshot: Snapshot) -> None:
        try:
            self.ledger.restore(snapshot.data)
        except ProtocolError as error:
            self._cannot_read(f'the snapshot at entry {snapshot.index}', error)
            return
        self.applied_index, self.applied_term = snapshot.index, snapshot.term
        self._on_applied(Applied(), False)

    def _cannot_read(self, what: str, error: ProtocolError) -> None:
        """The team has agreed on it, so to skip it would make two ledgers of one."""
        text = f'{what} of the ledger is of a later version: {error}'
        self.leave('ledger_unreadable', f'{text}; install that version')

    def _apply(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.kind is EntryKind.COMMAND and entry.data:
                try:
                    command = decode_command(entry.data)
                except ProtocolError as error:
                    self._cannot_read(f'entry {entry.index}', error)
                    return
                self._on_applied(self.ledger.apply(command), entry.index > self._told)
            self.applied_index, self.applied_term = entry.index, entry.term

    def _holds_back(self, now: float) -> bool:
        """Whether proposals wait for those before them: what comes in meanwhile goes together."""
        raft = self.raft
        if not self._proposals or not raft.is_leader or raft.commit_index >= raft.log.last_index:
            self._held_since = now
            return False
        return now - self._held_since < HOLD_S

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
        encoded = encode_records(records)
        self._outbox.persist(Persist(self._sequence, encoded, is_checkpoint))
        return self._sequence


def _sentence(change: StateChange) -> str:
    leader = f', led by {change.leader}' if change.leader else ''
    return f'consensus: {change.role.value} in term {change.term}{leader}: {change.cause}'

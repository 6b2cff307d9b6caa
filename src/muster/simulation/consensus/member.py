"""One member of a simulated group: a driver around the real `RaftNode`, in virtual time.

It does what the package docstring of `muster.core.raft` asks of a caller, over a disk that may
fail, and hosts a key-value store behind client sessions.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from muster.core.raft import (
    Entry,
    Message,
    NotLeaderError,
    RaftConfig,
    RaftNode,
    RaftRole,
    ReadResult,
    Ready,
    Record,
    SessionOutcome,
    Sessions,
    Snapshot,
    StateChange,
)
from muster.core.types import RobotId
from muster.simulation.agenda import Agenda
from muster.simulation.clock import Clock
from muster.simulation.consensus.group_commit import Batch, GroupCommit
from muster.simulation.consensus.key_values import KeyValues
from muster.simulation.consensus.referee import DIGEST_EVERY, GroupReferee
from muster.simulation.disk import Disk
from muster.simulation.network import Network


class Guest(Protocol):
    """A client that sits at a member."""

    def on_outcome(self, outcome: SessionOutcome) -> None:
        """The member has applied an entry."""

    def on_gap(self) -> None:
        """The member may have skipped entries: it restarted, or was given a snapshot."""


@dataclass
class GroupSurroundings:
    """What the members of one run share."""

    agenda: Agenda
    network: Network
    referee: GroupReferee
    members: dict[RobotId, Member]
    bites: Counter[str]
    tell: Callable[[str], None]


@dataclass
class _Read:
    key: str
    answer: Callable[[str | None], None]
    kind: str
    asked_at_index: int
    """How far the log was known to be committed, to whoever knew most."""


@dataclass
class Member:
    """Process, disk and clock of one member."""

    config: RaftConfig
    seed: str
    clock: Clock
    disk: Disk[Record]
    session_limit: int
    shared: GroupSurroundings
    node: RaftNode | None = None
    """None while the process is dead."""
    is_paused: bool = False
    guests: list[Guest] = field(default_factory=list)
    sessions: Sessions = field(init=False)
    store: KeyValues = field(init=False)
    applied_index: int = 0
    elections: int = 0
    """Won, in all lives."""
    _lives: int = 0
    _alarm: float = 0.0
    _backlog: list[Callable[[], None]] = field(default_factory=list)
    _writes: GroupCommit = field(init=False)
    _reads: dict[int, _Read] = field(default_factory=dict)
    _waiting: list[tuple[int, _Read]] = field(default_factory=list)
    _reads_asked: int = 0
    _heard: dict[RobotId, int] = field(default_factory=dict)
    _sent: int = 0
    _takes_over_from: RobotId = ''

    @property
    def name(self) -> RobotId:
        return self.config.me

    @property
    def is_running(self) -> bool:
        return self.node is not None and not self.is_paused

    def now(self) -> float:
        return self.clock.steady(self.shared.agenda.now)

    # Life and death

    def boot(self) -> None:
        """Start the process from what is on the disk."""
        if self.node is not None:
            return
        self._lives += 1
        self.store = KeyValues()
        self.sessions = Sessions(self.store, self.session_limit)
        self.applied_index = 0
        self._reads_asked = 0
        life = self._lives
        self._writes = GroupCommit(
            self.disk,
            lambda sequence: self._do(partial(self._durable, life, sequence)),
            lambda: self._do(partial(self._refused, life)),
        )
        rng = random.Random(f'{self.seed}/{self.name}/{self._lives}')
        self.node = RaftNode(self.config, tuple(self.disk.records), rng, self.now())
        self.shared.referee.booted(self.name, self.node, self.now)
        for guest in tuple(self.guests):
            guest.on_gap()
        self._attend(self.node)

    def crash(self) -> None:
        """Kill the process; unsynced writes are lost."""
        if self.node is None:
            return
        self.shared.bites['crashes'] += 1
        self.node = None
        self.is_paused = False
        self._takes_over_from = ''
        self._alarm = 0.0
        for pending in (self._backlog, self._reads, self._waiting):
            pending.clear()
        self.disk.crash()
        self.shared.referee.crashed(self.name)

    def pause(self) -> None:
        """Freeze the process (SIGSTOP); the world and its clock go on."""
        if self.node is not None and not self.is_paused:
            self.shared.bites['pauses'] += 1
            self.is_paused = True

    def resume(self) -> None:
        """Go on. What has piled up may be looked at before the clock, or after it."""
        if self.node is None or not self.is_paused:
            return
        self.is_paused = False
        backlog, self._backlog = self._backlog, []
        place = 0 if self.shared.agenda.count % 2 else len(backlog)
        backlog.insert(place, partial(self._tick, self._lives))
        for action in backlog:
            self._do(action)

    def set_rate(self, rate: float) -> None:
        """Let the steady clock go on at another rate."""
        self.clock = self.clock.at_rate(rate, self.shared.agenda.now)
        self._alarm = 0.0
        self._set_alarm()

    # What reaches the process

    def hear(self, sender: RobotId, number: int, message: Message) -> None:
        if number < self._heard.get(sender, 0):
            self.shared.bites['messages reordered'] += 1
        else:
            self._heard[sender] = number
        self._do(partial(self._hear, sender, message))

    def ask(self, action: Callable[[RaftNode, float], None]) -> bool:
        """Have the process do something with its node; False, and nothing is done, if it is
        dead."""
        if self.node is None:
            return False
        self._do(partial(self._ask, action))
        return True

    def propose(self, data: bytes, refuse: Callable[[], None]) -> bool:
        """Have a command appended, here or by the leader; `refuse` is called when that was not
        even tried. Returns False, without a call, if the process is dead."""

        def propose(node: RaftNode, now: float) -> None:
            try:
                if node.is_leader:
                    node.propose((data,), now)
                else:
                    node.forward((data,))
                    self.shared.bites['proposals forwarded'] += 1
            except NotLeaderError:
                refuse()

        return self.ask(propose)

    def read(self, key: str, answer: Callable[[str | None], None]) -> bool:
        """Have a value read; the answer None says to ask again. Returns False, without a call, if
        the process is dead."""

        def read(node: RaftNode, now: float) -> None:
            self._reads_asked += 1
            kind = 'ReadIndex reads' if node.is_leader else 'forwarded reads'
            committed = self.shared.referee.committed_index
            self._reads[self._reads_asked] = _Read(key, answer, kind, committed)
            try:
                node.read(self._reads_asked, now)
            except NotLeaderError:
                del self._reads[self._reads_asked]
                answer(None)
                return
            ready = node.ready()
            for result in ready.reads:
                if result.context == self._reads_asked and result.index >= 0 and node.is_leader:
                    self._reads[result.context].kind = 'lease reads'
                    self._note_lease_read(node)
            self._perform(node, ready)

        return self.ask(read)

    def _do(self, action: Callable[[], None]) -> None:
        if self.is_paused:
            self._backlog.append(action)
        else:
            action()

    def _hear(self, sender: RobotId, message: Message) -> None:
        if self.node is not None:
            self.node.step(sender, message, self.now())
            self._attend(self.node)

    def _ask(self, action: Callable[[RaftNode, float], None]) -> None:
        if self.node is not None:
            action(self.node, self.now())
            self._attend(self.node)

    def _durable(self, life: int, sequence: int) -> None:
        if life != self._lives or self.node is None:
            return
        self._writes.go_on()
        self.node.persisted(sequence, self.now())
        self._attend(self.node)

    def _refused(self, life: int) -> None:
        """A process whose disk refuses to write must not go on."""
        if life == self._lives:
            self.shared.tell(f'{self.name} stops: its disk refuses to write')
            self.crash()

    def _tick(self, life: int) -> None:
        if self.node is None or life != self._lives or self.is_paused:
            return
        self._alarm = 0.0
        self.node.tick(self.now())
        self._attend(self.node)

    def _set_alarm(self) -> None:
        """Ask for a tick when the node needs one, unless an earlier one is on its way."""
        if self.node is None:
            return
        now = self.shared.agenda.now
        due = max(self.clock.when(self.node.next_tick()), now + 0.001)
        if self._alarm <= now or due < self._alarm - 1e-9:
            self._alarm = due
            life = self._lives
            self.shared.agenda.at(due, lambda: self._tick(life) if self._alarm == due else None)

    # What it does

    def _attend(self, node: RaftNode) -> None:
        ready = node.ready()
        if not ready.is_empty:
            self._perform(node, ready)
        self._set_alarm()

    def _perform(self, node: RaftNode, ready: Ready) -> None:
        """The duties of a caller, in their order."""
        referee = self.shared.referee
        if ready.records:
            referee.writes(self.name, ready.records)
            self._writes.write(Batch(ready.sequence, ready.records, ready.is_checkpoint))
        for recipient, message in ready.messages:
            referee.says(self.name, node, recipient, message)
            self._sent += 1
            hear = partial(self.shared.members[recipient].hear, self.name, self._sent, message)
            self.shared.network.carry(self.name, recipient, hear)
        if ready.snapshot is not None:
            self._restore(node, ready.snapshot)
        for entry in ready.committed:
            self._apply(entry)
        for result in ready.reads:
            self._take_read(result)
        self._answer_reads()
        for change in ready.changes:
            self._note(change)
        referee.observe(self.name, node, self.clock)
        if self.applied_index - node.log.snapshot.index >= self.config.compact_every:
            self._compact(node)

    def _compact(self, node: RaftNode) -> None:
        self.shared.bites['logs compacted'] += 1
        state = self.sessions.encode()
        self.shared.referee.has_state(self.name, self.applied_index, state)
        node.compact(self.applied_index, state, self.config.compact_every // 4)
        self._attend(node)

    def _restore(self, node: RaftNode, snapshot: Snapshot) -> None:
        if node.metrics().snapshots_installed:
            whole = len(snapshot.data) <= self.config.chunk_bytes
            self.shared.bites[f'snapshots installed {"whole" if whole else "in pieces"}'] += 1
        self.shared.referee.has_state(self.name, snapshot.index, snapshot.data)
        self.sessions.restore(snapshot.data)
        self.applied_index = snapshot.index
        for guest in tuple(self.guests):
            guest.on_gap()

    def _apply(self, entry: Entry) -> None:
        outcome = self.sessions.apply(entry)
        self.applied_index = entry.index
        if outcome is not None:
            for guest in tuple(self.guests):
                guest.on_outcome(outcome)
        if entry.index % DIGEST_EVERY == 0:
            self.shared.referee.has_state(self.name, entry.index, self.sessions.encode())

    def _note(self, change: StateChange) -> None:
        if change.role is RaftRole.CANDIDATE:
            caller, _, _ = change.cause.partition(' hands over')
            self._takes_over_from = caller if caller != change.cause else ''
        elif change.role is RaftRole.LEADER:
            self.elections += 1
            if self._takes_over_from:
                self._note_transfer(self.shared.members[self._takes_over_from])
        if change.role is not RaftRole.CANDIDATE:
            self._takes_over_from = ''
        self.shared.tell(
            f'{self.name} {change.role.value} in term {change.term}, '
            f'follows {change.leader or "nobody"}: {change.cause}'
        )

    def _note_transfer(self, before: Member) -> None:
        self.shared.bites['transfers done'] += 1
        if before.disk.held_until > self.shared.agenda.now or before.disk.sync_s:
            self.shared.bites['leaders with a bad disk replaced'] += 1

    # Reading

    def _note_lease_read(self, node: RaftNode) -> None:
        shared = self.shared
        shared.referee.read_by_lease(self.name, node)
        rates = [shared.members[one].clock.rate for one in node.membership.voters]
        if self.clock.rate < max(rates):
            shared.bites['lease reads by a clock that is slower than others'] += 1

    def _take_read(self, result: ReadResult) -> None:
        read = self._reads.pop(result.context, None)
        if read is None:
            return
        if result.index < 0:
            self.shared.bites['reads refused'] += 1
            read.answer(None)
        else:
            self.shared.referee.read_answered(self.name, result.index, read.asked_at_index)
            self._waiting.append((result.index, read))

    def _answer_reads(self) -> None:
        """Those for which the log has been applied far enough."""
        if not self._waiting:
            return
        due = [read for index, read in self._waiting if index <= self.applied_index]
        self._waiting = [one for one in self._waiting if one[0] > self.applied_index]
        for read in due:
            self.shared.bites[f'{read.kind} served'] += 1
            read.answer(self.store[read.key])

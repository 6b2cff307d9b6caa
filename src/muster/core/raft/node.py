"""The Raft machine of one member: which of its roles a message or a moment belongs to. Its duties
towards the caller are in the package docstring.

Durability is asynchronous: `term`, `voted_for` and the log are ahead of the disk between `ready`
and `persisted`. Whatever promises something about them (votes, requests for votes,
acknowledgements of entries) waits in `Durability` until the disk has caught up; a leader's entries
go out at once, because a leader counts itself only when it is durable (section 10.2.1).
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable

from muster.core.raft.config import RaftConfig
from muster.core.raft.elections import Elections, Outcome
from muster.core.raft.follower import Follower
from muster.core.raft.leader import Leader
from muster.core.raft.log import Log
from muster.core.raft.membership import Membership
from muster.core.raft.messages import (
    Append,
    AppendReply,
    EntryKind,
    Message,
    Propose,
    RaftRole,
    ReadReply,
    ReadRequest,
    ReadResult,
    Ready,
    Record,
    Snapshot,
    SnapshotChunk,
    SnapshotReply,
    TakeOver,
    Vote,
    VoteReply,
)
from muster.core.raft.metrics import GroupMetrics, LatencyWindow
from muster.core.raft.reads import AskedReads, PendingRead
from muster.core.raft.restore import restore
from muster.core.raft.state import MemberState
from muster.core.types import MusterError, ProtocolError, RobotId

_NOTHING = Ready((), 0, False, (), None, (), ())


class NotLeaderError(MusterError):
    """Only a leader does this, and not while it hands over; nothing was changed."""


class RaftNode:
    """One member of a group.

    Parameters
    ----------
    config : this member's name, and the group that it begins with.
    records : what was durable when the member last stopped, in the order written.
    rng : source of election timeouts.
    now : steady time, seconds.

    Raises
    ------
    StorageError
        `records` have a gap.
    """

    def __init__(
        self, config: RaftConfig, records: Iterable[Record], rng: random.Random, now: float
    ) -> None:
        hard, log = restore(records, config)
        self.stepped_down_because = ''
        self._state = MemberState(config, hard, log)
        self._elections = Elections(self._state, rng, now)
        self._following = Follower(self._state)
        self._leading: Leader | None = None
        self._handed_out = self.commit_index
        self._snapshot_out: Snapshot | None = log.snapshot if self.commit_index else None
        self._snapshots_taken = 0
        self._terms_led = 0
        self._commit_times = LatencyWindow()
        self._reads_out: list[ReadResult] = []
        self._reads_asked = AskedReads(first=rng.getrandbits(48))
        self._now = now

    # What the caller may ask

    @property
    def config(self) -> RaftConfig:
        return self._state.config

    @property
    def log(self) -> Log:
        return self._state.log

    @property
    def term(self) -> int:
        return self._state.term

    @property
    def voted_for(self) -> RobotId:
        """In this term; empty when for nobody."""
        return self._state.voted_for

    @property
    def role(self) -> RaftRole:
        return self._state.role

    @property
    def leader(self) -> RobotId:
        """Of this term, as far as this member knows; empty when it knows none."""
        return self._state.leader

    @property
    def commit_index(self) -> int:
        return self._state.commit_index

    @property
    def is_leader(self) -> bool:
        return self._leading is not None

    @property
    def membership(self) -> Membership:
        """Of the group, as this member knows it."""
        return self.log.membership

    @property
    def elections(self) -> int:
        """Elections that this member has stood for."""
        return self._elections.stood

    @property
    def elected_at(self) -> float:
        """Steady time at which this member became leader; inf while it is not."""
        return self._leading.elected_at if self._leading else math.inf

    @property
    def is_forgetful(self) -> bool:
        """Its disk has lost promises that still count, so it supports nobody for a while."""
        return self._state.is_forgetful

    @property
    def is_settled(self) -> bool:
        """Leader, and an entry of its own term is committed: its commit index is now everyone's
        (section 6.4)."""
        return self._leading is not None and self._leading.is_settled

    @property
    def is_handing_over(self) -> bool:
        """Leader, and another member is to lead in its place."""
        return self._leading is not None and bool(self._leading.transfer_to)

    def has_lease(self, now: float) -> bool:
        """Leader, and no other can have been elected by now: it may answer reads alone."""
        return self._leading is not None and self._leading.has_lease(now)

    @property
    def durable_index(self) -> int:
        """Entries up to here survive a crash of this member."""
        return self._state.durability.index

    def quorum_heard_at(self, now: float) -> float:
        """Send time of the newest messages that a quorum has answered to this leader; -inf if
        never.

        No other leader can have been elected before that moment.
        """
        return self._leading.quorum_heard_at(now) if self._leading else -math.inf

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed."""
        return self._leading.next_due if self._leading else self._elections.due

    def metrics(self) -> GroupMetrics:
        """How this member fares."""
        state, log = self._state, self._state.log
        return GroupMetrics(
            term=state.term,
            role=state.role.value,
            leader=state.leader,
            commit_index=state.commit_index,
            handed_out_index=self._handed_out,
            last_index=log.last_index,
            durable_index=self.durable_index,
            log_entries=log.last_index - log.base_index,
            log_bytes=log.bytes,
            snapshot_index=log.snapshot.index,
            elections_stood=self._elections.stood,
            terms_led=self._terms_led,
            snapshots_taken=self._snapshots_taken,
            snapshots_installed=self._following.snapshots_installed,
            commit_times=self._commit_times,
            write_times=state.durability.write_times,
            oldest_write=state.durability.oldest_write(),
        )

    # What the caller must tell

    def tick(self, now: float, early_s: float = 0.0) -> None:
        """Let time pass: send heartbeats, start elections, step down without a quorum.

        Parameters
        ----------
        early_s : a heartbeat that would be due so soon is sent now.
        """
        self._now = now
        if self._leading is not None:
            self._lead_on(self._leading, now, early_s)
        elif now >= self._elections.due:
            if self._state.may_stand:
                cause = f'nothing heard from {self.leader or "any leader"}'
                self._act_on(self._elections.poll(now, cause), now)
            else:
                self._elections.be_patient(now)

    def step(self, sender: RobotId, message: Message, now: float) -> None:
        """Take a message from another member.

        Raises
        ------
        ProtocolError
            no correct member sends this; nothing was changed.
        """
        self._now = now
        if sender in ('', self.config.me):
            raise ProtocolError(f'{sender!r} is not another member of this group')
        match message:
            case Append():
                self._on_append(sender, message, now)
            case AppendReply():
                if leading := self._leading_in(message.term, sender, now):
                    leading.on_append_reply(sender, message, now)
                    self._advance()
            case Vote():
                self._on_vote(sender, message, now)
            case VoteReply():
                if not message.is_granted and message.term > self.term:
                    self._follow(message.term, '', now, f'{sender} is at a newer term')
                else:
                    self._act_on(self._elections.on_reply(sender, message), now)
            case SnapshotChunk():
                self._on_chunk(sender, message, now)
            case SnapshotReply():
                if leading := self._leading_in(message.term, sender, now):
                    leading.on_snapshot_reply(sender, message, now)
                    self._advance()
            case Propose(data=data):
                if self._leading is not None and not self._leading.transfer_to:
                    self.propose(data, now)
            case ReadRequest(context=context):
                self._on_read_request(sender, context, now)
            case ReadReply(context=number, index=index):
                asked = self._reads_asked.take(number)
                if asked is not None:
                    self._reads_out.append(ReadResult(asked, index))
            case TakeOver(term=term):
                is_asked = term == self.term and sender == self.leader
                if is_asked and self._state.may_stand:
                    self._elections.campaign(now, f'{sender} hands over', is_handover=True)

    def persisted(self, sequence: int, now: float) -> None:
        """Everything up to `Ready.sequence` is durable."""
        self._now = now
        state = self._state
        state.outbox += state.durability.saved(sequence, now)
        if state.role is RaftRole.CANDIDATE and state.durability.is_clean(state.hard):
            self._act_on(self._elections.own_vote_durable(), now)
        self._advance()

    def ready(self) -> Ready:
        """What to do now; empty when there is nothing. See the package docstring."""
        state = self._state
        if not self._has_news():
            return _NOTHING
        snapshot, self._snapshot_out = self._snapshot_out, None
        if snapshot is not None:
            self._handed_out = snapshot.index
        sequence, records, is_checkpoint = state.durability.take(state.hard, self.log, self._now)
        messages, state.outbox = tuple(state.outbox), []
        changes, state.changes = tuple(state.changes), []
        reads, self._reads_out = tuple(self._reads_out), []
        committed = tuple(self.log.slice(self._handed_out + 1, self.commit_index + 1))
        self._handed_out = self.commit_index
        return Ready(
            records, sequence, is_checkpoint, messages, snapshot, committed, reads, changes
        )

    def _has_news(self) -> bool:
        state = self._state
        return bool(
            state.outbox
            or self._handed_out < state.commit_index
            or state.durability.has_news(state.hard)
            or state.changes
            or self._reads_out
            or self._snapshot_out
        )

    # What the caller may want

    def propose(self, data: Iterable[bytes], now: float) -> tuple[int, ...]:
        """Append commands to the log of the group; returns their indices.

        They may still be lost if this leader is replaced: only `Ready.committed` is final.

        Raises
        ------
        NotLeaderError
            nothing was appended.
        """
        leading = self._must_lead()
        if leading.transfer_to:
            raise NotLeaderError(f'{self.config.me} is handing over to {leading.transfer_to}')
        indices = leading.append([(EntryKind.COMMAND, one) for one in data], now)
        leading.replicate(now)
        return indices

    def forward(self, data: Iterable[bytes]) -> None:
        """Pass commands on to the leader, who may never get them.

        Raises
        ------
        NotLeaderError
            no leader is known.
        """
        if not self.leader or self.is_leader:
            raise NotLeaderError('no other leader is known')
        self._state.send(self.leader, Propose(tuple(data)))

    def read(self, context: int, now: float) -> None:
        """Ask for an index at which a read is linearizable; it comes as a `ReadResult` with the
        same context. An answer may be lost with its leader: ask again after a while.

        Raises
        ------
        NotLeaderError
            no leader is known.
        """
        if self._leading is not None:
            self._answer(self._leading.read(self.config.me, context, now))
        elif self.leader:
            self._state.send(self.leader, ReadRequest(self._reads_asked.add(context)))
        else:
            raise NotLeaderError('no leader is known')

    def change_membership(
        self, voters: tuple[RobotId, ...], learners: tuple[RobotId, ...], now: float
    ) -> int:
        """Exchange the members of the group; returns the index of the first entry of the change.

        Raises
        ------
        NotLeaderError, MembershipRefusedError
            nothing was begun.
        """
        leading = self._must_lead()
        index = leading.change(voters, learners, now)
        leading.replicate(now)
        return index

    def transfer(self, target: RobotId, now: float) -> None:
        """Have another voter lead.

        Raises
        ------
        NotLeaderError, TransferRefusedError
            nothing was begun.
        """
        leading = self._must_lead()
        leading.transfer(target, now)
        leading.replicate(now)

    def announce_commit(self, now: float) -> None:
        """Let followers know at once how far the log is committed: something waits for it.

        Raises
        ------
        NotLeaderError
            nothing was begun.
        """
        self._must_lead().announce_commit(now)

    def hand_over(self, among: Collection[RobotId], now: float) -> RobotId:
        """Have the best of these voters lead; returns which, or nobody when none of them is up to
        it or a transfer is under way already.

        Raises
        ------
        NotLeaderError
            nothing was begun.
        """
        leading = self._must_lead()
        successor = '' if leading.transfer_to else leading.best_successor(now, among)
        if successor:
            leading.transfer(successor, now)
            leading.replicate(now)
        return successor

    def compact(self, index: int, data: bytes, keep: int = 0) -> None:
        """Take a snapshot of the state machine after the entry at `index`, which it has applied.

        Parameters
        ----------
        keep : entries before it that stay in memory, so that followers a little behind need no
            snapshot.
        """
        if not self.log.snapshot.index < index <= self._handed_out:
            raise ValueError(
                f'entry {index} is not between the last snapshot ({self.log.snapshot.index}) and '
                f'what was handed out ({self._handed_out})'
            )
        membership = self.log.membership_at(index)
        snapshot = Snapshot(index, self.log.term_at(index), membership, data)
        self.log.compact(snapshot, keep)
        self._state.durability.snapshot_taken(snapshot)
        self._snapshots_taken += 1

    # Changing role

    def _on_vote(self, sender: RobotId, request: Vote, now: float) -> None:
        if self._elections.is_disturbance(sender, request, now):
            self._elections.refuse(sender, request)
            return
        if request.term > self.term and not request.is_poll:
            self._follow(request.term, '', now, f'{sender} stands for election')
        self._elections.answer(sender, request, now)

    def _act_on(self, outcome: Outcome, now: float) -> None:
        if outcome is Outcome.POLL_WON:
            self._elections.campaign(now, 'a quorum would vote for it')
        elif outcome is Outcome.ELECTED:
            self._lead(now)

    def _lead(self, now: float) -> None:
        self._state.enter(RaftRole.LEADER, self.config.me, 'elected')
        self._terms_led += 1
        self._leading = Leader(self._state, self._commit_times, now)
        self._leading.append([(EntryKind.COMMAND, b'')], now)
        self._leading.heartbeat(now)
        self._advance()

    def _follow(self, term: int, leader: RobotId, now: float, cause: str) -> None:
        if self._leading is not None:
            self.stepped_down_because = cause
            for read in self._leading.give_up_reads():
                self._answer(read, is_proven=False)
            self._leading = None
        if self.role is not RaftRole.FOLLOWER or leader:
            self._elections.be_patient(now)
        self._state.enter(RaftRole.FOLLOWER, leader, cause, term)

    # Following

    def _on_append(self, sender: RobotId, message: Append, now: float) -> None:
        self._following.check(sender, message)
        if message.term < self.term:
            # The sender leads no more, or this member's term ran ahead alone: either way it must
            # learn of it.
            self._following.refuse(sender, message)
            return
        self._hear_leader(sender, message.term, now)
        self._following.append(sender, message)

    def _on_chunk(self, sender: RobotId, chunk: SnapshotChunk, now: float) -> None:
        if chunk.term < self.term:
            self._following.reply_to_chunk(sender, chunk, is_installed=False)
            return
        self._hear_leader(sender, chunk.term, now)
        self._snapshot_out = self._following.take_chunk(sender, chunk) or self._snapshot_out

    def _hear_leader(self, sender: RobotId, term: int, now: float) -> None:
        self._follow(term, sender, now, f'{sender} leads term {term}')
        self._elections.leader_heard(now)

    # Leading

    def _must_lead(self) -> Leader:
        if self._leading is None:
            raise NotLeaderError(
                f'{self.config.me} is {self.role.value}; the leader is {self.leader!r}'
            )
        return self._leading

    def _leading_in(self, term: int, sender: RobotId, now: float) -> Leader | None:
        """This member as the leader that an answer is meant for."""
        if term > self.term:
            self._follow(term, '', now, f'{sender} is at a newer term')
        return self._leading if term == self.term else None

    def _lead_on(self, leading: Leader, now: float, early_s: float) -> None:
        heard_at = max(leading.quorum_heard_at(now), leading.elected_at)
        leading.end_transfer_if_late(now)
        if now - heard_at > self.config.election_max_s:
            self._follow(self.term, '', now, 'no quorum answers')
        elif now + early_s >= leading.next_due:
            leading.watch_disk(now)
            leading.attend(now, early_s)

    def _advance(self) -> None:
        """Commit what a quorum holds, and whatever follows from it."""
        leading = self._leading
        if leading is None:
            return
        while leading.advance_commit(self._now):
            if leading.settle_membership(self._now):
                leading.replicate(self._now)
        for read in leading.reads_proven():
            self._answer(read)
        if leading.has_left():
            leading.call_successor(self._now)
            self._follow(self.term, '', self._now, 'it is no voter of the group any more')

    # Reads

    def _on_read_request(self, sender: RobotId, context: int, now: float) -> None:
        if self._leading is None:
            self._state.send(sender, ReadReply(context, -1))
        else:
            self._answer(self._leading.read(sender, context, now))

    def _answer(self, read: PendingRead | None, is_proven: bool = True) -> None:
        if read is None:
            return
        index = self.commit_index if is_proven else -1
        if read.reader == self.config.me:
            self._reads_out.append(ReadResult(read.context, index))
        else:
            self._state.send(read.reader, ReadReply(read.context, index))

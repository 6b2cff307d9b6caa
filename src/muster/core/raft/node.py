"""The Raft machine of one member. Its duties towards the caller are in the package docstring.

Durability is asynchronous: `term`, `voted_for` and the log are ahead of the disk between `ready`
and `persisted`. Whatever promises something about them (votes, requests for votes,
acknowledgements of entries) waits in `Durability` until the disk has caught up; a leader's entries
go out at once, because a leader counts itself only when it is durable (section 10.2.1), and
heartbeats are answered at once, because they promise nothing new.
"""

from __future__ import annotations

import enum
import math
import random
from collections.abc import Iterable

from muster.core.raft.config import RaftConfig
from muster.core.raft.durability import Durability
from muster.core.raft.leader import Leader
from muster.core.raft.log import Log, decode_membership
from muster.core.raft.membership import Membership
from muster.core.raft.messages import (
    Append,
    AppendReply,
    Entry,
    EntryKind,
    HardState,
    Message,
    Propose,
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
from muster.core.raft.reads import PendingRead
from muster.core.raft.snapshots import Intake
from muster.core.types import MusterError, ProtocolError, RobotId, StorageError


class NotLeaderError(MusterError):
    """Only a leader does this, and not while it hands over; nothing was changed."""


class RaftRole(enum.Enum):
    FOLLOWER = 'follower'
    POLLING = 'polling'
    """Asks whether an election could be won; has not touched its term."""
    CANDIDATE = 'candidate'
    LEADER = 'leader'


class RaftNode:
    """One member of a group.

    Parameters
    ----------
    config : this member's name, and the group that it begins with.
    records : what was durable when the member last stopped, in the order written.
    rng : source of election timeouts.
    now : steady time, seconds. A member that has just started votes for nobody for
        `election_min_s`, as if it had heard from a leader: before its crash it may have.

    Raises
    ------
    StorageError
        `records` have a gap.
    """

    def __init__(
        self, config: RaftConfig, records: Iterable[Record], rng: random.Random, now: float
    ) -> None:
        self.config = config
        self._rng = rng
        hard, self.log = _restore(records, config)
        self.term = hard.term
        self.voted_for = hard.voted_for
        self.role = RaftRole.FOLLOWER
        self.leader: RobotId = ''
        self.commit_index = self.log.snapshot.index
        self.stepped_down_because = ''
        self.elections = 0
        """Elections that this member has stood for."""
        self._durability = Durability(hard, self.log.last_index)
        self._leading: Leader | None = None
        self._ballot: dict[RobotId, bool] = {}
        self._messages: list[tuple[RobotId, Message]] = []
        self._handed_out = self.commit_index
        self._snapshot_out: Snapshot | None = self.log.snapshot if self.commit_index else None
        self._reads_out: list[ReadResult] = []
        self._reads_asked: set[int] = set()
        self._intake = Intake()
        self._now = now
        self._leader_heard_at = now
        self._election_due = self._draw_timeout(now)

    # What the caller may ask

    @property
    def is_leader(self) -> bool:
        return self._leading is not None

    @property
    def membership(self) -> Membership:
        """Of the group, as this member knows it."""
        return self.log.membership

    @property
    def elected_at(self) -> float:
        """Steady time at which this member became leader; inf while it is not."""
        return self._leading.elected_at if self._leading else math.inf

    @property
    def is_settled(self) -> bool:
        """Leader, and an entry of its own term is committed: its commit index is now everyone's
        (section 6.4)."""
        return self._leading is not None and self._leading.is_settled

    @property
    def durable_index(self) -> int:
        """Entries up to here survive a crash of this member."""
        return self._durability.index

    def quorum_heard_at(self, now: float) -> float:
        """Send time of the newest messages that a quorum has answered to this leader; -inf if
        never.

        No other leader can have been elected before that moment.
        """
        return self._leading.quorum_heard_at(now) if self._leading else -math.inf

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed."""
        return self._leading.heartbeat_due if self._leading else self._election_due

    # What the caller must tell

    def tick(self, now: float) -> None:
        """Let time pass: send heartbeats, start elections, step down without a quorum."""
        self._now = now
        leading = self._leading
        if leading is not None:
            heard_at = max(leading.quorum_heard_at(now), leading.elected_at)
            leading.end_transfer_if_late(now)
            if now - heard_at > self.config.election_max_s:
                self._follow(self.term, '', now, 'no quorum answers')
            elif now >= leading.heartbeat_due:
                self._watch_disk(leading, now)
                leading.heartbeat(now)
        elif now >= self._election_due:
            if self.membership.is_voter(self.config.me):
                self._poll(now)
            else:
                self._election_due = self._draw_timeout(now)

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
            case Vote():
                self._on_vote(sender, message, now)
            case VoteReply():
                self._on_vote_reply(sender, message, now)
            case Append():
                self._check_append(sender, message)
                self._on_append(sender, message, now)
            case AppendReply():
                if leading := self._leading_in(message.term, sender, now):
                    leading.on_append_reply(sender, message, now)
                    self._advance()
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
            case ReadReply(context=context, index=index):
                if context in self._reads_asked:
                    self._reads_asked.discard(context)
                    self._reads_out.append(ReadResult(context, index))
            case TakeOver(term=term):
                if term == self.term and sender == self.leader:
                    self._campaign(now, is_handover=True)

    def persisted(self, sequence: int, now: float) -> None:
        """Everything up to `Ready.sequence` is durable."""
        self._now = now
        self._messages += self._durability.saved(sequence)
        if self.role is RaftRole.CANDIDATE and self._durability.is_clean(self._hard):
            self._count_vote(self.config.me, True, now)
        self._advance()

    def ready(self) -> Ready:
        """What to do now; empty when there is nothing. See the package docstring."""
        snapshot, self._snapshot_out = self._snapshot_out, None
        if snapshot is not None:
            self._handed_out = snapshot.index
        sequence, records, is_checkpoint = self._durability.take(self._hard, self.log, self._now)
        messages, self._messages = tuple(self._messages), []
        reads, self._reads_out = tuple(self._reads_out), []
        committed = tuple(self.log.slice(self._handed_out + 1, self.commit_index + 1))
        self._handed_out = self.commit_index
        return Ready(records, sequence, is_checkpoint, messages, snapshot, committed, reads)

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
        indices = leading.append((EntryKind.COMMAND, one) for one in data)
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
        self._messages.append((self.leader, Propose(tuple(data))))

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
            self._reads_asked.add(context)
            self._messages.append((self.leader, ReadRequest(context)))
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
        self._durability.snapshot_taken(snapshot)

    # Elections

    @property
    def _hard(self) -> HardState:
        return HardState(self.term, self.voted_for)

    def _promise(self, peer: RobotId, message: Message) -> None:
        """Send once all that was decided before is durable."""
        if not self._durability.promise(self._hard, peer, message):
            self._messages.append((peer, message))

    def _draw_timeout(self, now: float) -> float:
        return now + self._rng.uniform(self.config.election_min_s, self.config.election_max_s)

    def _poll(self, now: float) -> None:
        """Ask whether an election could be won, without disturbing anyone (section 9.6)."""
        self._election_due = self._draw_timeout(now)
        self.role = RaftRole.POLLING
        self.leader = ''
        self._ballot = {}
        self._request_votes(
            Vote(
                term=self.term + 1,
                last_index=self.log.last_index,
                last_term=self.log.last_term,
                is_poll=True,
            )
        )
        self._count_vote(self.config.me, True, now)

    def _campaign(self, now: float, is_handover: bool = False) -> None:
        self._election_due = self._draw_timeout(now)
        self.role = RaftRole.CANDIDATE
        self.leader = ''
        self.term += 1
        self.voted_for = self.config.me
        self.elections += 1
        self._ballot = {}
        self._request_votes(
            Vote(
                term=self.term,
                last_index=self.log.last_index,
                last_term=self.log.last_term,
                is_handover=is_handover,
            )
        )

    def _request_votes(self, request: Vote) -> None:
        for peer in self.membership.everyone:
            if peer != self.config.me and self.membership.is_voter(peer):
                self._promise(peer, request)

    def _on_vote(self, sender: RobotId, request: Vote, now: float) -> None:
        hears_leader = (
            self.is_leader or now - self._leader_heard_at < self.config.election_min_s
        ) and sender != self.leader
        if hears_leader and request.term > self.term and not request.is_handover:
            refusal = VoteReply(term=self.term, is_granted=False, is_poll=request.is_poll)
            self._promise(sender, refusal)
            return
        if request.term > self.term and not request.is_poll:
            self._follow(request.term, '', now, f'{sender} stands for election')
        is_current = (
            request.term > self.term
            if request.is_poll
            else request.term == self.term and self.voted_for in ('', sender)
        )
        is_granted = is_current and self.log.is_up_to_date(request.last_index, request.last_term)
        if is_granted and not request.is_poll:
            self.voted_for = sender
            self._election_due = self._draw_timeout(now)
        term = request.term if is_granted else self.term
        reply = VoteReply(term=term, is_granted=is_granted, is_poll=request.is_poll)
        self._promise(sender, reply)

    def _on_vote_reply(self, sender: RobotId, reply: VoteReply, now: float) -> None:
        if not reply.is_granted and reply.term > self.term:
            self._follow(reply.term, '', now, f'{sender} is at a newer term')
        elif reply.is_poll and self.role is RaftRole.POLLING:
            if not reply.is_granted or reply.term == self.term + 1:
                self._count_vote(sender, reply.is_granted, now)
        elif self.role is RaftRole.CANDIDATE and not reply.is_poll and reply.term == self.term:
            self._count_vote(sender, reply.is_granted, now)

    def _count_vote(self, voter: RobotId, is_granted: bool, now: float) -> None:
        self._ballot.setdefault(voter, is_granted)
        supporters = {robot for robot, granted in self._ballot.items() if granted}
        if not self.membership.has_quorum(supporters):
            return
        if self.role is RaftRole.POLLING:
            self._campaign(now)
        elif self.config.me in self._ballot:
            self._lead(now)

    def _lead(self, now: float) -> None:
        self.role = RaftRole.LEADER
        self.leader = self.config.me
        self._leading = Leader(
            self.config,
            self.term,
            self.log,
            self._durability,
            self.commit_index,
            lambda peer, message: self._messages.append((peer, message)),
            now,
        )
        self._leading.append([(EntryKind.COMMAND, b'')])
        self._leading.heartbeat(now)
        self._advance()

    def _follow(self, term: int, leader: RobotId, now: float, cause: str) -> None:
        if self._leading is not None:
            self.stepped_down_because = cause
            for read in self._leading.give_up_reads():
                self._answer(read, is_proven=False)
            self._leading = None
        if term > self.term:
            self.term = term
            self.voted_for = ''
        if self.role is not RaftRole.FOLLOWER or leader:
            self._election_due = self._draw_timeout(now)
        self.role = RaftRole.FOLLOWER
        self.leader = leader

    # Following

    def _check_append(self, sender: RobotId, message: Append) -> None:
        """Raise ProtocolError for what a correct leader cannot send to this member."""
        if self.is_leader and message.term == self.term:
            me = self.config.me
            raise ProtocolError(f'{sender} claims to lead term {self.term}, which {me} leads')
        if message.prev_index < 0:
            raise ProtocolError(f'there is no entry {message.prev_index}')
        term = message.prev_term
        for index, entry in enumerate(message.entries, message.prev_index + 1):
            if entry.index != index or not term <= entry.term <= message.term:
                raise ProtocolError(f'entry {entry.index} of term {entry.term} is out of order')
            is_known = self.log.base_index < index <= self.commit_index
            is_replaced = is_known and self.log.term_at(index) != entry.term
            if is_replaced and message.term >= self.term:  # a former leader may not know of it
                raise ProtocolError(f'entry {index} is committed, and not of term {entry.term}')
            if entry.kind is EntryKind.MEMBERSHIP:
                decode_membership(entry.data)
            term = entry.term

    def _on_append(self, sender: RobotId, message: Append, now: float) -> None:
        if message.term < self.term:
            # The sender leads no more, or this member's term ran ahead alone: either way it must
            # learn of it.
            self._refuse_append(sender, message)
            return
        self._follow(message.term, sender, now, f'{sender} leads term {message.term}')
        self._leader_heard_at = now
        prev_index, entries = message.prev_index, message.entries
        if prev_index < self.commit_index:
            # What is committed is the same everywhere, though it may be compacted here.
            skipped = min(self.commit_index - prev_index, len(entries))
            prev_index += skipped
            entries = entries[skipped:]
        elif self.log.term_at(prev_index) != message.prev_term:
            self._refuse_append(sender, message)
            return
        fresh = self.log.merge(entries, self.commit_index)
        if fresh:
            self._durability.replaced(fresh)
        last_new = prev_index + len(entries)
        self._commit(min(message.commit_index, last_new))
        if message.entries:
            self._promise(sender, self._acceptance(message.round, last_new))
        else:
            durable = min(last_new, self._durability.index)
            self._messages.append((sender, self._acceptance(message.round, durable)))

    def _acceptance(self, round: int, match_index: int) -> AppendReply:
        return AppendReply(term=self.term, round=round, is_accepted=True, match_index=match_index)

    def _refuse_append(self, sender: RobotId, message: Append) -> None:
        hint = self.log.last_not_after(message.prev_index, message.prev_term)
        reply = AppendReply(
            term=self.term,
            round=message.round,
            is_accepted=False,
            prev_index=message.prev_index,
            hint_index=hint,
            hint_term=max(0, self.log.term_at(hint)),
        )
        self._messages.append((sender, reply))

    def _on_chunk(self, sender: RobotId, chunk: SnapshotChunk, now: float) -> None:
        if chunk.term < self.term:
            self._reply_to_chunk(sender, chunk, is_installed=False)
            return
        self._follow(chunk.term, sender, now, f'{sender} leads term {chunk.term}')
        self._leader_heard_at = now
        if chunk.index <= self.commit_index:
            self._reply_to_chunk(sender, chunk, is_installed=True)
            return
        snapshot = self._intake.take(chunk)
        if snapshot is None:
            self._reply_to_chunk(sender, chunk, is_installed=False)
            return
        if self.log.term_at(snapshot.index) != snapshot.term:
            self._durability.log_discarded()
        self.log.install(snapshot)
        self._durability.snapshot_taken(snapshot)
        self._snapshot_out = snapshot
        self.commit_index = snapshot.index
        self._reply_to_chunk(sender, chunk, is_installed=True)

    def _reply_to_chunk(self, sender: RobotId, chunk: SnapshotChunk, is_installed: bool) -> None:
        reply = SnapshotReply(
            term=self.term,
            round=chunk.round,
            index=chunk.index,
            offset=self._intake.offset,
            is_installed=is_installed,
        )
        if is_installed:
            self._promise(sender, reply)
        else:
            self._messages.append((sender, reply))

    def _commit(self, index: int) -> None:
        self.commit_index = max(self.commit_index, index)

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

    def _advance(self) -> None:
        """Commit what a quorum holds, and whatever follows from it."""
        leading = self._leading
        if leading is None:
            return
        while leading.advance_commit():
            self._commit(leading.commit_index)
            if leading.settle_membership():
                leading.replicate(self._now)
        for read in leading.reads_proven():
            self._answer(read)
        if leading.has_left():
            self._follow(self.term, '', self._now, 'it is no voter of the group any more')

    def _watch_disk(self, leading: Leader, now: float) -> None:
        """A leader that cannot write hands over to one that can."""
        if now - self._durability.oldest_write() > self.config.disk_stall_s:
            successor = leading.best_successor(now)
            if successor and not leading.transfer_to:
                leading.transfer(successor, now)

    # Reads

    def _on_read_request(self, sender: RobotId, context: int, now: float) -> None:
        if self._leading is None:
            self._messages.append((sender, ReadReply(context, -1)))
        else:
            self._answer(self._leading.read(sender, context, now))

    def _answer(self, read: PendingRead | None, is_proven: bool = True) -> None:
        if read is None:
            return
        index = self.commit_index if is_proven else -1
        if read.reader == self.config.me:
            self._reads_out.append(ReadResult(read.context, index))
        else:
            self._messages.append((read.reader, ReadReply(read.context, index)))


def _restore(records: Iterable[Record], config: RaftConfig) -> tuple[HardState, Log]:
    """Replay what was written: the last hard state, and the log with its replaced suffixes cut
    off."""
    hard = HardState()
    snapshot = Snapshot(0, 0, Membership(config.voters), b'')
    entries: list[Entry] = []
    for record in records:
        match record:
            case HardState():
                hard = record
            case Snapshot():
                snapshot, entries = record, []
            case Entry():
                position = record.index - snapshot.index - 1
                if not 0 <= position <= len(entries):
                    raise StorageError(
                        f'the log on disk has a gap: entry {record.index} follows entry '
                        f'{snapshot.index + len(entries)}; records are missing, so this robot '
                        'cannot take part until they are restored'
                    )
                del entries[position:]
                entries.append(record)
    return hard, Log(snapshot, entries)

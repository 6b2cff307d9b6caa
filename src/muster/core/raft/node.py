"""The Raft machine of one member. Its duties towards the caller are in the package docstring.

Durability is asynchronous: `term`, `voted_for` and the log are ahead of the disk between `ready`
and `persisted`. Whatever promises something about them (votes, requests for votes,
acknowledgements) waits in `_promises` until the disk has caught up; a leader's entries go out at
once, because a leader counts itself only when it is durable (section 10.2.1).
"""

from __future__ import annotations

import enum
import math
import random
from collections import deque
from collections.abc import Iterable

from muster.core.raft.config import RaftConfig
from muster.core.raft.log import Log
from muster.core.raft.messages import (
    Append,
    AppendReply,
    Entry,
    HardState,
    Message,
    Ready,
    Record,
    Vote,
    VoteReply,
)
from muster.core.raft.progress import Progress
from muster.core.types import MusterError, ProtocolError, RobotId, StorageError


class NotLeaderError(MusterError):
    """Only a leader takes proposals; nothing was changed."""


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
    config : the group, and this member's name in it.
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
        hard, entries = _restore(records)
        self.term = hard.term
        self.voted_for = hard.voted_for
        self.log = Log(entries)
        self.role = RaftRole.FOLLOWER
        self.leader: RobotId = ''
        self.commit_index = 0
        self.elected_at = math.inf
        """Steady time at which this member became leader; inf while it is not."""
        self.stepped_down_because = ''

        self._durable_index = self.log.last_index
        self._stored = hard
        self._unsaved: list[Entry] = []
        self._sequence = 0
        self._saved_sequence = 0
        self._saving: deque[tuple[int, int]] = deque()
        self._promises: deque[tuple[int, RobotId, Message]] = deque()
        self._messages: list[tuple[RobotId, Message]] = []
        self._handed_out = 0

        self._votes: dict[RobotId, bool] = {}
        self._progress: dict[RobotId, Progress] = {}
        self._round = 0
        self._round_sent_at: dict[int, float] = {}
        self._heartbeat_due = math.inf
        self._leader_heard_at = now
        self._election_due = self._draw_timeout(now)

    # What the caller may ask

    @property
    def is_leader(self) -> bool:
        return self.role is RaftRole.LEADER

    @property
    def is_settled(self) -> bool:
        """Leader, and an entry of its own term is committed: its commit index is now everyone's
        (section 6.4)."""
        return self.is_leader and self.log.term_at(self.commit_index) == self.term

    def quorum_heard_at(self, now: float) -> float:
        """Send time of the newest messages that a quorum has answered to this leader; -inf if
        never.

        No other leader can have been elected before that moment.
        """
        if not self.is_leader:
            return -math.inf
        times = sorted(
            [now, *(progress.answered_at for progress in self._progress.values())], reverse=True
        )
        return times[self.config.quorum - 1]

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed."""
        return self._heartbeat_due if self.is_leader else self._election_due

    # What the caller must tell

    def tick(self, now: float) -> None:
        """Let time pass: send heartbeats, start elections, step down without a quorum."""
        if self.is_leader:
            heard_at = max(self.quorum_heard_at(now), self.elected_at)
            if now - heard_at > self.config.election_max_s:
                self._follow(self.term, '', now, 'no quorum answers')
            elif now >= self._heartbeat_due:
                self._heartbeat_due = now + self.config.heartbeat_s
                for peer in self._progress:
                    self._send_append(peer, now)
        elif now >= self._election_due:
            self._poll(now)

    def propose(self, data: Iterable[bytes], now: float) -> tuple[int, ...]:
        """Append entries to the log of the group; returns their indices.

        They may still be lost if this leader is replaced: only `Ready.committed` is final.

        Raises
        ------
        NotLeaderError
            nothing was appended.
        """
        if not self.is_leader:
            raise NotLeaderError(
                f'{self.config.me} is {self.role.value}; the leader is {self.leader!r}'
            )
        indices = tuple(self._append(one) for one in data)
        for peer, progress in self._progress.items():
            if progress.is_streaming or not progress.probe_is_out:
                self._send_append(peer, now)
        self._advance_commit()
        return indices

    def step(self, sender: RobotId, message: Message, now: float) -> None:
        """Take a message from another member.

        Raises
        ------
        ProtocolError
            no correct member sends this; nothing was changed.
        """
        if sender not in self.config.peers:
            raise ProtocolError(f'{sender!r} is not another voter of this group')
        match message:
            case Vote():
                self._on_vote(sender, message, now)
            case VoteReply():
                self._on_vote_reply(sender, message, now)
            case Append():
                self._check_append(sender, message)
                self._on_append(sender, message, now)
            case AppendReply():
                self._on_append_reply(sender, message, now)

    def persisted(self, sequence: int, now: float) -> None:
        """Everything up to `Ready.sequence` is durable."""
        self._saved_sequence = max(self._saved_sequence, sequence)
        while self._saving and self._saving[0][0] <= sequence:
            self._durable_index = self._saving.popleft()[1]
        while self._promises and self._promises[0][0] <= sequence:
            _, peer, message = self._promises.popleft()
            self._messages.append((peer, message))
        if self.role is RaftRole.CANDIDATE and self._is_caught_up:
            self._count_vote(self.config.me, True, now)
        if self.is_leader:
            self._advance_commit()

    def ready(self) -> Ready:
        """What to do now; empty when there is nothing. See the package docstring."""
        hard = HardState(self.term, self.voted_for)
        records: list[Record] = []
        if hard != self._stored:
            records.append(hard)
            self._stored = hard
        records.extend(self._unsaved)
        sequence = 0
        if records:
            self._sequence += 1
            sequence = self._sequence
            last = self._unsaved[-1].index if self._unsaved else self._reach_of_writes
            self._saving.append((sequence, last))
            self._unsaved.clear()
        messages, self._messages = tuple(self._messages), []
        committed = tuple(self.log.slice(self._handed_out + 1, self.commit_index + 1))
        self._handed_out = self.commit_index
        return Ready(tuple(records), sequence, messages, committed)

    # Durability

    @property
    def _is_caught_up(self) -> bool:
        """Everything decided so far is on disk."""
        is_clean = not self._unsaved and self._stored == HardState(self.term, self.voted_for)
        return is_clean and self._saved_sequence == self._sequence

    @property
    def _reach_of_writes(self) -> int:
        return self._saving[-1][1] if self._saving else self._durable_index

    def _replace_from(self, index: int) -> None:
        """Entries from `index` on are new: neither what is on disk nor what is being written
        counts for them."""
        self._unsaved = [one for one in self._unsaved if one.index < index]
        self._saving = deque((number, min(reach, index - 1)) for number, reach in self._saving)
        self._durable_index = min(self._durable_index, index - 1)

    def _promise(self, peer: RobotId, message: Message) -> None:
        """Send once all that was decided before is durable."""
        if self._is_caught_up:
            self._messages.append((peer, message))
            return
        has_unsaved = bool(self._unsaved) or self._stored != HardState(self.term, self.voted_for)
        self._promises.append((self._sequence + has_unsaved, peer, message))

    # Elections

    def _draw_timeout(self, now: float) -> float:
        return now + self._rng.uniform(self.config.election_min_s, self.config.election_max_s)

    def _poll(self, now: float) -> None:
        """Ask whether an election could be won, without disturbing anyone (section 9.6)."""
        self._election_due = self._draw_timeout(now)
        self.role = RaftRole.POLLING
        self.leader = ''
        self._votes = {}
        self._request_votes(self.term + 1, is_poll=True)
        self._count_vote(self.config.me, True, now)

    def _campaign(self, now: float) -> None:
        self._election_due = self._draw_timeout(now)
        self.role = RaftRole.CANDIDATE
        self.leader = ''
        self.term += 1
        self.voted_for = self.config.me
        self._votes = {}
        self._request_votes(self.term, is_poll=False)

    def _request_votes(self, term: int, is_poll: bool) -> None:
        request = Vote(
            term=term,
            last_index=self.log.last_index,
            last_term=self.log.last_term,
            is_poll=is_poll,
        )
        for peer in self.config.peers:
            self._promise(peer, request)

    def _on_vote(self, sender: RobotId, request: Vote, now: float) -> None:
        hears_leader = (
            self.is_leader or now - self._leader_heard_at < self.config.election_min_s
        ) and sender != self.leader
        if hears_leader and request.term > self.term:
            refusal = VoteReply(term=self.term, is_granted=False, is_poll=request.is_poll)
            self._promise(sender, refusal)
            return
        if request.term > self.term and not request.is_poll:
            self._follow(request.term, '', now, f'{sender} stands for election')
        is_current = request.term >= self.term
        is_free = request.is_poll or self.voted_for in ('', sender)
        if request.is_poll:
            is_current = request.term > self.term
        is_granted = (
            is_current
            and is_free
            and self.log.is_up_to_date(request.last_index, request.last_term)
        )
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
        self._votes.setdefault(voter, is_granted)
        if sum(self._votes.values()) < self.config.quorum:
            return
        if self.role is RaftRole.POLLING:
            self._campaign(now)
        elif self.config.me in self._votes:
            self._lead(now)

    def _lead(self, now: float) -> None:
        self.role = RaftRole.LEADER
        self.leader = self.config.me
        self.elected_at = now
        self._progress = {
            peer: Progress(next_index=self.log.last_index + 1) for peer in self.config.peers
        }
        self._round_sent_at = {}
        self._append(b'')
        self._heartbeat_due = now
        self.tick(now)

    def _follow(self, term: int, leader: RobotId, now: float, cause: str) -> None:
        if self.is_leader:
            self.stepped_down_because = cause
        if term > self.term:
            self.term = term
            self.voted_for = ''
        if self.role is not RaftRole.FOLLOWER or leader:
            self._election_due = self._draw_timeout(now)
        self.role = RaftRole.FOLLOWER
        self.leader = leader
        self.elected_at = math.inf
        self._progress = {}

    # Replication

    def _append(self, data: bytes) -> int:
        entry = Entry(self.log.last_index + 1, self.term, data)
        self.log.append(entry)
        self._unsaved.append(entry)
        return entry.index

    def _send_append(self, peer: RobotId, now: float) -> None:
        progress = self._progress[peer]
        entries: tuple[Entry, ...] = ()
        if not progress.probe_is_out:  # else it may be dead, and would be sent them for ever
            entries = self.log.batch(progress.next_index, self.config.max_append_bytes)
        prev_index = progress.next_index - 1
        self._round += 1
        self._round_sent_at[self._round] = now
        message = Append(
            term=self.term,
            prev_index=prev_index,
            prev_term=self.log.term_at(prev_index),
            commit_index=self.commit_index,
            round=self._round,
            entries=entries,
        )
        self._messages.append((peer, message))
        if progress.is_streaming:
            progress.next_index += len(entries)
        else:
            progress.probe_is_out = True

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
            is_replaced = index <= self.commit_index and self.log.term_at(index) != entry.term
            if is_replaced and message.term >= self.term:  # a former leader may not know of it
                raise ProtocolError(f'entry {index} is committed, and not of term {entry.term}')
            term = entry.term

    def _on_append(self, sender: RobotId, message: Append, now: float) -> None:
        if message.term < self.term:
            # The sender leads no more, or this member's term ran ahead alone: either way it must
            # learn of it.
            self._refuse_append(sender, message)
            return
        self._follow(message.term, sender, now, f'{sender} leads term {message.term}')
        self._leader_heard_at = now
        if self.log.term_at(message.prev_index) != message.prev_term:
            self._refuse_append(sender, message)
            return
        fresh = self.log.merge(message.entries, self.commit_index)
        if fresh:
            self._replace_from(fresh[0].index)
            self._unsaved.extend(fresh)
        last_new = message.prev_index + len(message.entries)
        self.commit_index = max(self.commit_index, min(message.commit_index, last_new))
        reply = AppendReply(
            term=self.term, round=message.round, is_accepted=True, match_index=last_new
        )
        self._promise(sender, reply)

    def _refuse_append(self, sender: RobotId, message: Append) -> None:
        hint = self.log.last_not_after(message.prev_index, message.prev_term)
        reply = AppendReply(
            term=self.term,
            round=message.round,
            is_accepted=False,
            prev_index=message.prev_index,
            hint_index=hint,
            hint_term=self.log.term_at(hint),
        )
        self._promise(sender, reply)

    def _on_append_reply(self, sender: RobotId, reply: AppendReply, now: float) -> None:
        if reply.term > self.term:
            self._follow(reply.term, '', now, f'{sender} is at a newer term')
            return
        if not self.is_leader or reply.term < self.term:
            return
        progress = self._progress[sender]
        sent_at = self._round_sent_at.pop(reply.round, -math.inf)
        progress.answered_at = max(progress.answered_at, sent_at)
        if len(self._round_sent_at) > 4096:
            self._forget_rounds(now)
        if reply.is_accepted:
            if progress.accept(min(reply.match_index, self.log.last_index)):
                self._advance_commit()
            if progress.next_index <= self.log.last_index:
                self._send_append(sender, now)
        else:
            agreed = self.log.last_not_after(reply.hint_index, reply.hint_term)
            if progress.refuse(reply.prev_index, agreed + 1):
                self._send_append(sender, now)

    def _forget_rounds(self, now: float) -> None:
        horizon = now - self.config.election_max_s
        self._round_sent_at = {
            number: sent for number, sent in self._round_sent_at.items() if sent >= horizon
        }

    def _advance_commit(self) -> None:
        """Move the commit index to the newest entry of this term that a quorum holds durably.

        Only entries of the present term are counted (section 3.6.2): an older entry on a majority
        can still be replaced, and becomes committed along with a newer one.
        """
        held = sorted(
            [self._durable_index, *(one.match_index for one in self._progress.values())],
            reverse=True,
        )
        index = held[self.config.quorum - 1]
        if index > self.commit_index and self.log.term_at(index) == self.term:
            self.commit_index = index
            # Followers learn of it from the next heartbeat, which is therefore due at once.
            self._heartbeat_due = -math.inf


def _restore(records: Iterable[Record]) -> tuple[HardState, list[Entry]]:
    """Replay what was written: the last hard state, and the log with its replaced suffixes cut
    off."""
    hard = HardState()
    entries: list[Entry] = []
    for record in records:
        if isinstance(record, HardState):
            hard = record
            continue
        if not 1 <= record.index <= len(entries) + 1:
            raise StorageError(
                f'the log on disk has a gap: entry {record.index} follows entry {len(entries)}; '
                'records are missing, so this robot cannot take part until they are restored'
            )
        del entries[record.index - 1 :]
        entries.append(record)
    return hard, entries

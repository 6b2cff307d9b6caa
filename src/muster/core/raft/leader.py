"""What a member does while it leads: replicate, commit, prove that it leads, change the group,
hand over.

An object of this class lives from an election to its end, and ends by `RaftNode` dropping it.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence

from muster.core.raft.log import encode_membership
from muster.core.raft.membership import Membership
from muster.core.raft.messages import (
    Append,
    AppendReply,
    Entry,
    EntryKind,
    SnapshotReply,
    TakeOver,
)
from muster.core.raft.metrics import LatencyWindow
from muster.core.raft.progress import Pace, Progress
from muster.core.raft.reads import PendingRead, Reads
from muster.core.raft.snapshots import checksum_of, chunk_of
from muster.core.raft.state import MemberState
from muster.core.types import MusterError, RobotId

ROUNDS_REMEMBERED = 4096


class MembershipRefusedError(MusterError):
    """The change was not begun. The message says why."""


class TransferRefusedError(MusterError):
    """Leadership cannot go there. The message says why."""


class Leader:
    """One leader in one term.

    Parameters
    ----------
    state : of the member.
    commit_times : takes the duration from proposal to commitment.
    """

    def __init__(self, state: MemberState, commit_times: LatencyWindow, now: float) -> None:
        self.elected_at = now
        self.transfer_to: RobotId = ''
        """Who is to lead next; no commands are taken meanwhile."""
        self._transfer_until = math.inf
        self._has_called_successor = False
        self._heartbeat_due = now
        self._notice_due = math.inf
        """When those followers are to learn of the newest commit who have not yet."""
        self._state = state
        self._log = state.log
        self._commit_times = commit_times
        self._proposed: deque[tuple[int, float]] = deque()
        """(last index, time) of each proposal that is not committed."""
        self._progress: dict[RobotId, Progress] = {}
        self._round = 0
        self._round_sent_at: OrderedDict[int, float] = OrderedDict()
        self._shared_append: tuple[tuple[int, int, int], Append, int] | None = None
        self._reads = Reads()
        self._snapshot_checksum = (-1, 0)
        self._follow_membership()

    # Authority

    def quorum_heard_at(self, now: float) -> float:
        """Send time of the newest messages that a quorum has answered; -inf if never.

        No other leader can have been elected before that moment.
        """
        return self._quorum_of(lambda one: one.answered_at, now)

    def has_lease(self, now: float) -> bool:
        """Whether no other leader can have been elected until now, by clocks that drift no more
        than promised.

        Never again once a successor was called: the call may arrive at any time, even after the
        transfer was given up, and the election that it brings about waits for nobody's patience.
        """
        if self._log.membership.has_quorum((self._state.config.me,)):
            return True
        lease_end = self.quorum_heard_at(now) + self._state.config.lease_s
        return now < lease_end and not self._has_called_successor

    @property
    def is_settled(self) -> bool:
        """An entry of this term is committed: the commit index is now everyone's (section 6.4)."""
        return self._log.term_at(self._state.commit_index) == self._state.term

    def _quorum_of(self, value: Callable[[Progress], float], mine: float) -> float:
        return self._log.membership.reached_by_quorum(
            lambda robot: (
                mine
                if robot == self._state.config.me
                else value(self._progress[robot])
                if robot in self._progress
                else -math.inf
            )
        )

    # Replication

    def append(self, items: Sequence[tuple[EntryKind, bytes]], now: float) -> tuple[int, ...]:
        """Add to the log of the group; returns the indices. Call `replicate` afterwards."""
        term, first = self._state.term, self._log.last_index + 1
        entries = [
            Entry(index, term, data, kind) for index, (kind, data) in enumerate(items, start=first)
        ]
        self._log.extend(entries)
        self._state.durability.appended(entries)
        if entries:
            self._proposed.append((self._log.last_index, now))
        if self._log.membership_index >= first:
            self._follow_membership()
        return tuple(range(first, first + len(entries)))

    def replicate(self, now: float) -> None:
        """Send to every follower what it lacks, as far as there is room."""
        self._open_round(now)
        for peer, progress in self._progress.items():
            self._supply(peer, progress)

    @property
    def next_due(self) -> float:
        """Steady time at which `attend` is next needed."""
        return min(self._heartbeat_due, self._notice_due)

    def attend(self, now: float, early_s: float) -> None:
        """Send what is due: a heartbeat to everybody, perhaps a little early, or news of a commit
        to those without it."""
        if now + early_s >= self._heartbeat_due:
            self.heartbeat(now)
        elif now >= self._notice_due:
            self._open_round(now)
            for peer, progress in self._progress.items():
                if progress.told_commit < self._state.commit_index:
                    self._send_sign_of_life(peer, progress)
            self._notice_due = math.inf

    def announce_commit(self, now: float) -> None:
        """Send news of a commit to those without it, however fresh it is."""
        if self._notice_due < math.inf:
            self._notice_due = now
            self.attend(now, 0.0)

    def heartbeat(self, now: float) -> None:
        """Let every follower hear from the leader, whether there is news or not."""
        self._heartbeat_due = now + self._state.config.heartbeat_s
        self._notice_due = math.inf
        self._open_round(now)
        for peer, progress in self._progress.items():
            is_supplied = False
            if not self._is_silent(progress, now):
                progress.is_waiting = False
                is_supplied = self._supply(peer, progress)
            if not is_supplied:
                self._send_sign_of_life(peer, progress)

    def on_append_reply(self, sender: RobotId, reply: AppendReply, now: float) -> None:
        progress = self._answered(sender, reply.round)
        if progress is None:
            return
        if reply.is_accepted:
            progress.accept(min(reply.match_index, self._log.last_index))
        else:
            agreed = self._log.last_not_after(reply.hint_index, reply.hint_term)
            progress.refuse(reply.prev_index, agreed + 1)
        self._open_round(now)
        self._supply(sender, progress)
        self._maybe_hand_over()

    def on_snapshot_reply(self, sender: RobotId, reply: SnapshotReply, now: float) -> None:
        progress = self._answered(sender, reply.round)
        if progress is None:
            return
        if reply.is_installed:
            progress.accept(min(reply.index, self._log.last_index))
        elif progress.snapshot is not None and reply.index == progress.snapshot.index:
            if reply.offset == progress.snapshot_offset and progress.is_waiting:
                return
            progress.snapshot_offset = reply.offset
            progress.is_waiting = False
        self._open_round(now)
        self._supply(sender, progress)

    def _answered(self, sender: RobotId, round: int) -> Progress | None:
        progress = self._progress.get(sender)
        if progress is None:
            return None
        sent_at = self._round_sent_at.get(round, -math.inf)
        progress.answered_at = max(progress.answered_at, sent_at)
        progress.answered_round = max(progress.answered_round, min(round, self._round))
        return progress

    def _supply(self, peer: RobotId, progress: Progress) -> bool:
        """Send to a follower what it lacks, as far as there is room; returns whether anything
        was."""
        config = self._state.config
        is_supplied = False
        while progress.has_room(config.max_inflight_messages, config.max_inflight_bytes):
            if progress.next_index <= self._log.base_index:
                self._choose_snapshot(progress)
            if progress.pace is Pace.SNAPSHOT:
                self._send_chunk(peer, progress, config.chunk_bytes)
                return True
            is_known = progress.pace is Pace.STREAM
            if is_known and progress.next_index > self._log.last_index:
                break
            self._send_entries(peer, progress)
            is_supplied = True
        return is_supplied

    def _is_silent(self, progress: Progress, now: float) -> bool:
        """Nothing but signs of life is sent to a follower that has not answered for long."""
        heard_at = max(progress.answered_at, self.elected_at)
        return now - heard_at > self._state.config.election_min_s

    def _send_sign_of_life(self, peer: RobotId, progress: Progress) -> None:
        if progress.next_index <= self._log.base_index:
            self._choose_snapshot(progress)
        if progress.pace is Pace.SNAPSHOT:
            self._send_chunk(peer, progress, max_bytes=0)
        else:
            progress.told_commit = self._state.commit_index
            self._state.send(peer, self._append_after(progress.next_index - 1, 0)[0])

    def _send_entries(self, peer: RobotId, progress: Progress) -> None:
        prev_index = progress.next_index - 1
        message, size = self._append_after(prev_index, self._state.config.max_append_bytes)
        progress.told_commit = self._state.commit_index
        self._state.send(peer, message)
        progress.sent(prev_index + len(message.entries), size)

    def _append_after(self, prev_index: int, max_bytes: int) -> tuple[Append, int]:
        """Entries after an index, and their size. Followers that lack the same are sent the same
        object, so that it need be encoded only once."""
        key = (self._round, prev_index, max_bytes)
        if self._shared_append is None or self._shared_append[0] != key:
            entries, size = self._log.batch(prev_index + 1, max_bytes) if max_bytes else ((), 0)
            message = Append(
                term=self._state.term,
                prev_index=prev_index,
                prev_term=self._log.term_at(prev_index),
                commit_index=self._state.commit_index,
                round=self._round,
                entries=entries,
            )
            self._shared_append = (key, message, size)
        return self._shared_append[1:]

    def _send_chunk(self, peer: RobotId, progress: Progress, max_bytes: int) -> None:
        assert progress.snapshot is not None
        chunk = chunk_of(
            progress.snapshot,
            progress.snapshot_checksum,
            progress.snapshot_offset,
            max_bytes,
            self._state.term,
            self._round,
        )
        self._state.send(peer, chunk)
        progress.is_waiting = True

    def _choose_snapshot(self, progress: Progress) -> None:
        newest = self._log.snapshot
        if self._snapshot_checksum[0] != newest.index:
            self._snapshot_checksum = (newest.index, checksum_of(newest.data))
        progress.needs_snapshot(newest, self._snapshot_checksum[1])

    def _open_round(self, now: float) -> None:
        """What is sent from here on is evidence, once answered, that this leader led at `now`."""
        self._round += 1
        self._shared_append = None
        self._round_sent_at[self._round] = now
        if len(self._round_sent_at) > ROUNDS_REMEMBERED:
            self._round_sent_at.popitem(last=False)

    # Commitment

    def advance_commit(self, now: float) -> bool:
        """Move the commit index to the newest entry of this term that a quorum holds durably.

        Only entries of the present term are counted (section 3.6.2): an older entry on a majority
        can still be replaced, and becomes committed along with a newer one.
        """
        state = self._state
        index = int(self._quorum_of(lambda one: one.match_index, state.durability.index))
        if index <= state.commit_index or self._log.term_at(index) != state.term:
            return False
        state.commit(index)
        while self._proposed and self._proposed[0][0] <= index:
            self._commit_times.add(now - self._proposed.popleft()[1])
        self._notice_due = min(self._notice_due, now + state.config.commit_notice_s)
        return True

    # Membership

    def change(
        self, voters: tuple[RobotId, ...], learners: tuple[RobotId, ...], now: float
    ) -> int:
        """Begin a change of the group; returns the index of its entry. It ends by itself.

        Raises
        ------
        MembershipRefusedError
            this leader hands over, another change is under way, or the new voters could not decide
            anything now.
        """
        before = self._log.membership
        if self.transfer_to:
            raise MembershipRefusedError(f'leadership is on its way to {self.transfer_to}')
        if before.is_joint or self._log.membership_index > self._state.commit_index:
            raise MembershipRefusedError('another change of the group is under way: wait for it')
        if not voters or len(set(voters)) != len(voters) or set(voters) & set(learners):
            raise MembershipRefusedError(
                'the voters must be named, each once, and none of them as a learner too'
            )
        after = Membership(voters, learners)
        missing = sorted(robot for robot in voters if not self._is_ready_to_vote(robot, now))
        if after.lost_quorum(missing):
            raise MembershipRefusedError(
                f'the new group could not decide anything: {", ".join(missing)} '
                'do not answer or lag behind; let them join as learners first'
            )
        is_same_vote = set(voters) == set(before.voters)
        target = after if is_same_vote else before.joint_towards(voters, learners)
        return self.append([(EntryKind.MEMBERSHIP, encode_membership(target))], now)[0]

    def _is_ready_to_vote(self, robot: RobotId, now: float) -> bool:
        if robot == self._state.config.me:
            return True
        progress = self._progress.get(robot)
        return (
            progress is not None
            and now - progress.answered_at <= self._state.config.election_max_s
            and progress.match_index >= self._state.commit_index
        )

    def settle_membership(self, now: float) -> bool:
        """Leave the joint membership once it is committed; returns whether an entry was added."""
        membership = self._log.membership
        if not membership.is_joint or self._log.membership_index > self._state.commit_index:
            return False
        settled = encode_membership(membership.settled())
        self.append([(EntryKind.MEMBERSHIP, settled)], now)
        return True

    def has_left(self) -> bool:
        """This leader is no voter any more, and the group knows it for certain."""
        membership = self._log.membership
        return (
            not membership.is_voter(self._state.config.me)
            and self._log.membership_index <= self._state.commit_index
        )

    def _follow_membership(self) -> None:
        """Keep a progress for every member but this one."""
        next_index = self._log.last_index + 1
        self._progress = {
            robot: self._progress.get(robot) or Progress(next_index)
            for robot in self._log.membership.everyone
            if robot != self._state.config.me
        }

    # Handing over

    def transfer(self, target: RobotId, now: float) -> None:
        """Have another voter lead, as soon as it has the whole log.

        Raises
        ------
        TransferRefusedError
            it is no voter, or another transfer is under way.
        """
        if target == self._state.config.me or target not in self._log.membership.voters:
            raise TransferRefusedError(f'{target!r} is no other voter of the group')
        if self.transfer_to:
            raise TransferRefusedError(f'leadership is on its way to {self.transfer_to}')
        self.transfer_to = target
        self._transfer_until = now + self._state.config.election_max_s
        self._maybe_hand_over()

    def best_successor(self, now: float, among: Collection[RobotId] | None = None) -> RobotId:
        """The voter, perhaps of these only, that is furthest and has been heard lately; empty when
        there is none."""
        live = [
            (progress.match_index, robot)
            for robot, progress in self._progress.items()
            if robot in self._log.membership.voters
            and (among is None or robot in among)
            and now - progress.answered_at <= self._state.config.election_max_s
        ]
        return max(live)[1] if live else ''

    def watch_disk(self, now: float) -> None:
        """A leader that cannot write hands over to one that can."""
        if now - self._state.durability.oldest_write() > self._state.config.disk_stall_s:
            successor = self.best_successor(now)
            if successor and not self.transfer_to:
                self.transfer(successor, now)

    def end_transfer_if_late(self, now: float) -> None:
        if now > self._transfer_until:
            self.transfer_to, self._transfer_until = '', math.inf

    def call_successor(self, now: float) -> None:
        """Have the best voter stand for election at once; it may lack entries, and then others
        will not vote for it."""
        successor = self.best_successor(now)
        if successor:
            self._state.send(successor, TakeOver(self._state.term))

    def _maybe_hand_over(self) -> None:
        progress = self._progress.get(self.transfer_to)
        if progress is not None and progress.match_index == self._log.last_index:
            self._has_called_successor = True
            self._state.send(self.transfer_to, TakeOver(self._state.term))

    # Reads

    def read(self, reader: RobotId, context: int, now: float) -> PendingRead | None:
        """Ask for proof that the commit index is no older than this moment: the read itself if the
        lease proves it, otherwise it comes out of `reads_proven`."""
        if self.is_settled and self.has_lease(now):
            return PendingRead(reader, context, 0)
        self._reads.add(reader, context, self._round + 1)
        self._heartbeat_due = -math.inf
        return None

    def reads_proven(self) -> list[PendingRead]:
        """Reads whose leader was still the leader after they were asked."""
        if self._reads.is_empty or not self.is_settled:
            return []
        return self._reads.confirmed(self._quorum_of(lambda one: one.answered_round, math.inf))

    def give_up_reads(self) -> list[PendingRead]:
        return self._reads.give_up()

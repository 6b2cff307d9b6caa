"""Watches a group and stops the run at the first broken promise.

Beside the agreement of the members (see `muster.simulation.agreement`) it checks what Raft's
proofs rest on, and what Raft lets its users rely on:

- *durable first*: what a member says about its term, vote and log is on its disk when it says it;
- *quorum*: what a leader calls committed is on the disks of a majority of every set of voters;
- *authority*: no other leader was elected before the moment that a leader takes to be its proof;
- *lease*: while a leader may answer reads alone, it is not replaced;
- *fresh reads*: a read sees all that anybody had called committed when it was asked;
- *equal states*: members that have applied as much are in the same state.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from muster.core.raft import (
    Append,
    AppendReply,
    Entry,
    EntryKind,
    Message,
    RaftNode,
    Record,
    SnapshotChunk,
    SnapshotReply,
    Vote,
    VoteReply,
)
from muster.core.raft.log import decode_membership
from muster.core.raft.membership import Membership
from muster.core.types import RobotId
from muster.simulation.agenda import Agenda
from muster.simulation.agreement import Agreement
from muster.simulation.clock import Clock
from muster.simulation.consensus.stored import Stored
from muster.simulation.referee import InvariantViolationError

DIGEST_EVERY = 16
"""States are compared whenever this many more entries have been applied."""
ROUNDING_S = 1e-6


class GroupReferee:
    """Judges one run."""

    def __init__(self, agenda: Agenda, bites: Counter[str]) -> None:
        self.agreement = Agreement(partial(self.fail, 'agreement'))
        self.stored: dict[RobotId, Stored] = {}
        self._agenda = agenda
        self._bites = bites
        self._elected: list[tuple[int, float]] = []
        """(term, virtual time) of each election that was won, by term."""
        self._digests: dict[int, bytes] = {}
        self._commit_seen: dict[RobotId, int] = {}
        self._alive: dict[RobotId, tuple[RaftNode, Callable[[], float]]] = {}
        """With their steady clocks, which go on while a process is paused."""
        self._membership: Membership | None = None

    def fail(self, promise: str, text: str) -> NoReturn:
        raise InvariantViolationError(promise, self._agenda.now, text)

    # Called by members

    def booted(self, member: RobotId, node: RaftNode, clock: Callable[[], float]) -> None:
        self._commit_seen[member] = node.commit_index
        self._alive[member] = (node, clock)
        self.agreement.booted(member, node)

    def crashed(self, member: RobotId) -> None:
        del self._alive[member]
        self.agreement.crashed(member)

    def writes(self, member: RobotId, records: tuple[Record, ...]) -> None:
        self.agreement.writes(member, records)

    def kept(self, member: RobotId, records: tuple[Record, ...]) -> None:
        """Records have become durable."""
        self.stored[member].keep(records)

    def says(self, member: RobotId, node: RaftNode, recipient: RobotId, message: Message) -> None:
        """Durable first. What belongs to a term that the disk has left behind binds nobody."""
        stored = self.stored[member]
        hard = stored.hard
        match message:
            case Append(term=term) | SnapshotChunk(term=term):
                if hard.term < term:
                    self.fail('durable first', f'{member} leads term {term}, not on its disk')
            case AppendReply(is_accepted=True, term=term, match_index=index):
                if term == node.term:
                    self._check_held(member, node, stored, index)
            case VoteReply(is_granted=True, is_poll=False, term=term):
                if hard.term <= term and (hard.term, hard.voted_for) != (term, recipient):
                    self.fail('durable first', f'the vote of {member} in {message} is not')
            case Vote(is_poll=False, term=term):
                if hard.term <= term and (hard.term, hard.voted_for) != (term, member):
                    self.fail('durable first', f'{member} stands with {message} too early')
            case SnapshotReply(is_installed=True, index=index):
                if stored.last_index < index:
                    self.fail('durable first', f'{member} says {message} too early')

    def observe(self, member: RobotId, node: RaftNode, clock: Clock) -> None:
        """Look at a member that has just done something."""
        is_new_leader = node.is_leader and node.term not in self.agreement.leaders
        news = self.agreement.observe(member)
        if is_new_leader:
            self._elected.append((node.term, self._agenda.now))
            self._elected.sort()
            self._check_leases()
        if node.is_leader:
            if node.commit_index > self._commit_seen[member]:
                self._check_quorum(member, node)
            if self._elected[-1][0] > node.term:
                self._check_authority(member, node, clock)
        self._commit_seen[member] = node.commit_index
        for entry in news:
            if entry.kind is EntryKind.MEMBERSHIP:
                self._note_membership(member, node, entry)

    def read_by_lease(self, member: RobotId, node: RaftNode) -> None:
        """A leader answers a read by its lease alone."""
        newest = self._elected[-1][0]
        if newest > node.term:
            self._fail_lease(member, node.term)

    @property
    def committed_index(self) -> int:
        """As far as anybody has called the log committed."""
        return self.agreement.committed_index

    def read_answered(self, member: RobotId, index: int, asked_at_index: int) -> None:
        """A read will see the log up to an index; when it was asked, it was committed up to
        another."""
        if index < asked_at_index:
            self.fail(
                'fresh reads',
                f'{member} is to read at entry {index}, though entry {asked_at_index} was '
                'committed before the read was asked',
            )

    def has_state(self, member: RobotId, index: int, state: bytes) -> None:
        """Equal states, of a member that has applied the log up to an index."""
        digest = hashlib.sha256(state).digest()
        if self._digests.setdefault(index, digest) != digest:
            self.fail('equal states', f'{member} has another state at entry {index} than others')

    # Judging

    def _check_held(self, member: RobotId, node: RaftNode, stored: Stored, index: int) -> None:
        if index > node.log.base_index:
            is_held = stored.holds(index, node.log.term_at(index))
        else:
            is_held = index <= stored.last_index
        if not is_held:
            self.fail(
                'durable first',
                f'{member} acknowledges entry {index}, its disk ends at {stored.last_index}',
            )
        if node.log.term_at(index) == node.term and stored.hard.term < node.term:
            self.fail('durable first', f'{member} acknowledges entry {index} before its term')

    def _check_quorum(self, member: RobotId, node: RaftNode) -> None:
        index = node.commit_index
        term = node.log.term_at(index)
        holders = [
            name
            for name, stored in self.stored.items()
            if stored.holds(index, term) or stored.is_forgetful
        ]
        if not node.membership.has_quorum(holders):
            self.fail(
                'quorum',
                f'{member} calls entry {index} of term {term} committed, but of '
                f'{node.membership} only {", ".join(holders)} hold it durably',
            )

    def _check_authority(self, member: RobotId, node: RaftNode, clock: Clock) -> None:
        proof = node.quorum_heard_at(clock.steady(self._agenda.now))
        if math.isinf(proof):
            return
        replaced = min(at for term, at in self._elected if term > node.term)
        if clock.when(proof) > replaced + ROUNDING_S:
            self.fail(
                'authority',
                f'{member} takes itself for the leader (term {node.term}) until '
                f'{clock.when(proof):.4f} s, but was replaced at {replaced:.4f} s',
            )

    def _check_leases(self) -> None:
        """Somebody was elected."""
        newest = self._elected[-1][0]
        for member, (node, clock) in self._alive.items():
            if node.term < newest and node.has_lease(clock()):
                self._fail_lease(member, node.term)

    def _fail_lease(self, member: RobotId, term: int) -> NoReturn:
        newest = self._elected[-1][0]
        self.fail(
            'lease',
            f'{member} may answer reads by its lease of term {term}, though '
            f'{self.agreement.leaders[newest]} leads term {newest}',
        )

    # Counting

    def _note_membership(self, member: RobotId, node: RaftNode, entry: Entry) -> None:
        """Count what a change has come to, once its end is committed."""
        after = decode_membership(entry.data)
        if after.is_joint:
            self._bites['joint memberships committed'] += 1
            return
        before, self._membership = self._membership, after
        if before is None:
            return
        joined = set(after.voters) - set(before.voters)
        left = set(before.voters) - set(after.voters)
        counts = {
            'learners added': len(set(after.learners) - set(before.everyone)),
            'learners promoted': len(joined & set(before.learners)),
            'voters added directly': len(joined - set(before.learners)),
            'voters removed': len(left),
            'leaders removed': len({member} & left),
            'several voters exchanged at once': int(len(joined) > 0 and len(left) > 1),
        }
        for what, count in counts.items():
            if count:
                self._bites[what] += count

    def begin_with(self, membership: Membership) -> None:
        """The members with which the group begins."""
        self._membership = membership

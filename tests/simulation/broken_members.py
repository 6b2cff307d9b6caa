"""Members that are wrong on purpose, one way each: what the referee is there to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from muster.core.raft import (
    CommandApplied,
    RaftConfig,
    RaftNode,
    ReadResult,
    SessionCommand,
    Sessions,
    Snapshot,
)
from muster.core.raft.durability import Durability
from muster.core.raft.leader import Leader
from muster.core.raft.log import Log
from muster.core.raft.membership import Membership
from muster.core.raft.reads import PendingRead
from muster.core.raft.state import MemberState

Patch = pytest.MonkeyPatch
Break: TypeAlias = Callable[[Patch], None]


def reads_without_a_lease(patch: Patch) -> None:
    """A leader answers reads without having heard from anybody."""
    patch.setattr(Leader, 'has_lease', lambda self, now: True)


def trusts_the_lease_while_it_hands_over(patch: Patch) -> None:
    """A leader counts on the patience of voters whom its successor does not have to wait for."""
    patch.setattr(
        Leader,
        'has_lease',
        lambda self, now: now < self.quorum_heard_at(now) + self._state.config.lease_s,
    )


def forgets_that_clocks_drift(patch: Patch) -> None:
    """A lease lasts as long by the leader's clock as the patience of others by theirs."""
    patch.setattr(RaftConfig, 'lease_s', property(lambda self: self.election_min_s))


def reads_without_a_round(patch: Patch) -> None:
    """A leader without a lease answers reads before anybody has confirmed that it leads."""

    def wrong(self: Leader) -> list[PendingRead]:
        return self._reads.confirmed(10**9) if self.is_settled else []

    patch.setattr(Leader, 'reads_proven', wrong)


def reads_before_it_is_settled(patch: Patch) -> None:
    """A new leader takes its own commit index for everyone's."""
    patch.setattr(Leader, 'is_settled', True)


def counts_itself_before_its_disk(patch: Patch) -> None:
    """A leader commits with entries that are not on its own disk."""

    def wrong(self: Leader, now: float) -> bool:
        mine = self._state.durability
        durable, mine.index = mine.index, self._log.last_index
        try:
            return advance_commit(self, now)
        finally:
            mine.index = durable

    advance_commit = Leader.advance_commit
    patch.setattr(Leader, 'advance_commit', wrong)


def acknowledges_before_the_disk(patch: Patch) -> None:
    """Votes and acknowledgements leave before they are durable."""
    patch.setattr(MemberState, 'promise', MemberState.send)


def takes_any_answer_of_the_disk_for_all(patch: Patch) -> None:
    """When one write is durable, all that were begun are taken to be."""

    def wrong(self: Durability, sequence: int, now: float) -> Any:
        return saved(self, self._sequence, now)

    saved = Durability.saved
    patch.setattr(Durability, 'saved', wrong)


def decides_by_the_new_voters_alone(patch: Patch) -> None:
    """A change of members does without a majority of the old ones."""
    patch.setattr(Membership, '_sets', lambda self: (self.voters,))


def gives_up_a_change_that_it_alone_knows(patch: Patch) -> None:
    """A removed leader does not stand for election, though nobody else can be elected."""
    patch.setattr(
        MemberState,
        'may_stand',
        property(
            lambda self: self.log.membership.is_voter(self.config.me) and not self.is_forgetful
        ),
    )


def keeps_what_a_snapshot_contradicts(patch: Patch) -> None:
    """A follower keeps its own entries after those that a snapshot has replaced."""

    def wrong(self: Log, snapshot: Snapshot) -> None:
        if self.term_at(snapshot.index) >= 0:
            self.compact(snapshot, keep=0)
        else:
            install(self, snapshot)

    install = Log.install
    patch.setattr(Log, 'install', wrong)


def applies_commands_again(patch: Patch) -> None:
    """Sessions are ignored: every copy of a command takes effect."""

    def wrong(self: Sessions, request: SessionCommand) -> CommandApplied:
        result = self.machine.apply(request.data)
        return CommandApplied(request.session, request.number, result)

    patch.setattr(Sessions, '_command', wrong)


def leaves_sessions_out_of_snapshots(patch: Patch) -> None:
    """A member that was given a snapshot knows the state, but not what had been done."""

    def wrong(self: Sessions, data: bytes) -> None:
        before = self._sessions
        restore(self, data)
        self._sessions = before

    restore = Sessions.restore
    patch.setattr(Sessions, 'restore', wrong)


def applies_what_is_not_committed(patch: Patch) -> None:
    """A follower takes all that it has for committed."""

    def wrong(self: MemberState, index: int) -> None:
        commit(self, self.log.last_index if index > self.commit_index else index)

    commit = MemberState.commit
    patch.setattr(MemberState, 'commit', wrong)


def answers_reads_at_once(patch: Patch) -> None:
    """A follower answers from what it has applied, without asking the leader."""

    def wrong(self: RaftNode, context: int, now: float) -> None:
        if self.is_leader:
            read(self, context, now)
        elif self.leader:
            self._reads_out.append(ReadResult(context, 0))

    read = RaftNode.read
    patch.setattr(RaftNode, 'read', wrong)

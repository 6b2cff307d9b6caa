"""Coordinators that are wrong on purpose, one way each: what the referee is there to find."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

import pytest

from muster.core.coordinator import claims
from muster.core.coordinator.charging import Charging
from muster.core.coordinator.performer import Performer
from muster.core.coordinator.replica import Replica
from muster.core.ledger.commands import Command, LeaveDock, SubmitTask
from muster.core.ledger.ledger import Applied, Ledger
from muster.core.membership.config import MembershipConfig
from muster.core.membership.watch import Watch
from muster.core.raft import HardState, RaftNode, Vote
from muster.core.raft import node as raft_node
from muster.core.raft.log import Log
from muster.core.raft.membership import Membership

Patch = pytest.MonkeyPatch
Break: TypeAlias = Callable[[Patch], None]


def releases_too_early(patch: Patch) -> None:
    """The leader takes work away while its robot may still be at it."""
    patch.setattr(MembershipConfig, 'release_wait_s', property(lambda self: 1.0))


def forgets_former_leaders(patch: Patch) -> None:
    """The leader's wait leaves out that a former leader may have granted after its election."""
    patch.setattr(MembershipConfig, 'release_wait_s', property(lambda self: self.lease_s))


def never_releases(patch: Patch) -> None:
    """Work of a dead robot stays with it."""
    patch.setattr(Watch, 'may_be_released', lambda self, robot, now: False)


def works_without_authority(patch: Patch) -> None:
    """A robot goes on with exclusive work when its lease has lapsed."""
    reason_to_stop = Performer._reason_to_stop

    def wrong(self: Performer, *args: Any) -> str:
        reason = reason_to_stop(self, *args)
        return '' if 'authority' in reason else reason

    patch.setattr(Performer, '_reason_to_stop', wrong)


def leaves_a_dock_too_early(patch: Patch) -> None:
    """A robot says that it has left its dock while its body is still on its way to stop."""
    reason_to_stop = Charging.reason_to_stop

    def wrong(self: Charging, *args: Any) -> str:
        reason, stay = reason_to_stop(self, *args), self._stay
        if reason and stay is not None:
            self._claims.make(LeaveDock(self._me, stay.dock, stay.number))
        return reason

    patch.setattr(Charging, 'reason_to_stop', wrong)


def charges_out_of_turn(patch: Patch) -> None:
    """A robot goes to a dock as soon as it has a place in the queue."""
    turn_at = Ledger.turn_at
    begin = Charging.begin

    def wrong(self: Charging, *args: Any) -> Any:
        docks = self._ledger.docks
        mine = {dock: turn_at(self._ledger, dock, self._me) for dock in docks}
        self._ledger.docks = {dock: (turn,) for dock, turn in mine.items() if turn is not None}
        try:
            return begin(self, *args)
        finally:
            self._ledger.docks = docks

    patch.setattr(Charging, 'begin', wrong)


def trusts_its_battery(patch: Patch) -> None:
    """A robot begins what it has, however little charge is left."""
    patch.setattr(Charging, 'reason_to_wait', lambda self, task: '')


def speaks_at_once_after_a_restart(patch: Patch) -> None:
    """A robot takes part again while the body may still be at what the dead process began."""
    init = Performer.__init__

    def wrong(self: Performer, *args: Any) -> None:
        init(self, *args)
        self._silent_until = -math.inf

    patch.setattr(Performer, '__init__', wrong)


def makes_claims_once(patch: Patch) -> None:
    """A lost claim is never repeated."""
    patch.setattr(claims, 'REPEAT_S', 1e9)


def stays_when_its_disk_fails(patch: Patch) -> None:
    """A robot whose disk refuses writes goes on telling its leader that it lives."""
    patch.setattr(Replica, 'leader', property(lambda self: self.raft.leader))


def makes_two_tasks_of_a_request(patch: Patch) -> None:
    """A repeated request is not recognised."""
    apply = Ledger.apply

    def wrong(self: Ledger, command: Command) -> Applied:
        if isinstance(command, SubmitTask):
            self.requests.pop(command.request_id, None)
        return apply(self, command)

    patch.setattr(Ledger, 'apply', wrong)


def votes_twice(patch: Patch) -> None:
    """A member has a vote for everybody who asks."""
    on_vote = RaftNode._on_vote

    def wrong(self: RaftNode, sender: str, request: Vote, now: float) -> None:
        if not request.is_poll:
            self._state.voted_for = ''
        on_vote(self, sender, request, now)

    patch.setattr(RaftNode, '_on_vote', wrong)


def forgets_its_vote(patch: Patch) -> None:
    """A restarted member does not remember whom it voted for, nor in which term."""
    restore = raft_node.restore
    patch.setattr(raft_node, 'restore', lambda *given: (HardState(), restore(*given)[1]))


def elects_anybody(patch: Patch) -> None:
    """Votes go to logs that lack committed entries."""
    patch.setattr(Log, 'is_up_to_date', lambda self, last_index, last_term: True)


def needs_only_half(patch: Patch) -> None:
    """Half of the members count as a quorum."""

    def has_quorum(self: Membership, robots: Collection[str]) -> bool:
        return 2 * sum(robot in robots for robot in self.voters) >= len(self.voters) - 1

    def reached(self: Membership, value_of: Callable[[str], float]) -> float:
        return sorted(map(value_of, self.voters), reverse=True)[len(self.voters) // 2 - 1]

    patch.setattr(Membership, 'has_quorum', has_quorum)
    patch.setattr(Membership, 'reached_by_quorum', reached)

"""Inflicts a schedule on a group."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from muster.core.raft import (
    HardState,
    MembershipRefusedError,
    NotLeaderError,
    RaftNode,
    TransferRefusedError,
)
from muster.core.raft.membership import Membership
from muster.core.types import RobotId
from muster.simulation.consensus.faults import (
    Absence,
    ClockDrift,
    DiskHang,
    DiskLoss,
    GroupFault,
    MembershipChange,
    Transfer,
    with_leader,
)
from muster.simulation.consensus.member import GroupSurroundings, Member
from muster.simulation.consensus.stored import Stored
from muster.simulation.faults import (
    BadWeather,
    Crash,
    DeafLink,
    DiskFailure,
    Partition,
    SlowDisk,
    Stall,
)

ASK_AGAIN_S = 0.1
MOST_VOTERS = 7
UNUSED_TERM = 1_000_000
"""That no election reaches: a repaired log begins there."""

Disturbance = TypeVar('Disturbance', Partition, DeafLink, BadWeather)


class Nemesis:
    """Does harm, mends it, and asks for changes at the worst moments.

    Parameters
    ----------
    drift : by which steady clocks may be off, as the group is configured.
    """

    def __init__(self, shared: GroupSurroundings, drift: float) -> None:
        self._shared = shared
        self._drift = drift
        self.absent: RobotId = ''
        """Who will not come back."""

    def inflict(self, fault: GroupFault) -> None:
        members = self._shared.members
        self._shared.tell(f'fault {fault}')
        fault = with_leader(fault, self._newest_leader())
        match fault:
            case Crash():
                patience_s = 1.0 if fault.in_mid_write else 0.0
                self._crash(fault, self._shared.agenda.now + patience_s)
            case Stall(robot=name):
                members[name].pause()
                self._later(fault, members[name].resume)
            case SlowDisk(robots=names, sync_s=sync_s):
                self._slow_disks(names, sync_s)
                self._later(fault, lambda: self._slow_disks(names, 0.0))
            case DiskHang(members=names, at=at, lasts_s=lasts_s):
                for name in names:
                    disk = members[name].disk
                    disk.held_until = max(disk.held_until, at + lasts_s)
            case DiskFailure(robot=name):
                members[name].disk.is_broken = True
                self._later(fault, lambda: self._mend(members[name]))
            case DiskLoss(member=name, kept=kept):
                self._shared.bites['disks that lost acknowledged records'] += 1
                self._lose(members[name], kept)
                self._later(fault, members[name].boot)
            case ClockDrift(member=name, share=share):
                before = members[name].clock.rate
                members[name].set_rate(1.0 + share * self._drift)
                self._shared.bites['clock rates changed'] += 1
                self._later(fault, lambda: members[name].set_rate(before))
            case Partition():
                self._place(self._shared.network.partitions, fault)
            case DeafLink():
                self._place(self._shared.network.deaf_links, fault)
            case BadWeather():
                self._place(self._shared.network.weather, fault)
            case MembershipChange() | Transfer():
                self._ask(fault)
            case Absence(draw=draw):
                self._remove_for_good(draw)

    def _later(self, fault: GroupFault, mend: Callable[[], None]) -> None:
        def end() -> None:
            self._shared.tell(f'over: {fault}')
            mend()

        self._shared.agenda.after(fault.lasts_s, end)

    def _place(self, active: list[Disturbance], fault: Disturbance) -> None:
        active.append(fault)
        self._later(fault, lambda: active.remove(fault))

    def _slow_disks(self, names: tuple[RobotId, ...], sync_s: float) -> None:
        for name in names:
            self._shared.members[name].disk.sync_s = sync_s

    def _mend(self, member: Member) -> None:
        member.disk.is_broken = False
        member.crash()
        member.boot()

    def _lose(self, member: Member, kept: float) -> None:
        member.crash()
        records = member.disk.records
        del records[round(kept * len(records)) :]
        records.append(HardState(UNUSED_TERM, '', UNUSED_TERM))
        self._shared.referee.stored[member.name] = Stored(records)

    def _remove_for_good(self, draw: int) -> None:
        """Kill a voter that nothing depends on: all running voters know the same group of three
        at least, and that it is committed."""
        members = self._shared.members
        leader = members[self._newest_leader()].node
        if leader is None or leader.log.membership_index > leader.commit_index:
            return
        membership = leader.membership
        nodes = [members[name].node for name in membership.everyone]
        is_known = all(node is not None and node.membership == membership for node in nodes)
        if is_known and not membership.is_joint and len(membership.voters) > 2:
            self.absent = membership.voters[draw % len(membership.voters)]
            self._shared.bites['voters that never came back'] += 1
            members[self.absent].crash()

    def _crash(self, fault: Crash, at_the_latest: float) -> None:
        doomed = [self._shared.members[name] for name in fault.robots]
        agenda = self._shared.agenda
        if agenda.now < at_the_latest and not any(one.disk.is_writing for one in doomed):
            agenda.after(0.001, partial(self._crash, fault, at_the_latest))
            return
        for member in doomed:
            member.crash()
            self._later(fault, member.boot)

    def _newest_leader(self) -> RobotId:
        """Who leads; of several the newest, and anybody if there is none."""
        nodes = [(one.node, name) for name, one in self._shared.members.items()]
        terms = [(node.term, name) for node, name in nodes if node is not None and node.is_leader]
        return max(terms)[1] if terms else next(iter(self._shared.members))

    # Asking a leader

    def _ask(self, fault: MembershipChange | Transfer) -> None:
        """Ask one that believes to lead, now or as soon as there is one that agrees."""
        leaders = [
            member
            for member in self._shared.members.values()
            if member.is_running and member.node is not None and member.node.is_leader
        ]
        is_done = False
        if leaders:
            leader = leaders[fault.draw % len(leaders)]
            is_done = (
                self._change(leader, fault)
                if isinstance(fault, MembershipChange)
                else self._transfer(leader, fault)
            )
        if not is_done and self._shared.agenda.now + ASK_AGAIN_S < fault.at + fault.lasts_s:
            self._shared.agenda.after(ASK_AGAIN_S, partial(self._ask, fault))

    def _transfer(self, leader: Member, fault: Transfer) -> bool:
        is_done = False

        def transfer(node: RaftNode, now: float) -> None:
            nonlocal is_done
            others = [one for one in node.membership.voters if one != leader.name]
            try:
                node.transfer(others[fault.draw % len(others)] if others else '', now)
            except (NotLeaderError, TransferRefusedError):
                self._shared.bites['transfers refused'] += 1
                return
            is_done = True
            self._shared.bites['transfers begun'] += 1

        leader.ask(transfer)
        return is_done

    def _change(self, leader: Member, fault: MembershipChange) -> bool:
        is_done = False

        def change(node: RaftNode, now: float) -> None:
            nonlocal is_done
            rng = random.Random(fault.draw)
            before = node.membership
            spare = [one for one in self._shared.members if one not in before.everyone]
            target = changed(before, fault.kind, leader.name, spare, rng)
            if target is None:
                return
            try:
                node.change_membership(target.voters, target.learners, now)
                is_done = True
            except (NotLeaderError, MembershipRefusedError):
                self._shared.bites['membership changes refused'] += 1
                if not self._invite(node, before, target, now):
                    return
            self._shared.bites['membership changes begun'] += 1
            self._shared.tell(f'{leader.name} begins a change to {target}')

        leader.ask(change)
        return is_done

    def _invite(self, node: RaftNode, before: Membership, target: Membership, now: float) -> bool:
        """Let newcomers join as learners first, as the refusal advises."""
        newcomers = tuple(one for one in target.voters if one not in before.everyone)
        try:
            node.change_membership(before.voters, before.learners + newcomers, now)
        except (NotLeaderError, MembershipRefusedError):
            return False
        return bool(newcomers)


def changed(
    before: Membership, kind: str, leader: RobotId, spare: list[RobotId], rng: random.Random
) -> Membership | None:
    """Whom a change of some kind leads to; None when it means nothing here.

    `kind` is one of `faults.CHANGES`.
    """
    voters, learners = list(before.voters), list(before.learners)
    others = [one for one in voters if one != leader]
    match kind:
        case 'add a learner' if spare:
            learners.append(rng.choice(spare))
        case 'promote' if learners:
            voters.append(learners.pop(rng.randrange(len(learners))))
        case 'add a voter' if spare:
            voters.append(rng.choice(spare))
        case 'remove a voter' if others:
            voters.remove(rng.choice(others))
        case 'remove the leader' if others and leader in voters:
            voters.remove(leader)
        case 'replace a voter' if spare or learners:
            fresh = rng.choice(learners or spare)
            learners = [one for one in learners if one != fresh]
            voters[rng.randrange(len(voters))] = fresh
        case 'exchange several':
            everyone = [*before.everyone, *spare]
            rng.shuffle(everyone)
            count = rng.randint(1, min(len(everyone), MOST_VOTERS))
            voters, learners = everyone[:count], everyone[count : count + rng.randint(0, 1)]
        case _:
            return None
    return Membership(tuple(voters[:MOST_VOTERS]), tuple(learners))

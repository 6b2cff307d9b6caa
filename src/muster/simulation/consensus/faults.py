"""What can go wrong in a group, and what may be asked of it meanwhile, as a schedule.

Schedules are plain data, so that a failing one can be printed, and shrunk by leaving parts out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from muster.core.types import RobotId
from muster.simulation.faults import (
    BadWeather,
    Crash,
    DeafLink,
    DiskFailure,
    Partition,
    SlowDisk,
    Stall,
)


class DiskHang(msgspec.Struct, frozen=True, tag='disk_hang'):
    """Syncs of these members begin and do not end before this is over."""

    at: float
    lasts_s: float
    members: tuple[RobotId, ...]


class DiskLoss(msgspec.Struct, frozen=True, tag='disk_loss'):
    """The disk of this member loses the end of what it had acknowledged. Somebody repairs its log,
    which then says that it has forgotten promises, and starts the process again."""

    at: float
    lasts_s: float
    member: RobotId
    kept: float
    """[0..1] of its records."""


class ClockDrift(msgspec.Struct, frozen=True, tag='clock_drift'):
    """The steady clock of this member runs at another rate."""

    at: float
    lasts_s: float
    member: RobotId
    share: float
    """[-1..1] of the drift that the group is configured for."""


class MembershipChange(msgspec.Struct, frozen=True, tag='membership_change'):
    """Somebody asks whoever leads to exchange members, until it is begun or he loses patience."""

    at: float
    lasts_s: float
    kind: str
    """One of `CHANGES`."""
    draw: int
    """Decides who, by what the group is at that moment."""


class Transfer(msgspec.Struct, frozen=True, tag='transfer'):
    """Somebody asks whoever leads to hand over to another voter."""

    at: float
    lasts_s: float
    draw: int
    """Decides to whom."""


class Absence(msgspec.Struct, frozen=True, tag='absence'):
    """A voter dies for good when all else is over, if the others can do without: they must come
    together without it."""

    at: float
    lasts_s: float
    draw: int
    """Decides who."""


GroupFault: TypeAlias = (
    Crash
    | Partition
    | DeafLink
    | BadWeather
    | SlowDisk
    | DiskHang
    | DiskFailure
    | DiskLoss
    | Stall
    | ClockDrift
    | MembershipChange
    | Transfer
    | Absence
)

CHANGES = {
    'add a learner': 1,
    'promote': 1,
    'add a voter': 1,
    'remove a voter': 1,
    'remove the leader': 2,
    'replace a voter': 2,
    'exchange several': 4,
}
"""With how often each is drawn."""
DURATIONS_S = (0.1, 0.4, 1.0, 2.5)
LEADER = 'leader'
"""In the place of a name: whoever leads when the fault begins."""
TOGETHER_S = 0.03
"""Faults often come in swarms; so close together."""


def with_leader(fault: GroupFault, leader: RobotId) -> GroupFault:
    """The fault with a name in the place of `LEADER`."""
    named: dict[str, object] = {}
    for field in fault.__struct_fields__:
        value = getattr(fault, field)
        if value == LEADER:
            named[field] = leader
        elif isinstance(value, tuple) and LEADER in value:
            named[field] = tuple(leader if one == LEADER else one for one in value)
    return msgspec.structs.replace(fault, **named) if named else fault


class _Draw:
    """Draws faults for the members of one group, and their spares."""

    def __init__(
        self, rng: random.Random, members: tuple[RobotId, ...], changes_members: bool
    ) -> None:
        self._rng = rng
        self._members = members
        kinds: list[tuple[int, Callable[[float, float], GroupFault]]] = [
            (5, self._crash),
            (3, self._weather),
            (4, self._slow_disk),
            (4, self._disk_hang),
            (1, self._broken_disk),
            (3, self._stall),
            (2, self._drift),
            (7 if changes_members else 0, self._change),
            (3, self._transfer),
            (3, self._partition),
            (2, self._bridge),
            (2, self._one_way),
            (1, self._deaf_link),
        ]
        self._weights = [weight for weight, _ in kinds]
        self._kinds = [draw for _, draw in kinds]

    def fault(self, at: float, lasts_s: float) -> GroupFault:
        return self._rng.choices(self._kinds, self._weights)[0](at, lasts_s)

    def _one(self) -> RobotId:
        return LEADER if self._rng.random() < 0.35 else self._rng.choice(self._members)

    def _several(self, fewest: int = 1, left_out: int = 0) -> tuple[RobotId, ...]:
        count = self._rng.randint(fewest, len(self._members) - left_out)
        return tuple(sorted(self._rng.sample(self._members, count)))

    def _some(self) -> tuple[RobotId, ...]:
        return self._several() if self._rng.random() < 0.4 else (self._one(),)

    def _share(self, low: float, high: float) -> float:
        return round(self._rng.uniform(low, high), 3)

    def _crash(self, at: float, lasts_s: float) -> GroupFault:
        return Crash(at, lasts_s, self._some(), in_mid_write=self._rng.random() < 0.7)

    def _weather(self, at: float, lasts_s: float) -> GroupFault:
        delay_s = self._rng.choice((0.0, 0.02, 0.1, 1.0))
        return BadWeather(at, lasts_s, self._share(0.05, 0.4), self._share(0.0, 0.4), delay_s)

    def _slow_disk(self, at: float, lasts_s: float) -> GroupFault:
        return SlowDisk(at, lasts_s, self._some(), self._share(0.02, 0.4))

    def _disk_hang(self, at: float, lasts_s: float) -> GroupFault:
        return DiskHang(at, lasts_s, self._some())

    def _broken_disk(self, at: float, lasts_s: float) -> GroupFault:
        return DiskFailure(at, lasts_s, self._one())

    def _stall(self, at: float, lasts_s: float) -> GroupFault:
        return Stall(at, lasts_s, self._one())

    def _drift(self, at: float, lasts_s: float) -> GroupFault:
        return ClockDrift(at, lasts_s, self._one(), self._rng.choice((-1.0, 1.0)))

    def _change(self, at: float, lasts_s: float) -> GroupFault:
        kind = self._rng.choices(tuple(CHANGES), tuple(CHANGES.values()))[0]
        return MembershipChange(at, lasts_s, kind, self._rng.getrandbits(32))

    def _transfer(self, at: float, lasts_s: float) -> GroupFault:
        return Transfer(at, lasts_s, self._rng.getrandbits(32))

    def _side(self) -> tuple[RobotId, ...]:
        return (LEADER,) if self._rng.random() < 0.4 else self._several(left_out=1)

    def _partition(self, at: float, lasts_s: float) -> GroupFault:
        return Partition(at, lasts_s, self._side())

    def _bridge(self, at: float, lasts_s: float) -> GroupFault:
        bridge = self._one()
        side = tuple(one for one in self._side() if one != bridge)
        return Partition(at, lasts_s, side, bridges=(bridge,))

    def _one_way(self, at: float, lasts_s: float) -> GroupFault:
        return Partition(at, lasts_s, self._side(), is_one_way=True)

    def _deaf_link(self, at: float, lasts_s: float) -> GroupFault:
        sender, listener = self._rng.sample(self._members, 2)
        return DeafLink(at, lasts_s, sender, listener)


def draw_schedule(
    rng: random.Random,
    voters: tuple[RobotId, ...],
    spares: tuple[RobotId, ...],
    quiet_from_s: float,
) -> tuple[GroupFault, ...]:
    """A random schedule, sparse or dense, that is over by `quiet_from_s`, except that a voter may
    be away from then on.

    Some have no changes of members, and in place of them a disk that loses what it had
    acknowledged: a group survives one such loss as long as the others can elect a leader alone.
    """
    has_loss = len(voters) > 2 and rng.random() < 0.2
    draw = _Draw(rng, voters + spares, changes_members=not has_loss)
    faults: list[GroupFault] = []
    if has_loss:
        at, lasts_s = rng.uniform(1.0, 0.8 * quiet_from_s), rng.uniform(0.1, 1.0)
        kept = round(rng.choice((0.0, rng.random(), 0.95)), 3)
        faults.append(DiskLoss(round(at, 3), round(lasts_s, 3), rng.choice(voters), kept))
    elif rng.random() < 0.4:
        faults.append(Absence(quiet_from_s, math.inf, rng.getrandbits(32)))
    mean_gap_s = rng.choice((0.15, 0.3, 0.6, 1.2))
    at = 1.0
    while True:
        is_swarm = rng.random() < 0.3
        at += rng.uniform(0.0, TOGETHER_S) if is_swarm else rng.expovariate(1.0 / mean_gap_s)
        lasts_s = rng.choice(DURATIONS_S) * rng.uniform(0.5, 1.5)
        if at >= quiet_from_s:
            return tuple(sorted(faults, key=lambda fault: fault.at))
        if at + lasts_s < quiet_from_s:
            faults.append(draw.fault(round(at, 3), round(lasts_s, 3)))

"""A robot's side of an auction: feasibility first, then price."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import msgspec

from muster.core.allocation.config import SkillProfile
from muster.core.allocation.costs import Reason
from muster.core.allocation.evaluation import cheapest_insertion
from muster.core.allocation.formulation import (
    Circumstances,
    Formulation,
    TeamProfile,
    Work,
    formulate,
    shortcoming,
)
from muster.core.allocation.messages import CENT, Bid, RobotModel
from muster.core.allocation.tables import Tables, tables
from muster.core.types import TaskId, TaskSpec

REFUSALS: dict[Reason, str] = {
    Reason.INELIGIBLE: 'may not do it',
    Reason.UNREACHABLE: 'there is no way to it on the roadmap',
    Reason.MAX_TASKS: 'schedule is full',
    Reason.LOAD: 'could not take along that much more',
    Reason.DEADLINE: 'would be late, or make another task late',
    Reason.ENERGY: 'battery would fall below its reserve',
    Reason.PRECEDENCE: 'its predecessor is not planned',
    Reason.GROUP: 'cannot set out together with the others',
    Reason.NOT_PLACED: 'no place in the schedule',
}


def missing_capabilities(
    spec: TaskSpec, skill: SkillProfile, has: Collection[str]
) -> tuple[str, ...]:
    """What a robot lacks for a task, sorted."""
    return tuple(sorted({*skill.requires, *spec.capabilities} - set(has)))


def price(
    team: TeamProfile,
    me: RobotModel,
    held: Sequence[Work],
    lots: Sequence[Work],
    now: Circumstances,
    extras: Mapping[TaskId, Mapping[str, float]],
) -> tuple[Bid, ...]:
    """What each lot on its own would cost on top of a robot's schedule, or why it cannot have it.

    Parameters
    ----------
    held : the robot's schedule, in its order.
    extras : [cost units] what only the robot knows of each lot, by name.
    """
    works = {work.task_id: _alone(work) for work in (*held, *lots)}
    path = [work.task_id for work in held]
    private = {(me.robot, task_id): sum(named.values()) for task_id, named in extras.items()}
    now = dataclasses.replace(now, private=private)
    stated = formulate(team, (me,), {me.robot: path}, works, now)
    tab = tables(stated.problem)
    return tuple(
        _price_one(team, me, stated, tab, len(held) + place, lot, dict(extras.get(lot.task_id, {})))
        for place, lot in enumerate(lots)
    )


def _price_one(
    team: TeamProfile,
    me: RobotModel,
    stated: Formulation,
    tab: Tables,
    slot: int,
    lot: Work,
    extra: dict[str, float],
) -> Bid:
    lacks = [shortcoming(team, me, lot.spec, role) for role in range(lot.size)]
    if all(lacks):
        return Bid(refusal=lacks[0])
    if me.robot in lot.avoid:
        return Bid(refusal='an operator has taken it from this robot')
    found = cheapest_insertion(stated.problem, 0, stated.routes[0], slot, tab=tab)
    if found.reason != Reason.NONE:
        return Bid(refusal=REFUSALS[Reason(found.reason)])
    terms = tuple(round(float(term) / CENT) for term in found.terms)
    roles = sum(1 << role for role, lack in enumerate(lacks) if not lack)
    return Bid(terms=terms, role=roles, extra=extra)


def _alone(work: Work) -> Work:
    """A task as one robot's part in it."""
    spec = msgspec.structs.replace(work.spec, robots_needed=1, roles=(), starts_with=())
    return dataclasses.replace(work, spec=spec, group='')

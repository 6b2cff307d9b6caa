"""A robot's side of an auction: feasibility first, then price."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import msgspec

from muster.core.allocation.config import SkillProfile
from muster.core.allocation.costs import Reason
from muster.core.allocation.custom import ruling_out
from muster.core.allocation.evaluation import evaluate_path
from muster.core.allocation.formulation import (
    Circumstances,
    Formulation,
    TeamProfile,
    Work,
    formulate,
    shortcoming,
)
from muster.core.allocation.messages import CENT, Bid, RobotModel
from muster.core.allocation.search import quotes
from muster.core.allocation.tables import Tables, tables
from muster.core.types import RobotId, TaskId, TaskSpec

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
    extras : [cost units] what only the robot knows of each lot, by name; ``inf`` rules it out.
    """
    lacks = {lot.task_id: shortcomings(team, me, lot) for lot in lots}
    for lot in lots:
        barred = ruling_out(extras.get(lot.task_id, {}))
        if barred:
            lacks[lot.task_id] = [f'{", ".join(barred)} rules it out'] * lot.size
    able = [lot for lot in lots if not all(lacks[lot.task_id])]
    works = {work.task_id: _alone(work, me.robot) for work in (*held, *able)}
    path = [work.task_id for work in held]
    private = {(me.robot, task_id): sum(named.values()) for task_id, named in extras.items()}
    now = dataclasses.replace(now, private=private)
    stated = formulate(team, (me,), {me.robot: path}, works, now)
    tab = tables(stated.problem)
    route = without_the_late(stated, tab)
    bids = {
        lot.task_id: Bid(refusal=next(words for words in lacks[lot.task_id] if words))
        for lot in lots
        if lot not in able
    }
    slots = range(len(held), len(stated.slots))
    offered = quotes(stated.problem, 0, route, slots, tab=tab)
    for lot, found in zip(able, offered, strict=True):
        if found.reason != Reason.NONE:
            bids[lot.task_id] = Bid(refusal=REFUSALS[Reason(found.reason)])
            continue
        roles = sum(1 << role for role, words in enumerate(lacks[lot.task_id]) if not words)
        terms = tuple(round(float(term) / CENT) for term in found.terms)
        extra = dict(extras.get(lot.task_id, {}))
        bids[lot.task_id] = Bid(terms=terms, role=roles, extra=extra)
    return tuple(bids[lot.task_id] for lot in lots)


def shortcomings(team: TeamProfile, me: RobotModel, lot: Work) -> list[str]:
    """What keeps the robot from each role; empty words where nothing does."""
    if any(team.roadmap.pose_of(stop) is None for stop in lot.spec.stops):
        return ['it goes to a place that the roadmap does not have']
    return [shortcoming(team, me, lot.spec, role) for role in range(lot.size)]


def without_the_late(stated: Formulation, tab: Tables) -> tuple[int, ...]:
    """The present path but for tasks that will miss their hard deadline whatever happens: they
    must not keep the robot from other work."""
    route = stated.routes[0]
    while True:
        found = evaluate_path(stated.problem, 0, route, tab=tab)
        if found.reason != Reason.DEADLINE:
            return route
        route = tuple(slot for slot in route if slot != found.failed)


def _alone(work: Work, robot: RobotId) -> Work:
    """A task as one robot's part in it."""
    crew = (robot,) if robot in work.crew else ()
    spec = msgspec.structs.replace(
        work.spec, robots_needed=1, roles=(), starts_with=(), predecessors=()
    )
    return dataclasses.replace(work, spec=spec, group='', crew=crew)

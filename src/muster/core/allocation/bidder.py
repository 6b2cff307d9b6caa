"""A robot's side of an auction: feasibility first, then price."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from muster.core.allocation.config import SkillProfile
from muster.core.allocation.messages import Bid, Lot
from muster.core.allocation.schedule import Planned, Planner, Situation
from muster.core.types import RobotId, TaskSpec

SECOND_CHANCE_COST = 60.0
"""[s] added to the bid of a robot on which the task failed before: others go first, but it may
still win."""


def missing_capabilities(
    spec: TaskSpec, skill: SkillProfile, has: Collection[str]
) -> tuple[str, ...]:
    """What a robot lacks for a task, sorted."""
    return tuple(sorted({*skill.requires, *spec.capabilities} - set(has)))


def bid(
    me: RobotId,
    lot: Lot,
    *,
    skill: SkillProfile | None,
    capabilities: Collection[str],
    unfit_reason: str,
    path: Sequence[Planned],
    capacity: int,
    planner: Planner,
    situation: Situation,
) -> Bid:
    """Price one task on one robot's own schedule, or refuse with the reason."""

    def refuse(reason: str) -> Bid:
        return Bid(task_id=lot.task_id, refusal=reason)

    if unfit_reason:
        return refuse(unfit_reason)
    if skill is None:
        return refuse(f'knows no skill {lot.spec.kind!r}')
    missing = missing_capabilities(lot.spec, skill, capabilities)
    if missing:
        return refuse(f'lacks {", ".join(missing)}')
    if len(path) >= capacity:
        return refuse('schedule is full')
    found = planner.insert(path, Planned(lot.task_id, lot.spec), situation)
    if isinstance(found, str):
        return refuse(found)
    return Bid(
        task_id=lot.task_id,
        cost=found.cost + SECOND_CHANCE_COST * lot.failed_on.count(me),
        finish_s=found.finish_s,
        travel_m=found.travel_m,
        queued=found.position + (situation.busy_until is not None),
    )

"""How far a robot's battery takes it along its own schedule.

The answer is that of the one evaluation that bids and plans rest on
(`muster.core.allocation.evaluation`), asked anew by the robot itself with the battery that it
really has. Only energy is asked about: deadlines, predecessors and partners are left out, for they
do not change what a battery lasts for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from muster.core.allocation.costs import Reason
from muster.core.allocation.evaluation import Timeline, evaluate_path
from muster.core.allocation.formulation import Circumstances, TeamProfile, Work, formulate
from muster.core.allocation.messages import RobotModel
from muster.core.allocation.problem import Problem
from muster.core.allocation.tables import tables
from muster.core.types import RobotId, TaskId

MARGIN = 0.02
"""[0..1] charged on top of what is needed: a plan is never quite true, and a robot that leaves
with just enough finds on its next look that it is not."""


@dataclass(frozen=True)
class Stopover:
    """A visit to a dock that a schedule calls for."""

    dock: str
    until: float
    """[0..1] charge at which the robot can go on."""
    is_next: bool = True
    """It has to come before the first task of the path."""


@dataclass(frozen=True)
class Endurance:
    """What a battery allows."""

    stopover: Stopover | None = None
    """The first visit to a dock that the path calls for."""
    at_once: frozenset[TaskId] = frozenset()
    """Tasks that the robot could do next without charging first."""
    before: Mapping[TaskId, Stopover] = field(default_factory=dict)
    """Where it would charge to do another of its tasks next."""
    never: frozenset[TaskId] = frozenset()
    """Tasks for which no charging on the way would be enough."""


def endurance(
    team: TeamProfile, me: RobotModel, path: Sequence[Work], now: Circumstances
) -> Endurance:
    """Look along a robot's path.

    Parameters
    ----------
    team : with the docks that the robot can use.
    """
    works = {work.task_id: _bare(work, me.robot) for work in path}
    stated = formulate(team, (me,), {me.robot: list(works)}, works, now)
    route = stated.routes[0]
    problem = stated.problem._replace(max_tasks=np.array([len(route)]))
    tab = tables(problem)
    at_once, before = [], {}
    for slot in route:
        alone = evaluate_path(problem, 0, (slot,), tab=tab)
        visit = _stopover(problem, alone, team.docks)
        if visit is not None:
            before[stated.slots[slot][0]] = visit
        elif alone.is_feasible:
            at_once.append(slot)
    never = []
    timeline = evaluate_path(problem, 0, route, tab=tab)
    while not timeline.is_feasible:
        if timeline.reason == Reason.ENERGY:
            never.append(timeline.failed)
        route = tuple(slot for slot in route if slot != timeline.failed)
        timeline = evaluate_path(problem, 0, route, tab=tab)
    return Endurance(
        _stopover(problem, timeline, team.docks),
        frozenset(stated.names(at_once)),
        before,
        frozenset(stated.names(never)),
    )


def _stopover(problem: Problem, timeline: Timeline, docks: Sequence[str]) -> Stopover | None:
    """The first visit to a dock. What is to be charged there is added to what the robot has now:
    so it is enough even if the robot goes there sooner than planned."""
    for place, dock in enumerate(timeline.dock.tolist()):
        if dock >= 0:
            charge_j = problem.charge[0] + timeline.charge_s[place] * problem.charge_w[0]
            until = min(1.0, float(charge_j / problem.capacity_j[0]) + MARGIN)
            return Stopover(docks[dock], until, is_next=place == 0)
    return None


def _bare(work: Work, robot: RobotId) -> Work:
    """A task as nothing but work for one robot, who has it."""
    spec = msgspec.structs.replace(
        work.spec, robots_needed=1, roles=(), starts_with=(), predecessors=(), deadline_s=0.0
    )
    return dataclasses.replace(work, spec=spec, group='', crew=(robot,))

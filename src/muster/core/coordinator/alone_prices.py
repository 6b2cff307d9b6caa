"""What tasks are worth to a robot that shares them out with others where nobody leads.

Costs are those of any auction (`muster.core.allocation.evaluation`). The bundle consensus wants
scores, larger is better, so each cost is taken off what the task is worth.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from muster.core.allocation.bidder import shortcomings, without_the_late
from muster.core.allocation.consensus_bundle import Price
from muster.core.allocation.costs import Reason
from muster.core.allocation.evaluation import cheapest_insertion
from muster.core.allocation.formulation import Circumstances, formulate
from muster.core.allocation.messages import RobotModel
from muster.core.allocation.problem import Problem
from muster.core.allocation.tables import tables
from muster.core.coordinator.planner import Planner, work_of
from muster.core.ledger.task import Task
from muster.core.types import TaskId

WORTH = 1e6
"""[cost units] of any task: each is worth doing, however dear."""
NEVER = 1e15
"""[s] longer than any battery lasts, and yet a number to calculate with."""
WORTH_OF_PRIORITY = 1e3
"""[cost units] more for each step of priority."""


def price_alone(
    planner: Planner,
    me: RobotModel,
    held: Sequence[Task],
    path: Sequence[Task],
    lots: Sequence[Task],
    at: float,
) -> list[Price | None]:
    """Score and place of each of some tasks in a robot's own path.

    Parameters
    ----------
    held : what the robot has from a leader, and does first.
    path : what it has won here, in this order.
    at : node time of planning.
    """
    team = planner.team
    mine = [*held, *path]
    able = [lot for lot in map(work_of, lots) if not all(shortcomings(team, me, lot))]
    works = {task.id: dataclasses.replace(work_of(task), crew=(me.robot,)) for task in mine}
    works |= {work.task_id: work for work in able}
    extras = {(me.robot, task.id): sum(planner.extra(me, task, at).values()) for task in lots}
    now = Circumstances(at, private=extras)
    stated = formulate(team, (me,), {me.robot: [task.id for task in mine]}, works, now)
    problem = _without_docks(stated.problem)
    tab = tables(problem)
    route = without_the_late(stated, tab)
    first = sum(slot < len(held) for slot in route)
    prices: dict[TaskId, Price] = {}
    for slot, work in enumerate(able, start=len(mine)):
        found = cheapest_insertion(problem, 0, route, slot, tab=tab)
        if found.reason == Reason.NONE:
            worth = WORTH + WORTH_OF_PRIORITY * work.spec.priority
            prices[work.task_id] = Price(worth - found.cost, max(0, found.position - first))
    return [prices.get(lot.id) for lot in lots]


def _without_docks(problem: Problem) -> Problem:
    """Nobody says whose turn it is at a dock: the robot only keeps its way to one."""
    return problem._replace(dock_free=np.full_like(problem.dock_free, NEVER))

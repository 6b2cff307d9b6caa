"""Why a task is in no path: the constraint that stands in the way of the robot that came nearest
to taking it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from muster.core.allocation.costs import Reason
from muster.core.allocation.evaluation import evaluate_path, evaluate_plan
from muster.core.allocation.problem import Problem
from muster.core.allocation.tables import (
    LAST,
    LOAD,
    LOAD_LIMIT,
    MAX_TASKS,
    PARTNERS,
    PREDS,
    SUCCS,
    Tables,
)


def reasons_for(
    problem: Problem, tab: Tables, routes: Sequence[Sequence[int]], tasks: Iterable[int]
) -> dict[int, Reason]:
    """A reason for each of these tasks, none of which is in a path."""
    placed = {t for route in routes for t in route}
    carried = [sum(tab.task[t, LOAD] for t in route) for route in routes]
    return {t: _reason(problem, tab, routes, placed, carried, t) for t in tasks}


def _reason(
    problem: Problem,
    tab: Tables,
    routes: Sequence[Sequence[int]],
    placed: set[int],
    carried: Sequence[float],
    t: int,
) -> Reason:
    before = tab.tied[tab.span[t, PREDS] : tab.span[t, SUCCS]]
    if not placed.issuperset(int(p) for p in before):
        return Reason.PRECEDENCE
    if tab.span[t, PARTNERS] < tab.span[t, LAST]:
        return Reason.GROUP
    not_before = np.zeros(problem.tasks)
    if len(before):
        paths = evaluate_plan(problem, routes, tab=tab).paths
        ends = {
            task: end
            for route, path in zip(routes, paths, strict=False)
            for task, end in zip(route, path.finish, strict=True)
        }
        not_before[t] = max((ends[int(p)] for p in before), default=0.0)
    furthest = Reason.INELIGIBLE
    for r, route in enumerate(routes):
        if not np.isfinite(tab.own[r, t]):
            continue
        if len(route) + 1 > tab.robot[r, MAX_TASKS]:
            found = Reason.MAX_TASKS
        elif carried[r] + tab.task[t, LOAD] > tab.robot[r, LOAD_LIMIT]:
            found = Reason.LOAD
        else:
            found = evaluate_path(problem, r, [t], not_before=not_before, tab=tab).reason
            if found == Reason.NONE:
                longer = [*route, t]
                found = evaluate_path(problem, r, longer, not_before=not_before, tab=tab).reason
            if found == Reason.NONE:
                found = Reason.DEADLINE
        furthest = max(furthest, found)
    return furthest

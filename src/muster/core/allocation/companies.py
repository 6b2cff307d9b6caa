"""Robots for tasks that set out together, where one after the other does not do.

An auction takes the cheapest robot for each part in turn, and may so take the only one that could
do another part. Where it has failed on a company, the parts are assigned to robots all at once
(minimum-cost matching), and the auction is held again with nobody else allowed to bid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from muster.core.allocation.problem import Problem
from muster.core.allocation.search import Plan, assign, construct, plan_of


def place_companies(problem: Problem, plan: Plan, tasks: Collection[int]) -> Plan:
    """A plan with those groups placed that could be, of the tasks given; the rest as it was."""
    left = [t for t in tasks if t in plan.unassigned and problem.group[t] >= 0]
    for group in sorted({int(problem.group[t]) for t in left}):
        members = np.flatnonzero(problem.group == group).tolist()
        open_ones = [t for t in members if t in plan.unassigned]
        if set(open_ones) <= set(tasks):
            plan = _place(problem, plan, open_ones, members)
    return plan


def _place(problem: Problem, plan: Plan, tasks: Sequence[int], group: Sequence[int]) -> Plan:
    ways = problem.distance[problem.start][:, problem.entry[tasks]] / problem.speed[:, None]
    costs = problem.ready[:, None] + ways + problem.private[:, tasks]
    costs = np.where(problem.eligible[:, tasks], costs, np.inf)
    taken = [plan.robot_of(t) for t in group if t not in tasks]
    costs[taken] = np.inf
    chosen = assign(costs)
    if np.any(chosen < 0):
        return plan
    eligible = problem.eligible.copy()
    eligible[:, tasks] = False
    eligible[chosen, tasks] = True
    found = construct(problem._replace(eligible=eligible), plan, tasks)
    if any(t in found.unassigned for t in tasks):
        return plan
    return plan_of(problem, found.routes, found.unassigned)

"""A plan: every robot's path, and every task that is in none with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from muster.core.allocation.costs import TERMS, Reason
from muster.core.allocation.evaluation import Evaluation, price_plan
from muster.core.allocation.problem import Floats, Problem
from muster.core.allocation.tables import Tables


@dataclass(frozen=True)
class Plan:
    """Paths for all robots of a problem. Every task of the problem is in exactly one path, or in
    `unassigned`."""

    routes: tuple[tuple[int, ...], ...]
    """Per robot the tasks in the order in which it does them."""
    unassigned: Mapping[int, Reason] = field(default_factory=dict)
    """Tasks in no path."""
    cost: float = 0.0
    """[weighted seconds] the sum of `terms`; ``inf`` for a plan that cannot be done."""
    terms: Floats = field(default_factory=lambda: np.zeros(TERMS), compare=False)
    """(TERMS,) by `Term`."""

    def robot_of(self, task: int) -> int:
        """Who has a task; -1 for nobody."""
        return next((r for r, route in enumerate(self.routes) if task in route), -1)


def empty_plan(problem: Problem) -> Plan:
    """Nobody does anything, and nothing has been asked for."""
    return Plan(((),) * problem.robots, dict.fromkeys(range(problem.tasks), Reason.NOT_PLACED))


def plan_of(
    problem: Problem,
    routes: Sequence[Sequence[int]],
    reasons: Mapping[int, Reason] | None = None,
    *,
    tab: Tables | None = None,
    found: Evaluation | None = None,
) -> Plan:
    """Price given paths, unless that has been found already; tasks in none get their reason,
    `Reason.NOT_PLACED` unless told."""
    found = price_plan(problem, routes, tab=tab) if found is None else found
    placed = {t for route in routes for t in route}
    reasons = reasons or {}
    return Plan(
        routes=tuple(tuple(int(t) for t in route) for route in routes),
        unassigned={
            t: reasons.get(t, Reason.NOT_PLACED) for t in range(problem.tasks) if t not in placed
        },
        cost=found.cost,
        terms=found.terms,
    )

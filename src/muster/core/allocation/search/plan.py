"""A plan: every robot's path, and every task that is in none with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from muster.core.allocation.costs import TERMS, Reason
from muster.core.allocation.problem import Floats, Problem


@dataclass(frozen=True)
class Plan:
    """Paths for all robots of a problem. Every task of the problem is in exactly one path, or in
    `unassigned`."""

    routes: tuple[tuple[int, ...], ...]
    """Per robot the tasks in the order in which it does them."""
    unassigned: Mapping[int, Reason] = field(default_factory=dict)
    """Tasks in no path."""
    cost: float = 0.0
    """[weighted seconds] the sum of `terms`."""
    terms: Floats = field(default_factory=lambda: np.zeros(TERMS), compare=False)
    """(TERMS,) by `Term`."""

    def robot_of(self, task: int) -> int:
        """Who has a task; -1 for nobody."""
        return next((r for r, route in enumerate(self.routes) if task in route), -1)


def empty_plan(problem: Problem) -> Plan:
    """Nobody does anything, and nothing has been asked for."""
    return Plan(((),) * problem.robots, dict.fromkeys(range(problem.tasks), Reason.NOT_PLACED))

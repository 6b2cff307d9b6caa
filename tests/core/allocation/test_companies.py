"""Companies find robots wherever there are enough of the right kind."""

from __future__ import annotations

import numpy as np

from muster.core.allocation.companies import place_companies
from muster.core.allocation.problem import Problem, make_problem
from muster.core.allocation.search import check, construct, empty_plan


def company(eligible: list[list[int]]) -> Problem:
    """One group of tasks at one place; the first robot is the nearest to it."""
    robots, tasks = np.array(eligible).shape
    at = np.arange(robots + 1.0)
    return make_problem(
        np.abs(at[:, None] - at[None]),
        np.arange(1, robots + 1),
        np.zeros(tasks, dtype=int),
        group=np.zeros(tasks, dtype=int),
        eligible=np.array(eligible, dtype=bool),
    )


def test_the_only_robot_for_one_part_is_not_wasted_on_another() -> None:
    problem = company([[1, 1, 1], [1, 1, 1], [1, 0, 0]])
    begun = construct(problem, empty_plan(problem), range(3))
    plan = place_companies(problem, begun, range(3))
    assert plan.unassigned == {}
    assert plan.routes[2] == (0,)
    assert check(problem, plan) == []


def test_what_nobody_can_fill_stays_as_it_was() -> None:
    problem = company([[1, 1], [0, 0]])
    begun = construct(problem, empty_plan(problem), range(2))
    assert place_companies(problem, begun, range(2)) == begun
    assert begun.routes == ((), ())

"""Trades may give a task up for the sake of others: that, too, has a reason."""

from __future__ import annotations

import numpy as np

from muster.core.allocation import search
from muster.core.allocation.costs import Reason
from muster.core.allocation.problem import make_problem


def test_a_task_given_up_for_two_others_is_too_late() -> None:
    arms = np.array([0.0, 10.0, 10.0, 4.0])
    ways = arms[:, None] + arms
    np.fill_diagonal(ways, 0.0)
    problem = make_problem(
        ways, [0, 0], [1, 2, 3], group=[0, 0, -1], deadline=[12.0, 12.0, 4.5], is_hard=True
    )
    first = search.plan_of(problem, [[2], []], {0: Reason.GROUP, 1: Reason.GROUP})
    plan = search.improve(problem, first, seed=1, is_over=lambda: False, iterations=100)
    assert sorted(task for route in plan.routes for task in route) == [0, 1]
    assert plan.unassigned == {2: Reason.DEADLINE}


def test_a_task_given_up_is_tried_again_once_there_is_room() -> None:
    arms = np.array([0.0, 10.0, 10.0, 4.0])
    ways = arms[:, None] + arms
    np.fill_diagonal(ways, 0.0)
    crowded = make_problem(
        ways, [0, 0], [1, 2, 3], group=[0, 0, -1], deadline=[12.0, 12.0, 4.5], is_hard=True
    )
    first = search.plan_of(crowded, [[2], []], {0: Reason.GROUP, 1: Reason.GROUP})
    without = search.improve(crowded, first, seed=1, is_over=lambda: False, iterations=100)
    assert 2 in without.unassigned
    relaxed = crowded._replace(deadline=np.array([40.0, 40.0, 40.0]))
    plan = search.improve(relaxed, without, seed=1, is_over=lambda: False, iterations=100)
    assert not plan.unassigned

"""Tasks between which there is no way."""

from __future__ import annotations

import numpy as np
import pytest

from muster.core.allocation.problem import make_problem
from muster.core.allocation.search import improve, plan_of
from muster.core.allocation.search.neighbours import nearest_tasks
from muster.core.allocation.tables import tables


@pytest.mark.parametrize('count', [2, 3, 8])
def test_no_task_is_its_own_neighbour_though_no_other_can_be_reached_from_it(count: int) -> None:
    distance = np.full((count + 1, count + 1), np.inf)
    np.fill_diagonal(distance, 0.0)
    problem = make_problem(distance, [count], list(range(count)))
    near = nearest_tasks(tables(problem), count)
    assert near.shape == (count, count - 1)
    for task, others in enumerate(near):
        assert sorted([task, *others]) == list(range(count))


def test_a_plan_whose_way_has_been_closed_can_be_searched() -> None:
    distance = np.array([[0.0, 10.0, np.inf], [10.0, 0.0, np.inf], [np.inf, np.inf, 0.0]])
    problem = make_problem(distance, [0, 1], [0, 2], w_latency=1.0)
    plan = plan_of(problem, ((0, 1), ()))
    found = improve(problem, plan, seed=1, is_over=lambda: False, iterations=20)
    assert {task for route in found.routes for task in route} | set(found.unassigned) == {0, 1}

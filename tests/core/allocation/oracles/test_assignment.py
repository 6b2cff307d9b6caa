"""One task for each robot: exact, whoever asks."""

from __future__ import annotations

from itertools import permutations
from math import inf, isclose

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp

from muster.core.allocation import search

from .drawing import generators


def cost_of(costs: np.ndarray, robots: np.ndarray) -> float:
    return float(sum(costs[robot, task] for task, robot in enumerate(robots) if robot >= 0))


def test_no_permutation_is_cheaper() -> None:
    for random in generators(10):
        costs = random.uniform(0, 100, (6, 6))
        robots = search.assign(costs)
        assert sorted(robots) == list(range(6))
        best = min(
            sum(costs[r, t] for t, r in enumerate(order)) for order in permutations(range(6))
        )
        assert isclose(cost_of(costs, robots), best)


@pytest.mark.parametrize('shape', [(200, 200), (50, 80), (80, 50)])
def test_it_is_the_assignment_that_scipy_finds(shape: tuple[int, int]) -> None:
    for random in generators(3):
        costs = random.uniform(0, 100, shape)
        rows, columns = linear_sum_assignment(costs)
        robots = search.assign(costs)
        assert (robots >= 0).sum() == min(shape)
        assert isclose(cost_of(costs, robots), costs[rows, columns].sum())


def test_as_many_tasks_as_possible_are_given_and_then_the_cheapest_way() -> None:
    """By an integer program, where robots cannot do everything."""
    for random in generators(10):
        costs = np.where(random.uniform(size=(6, 7)) < 0.4, random.uniform(0, 100, (6, 7)), inf)
        possible = np.isfinite(costs)
        where = np.argwhere(possible)
        of_robot = (where[:, 0] == np.arange(6)[:, None]).astype(float)
        of_task = (where[:, 1] == np.arange(7)[:, None]).astype(float)
        found = milp(
            costs[possible] - 1000.0,
            integrality=np.ones(len(where)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(np.vstack([of_robot, of_task]), 0, 1),
        )
        robots = search.assign(costs)
        given = robots[robots >= 0]
        assert len(set(given.tolist())) == len(given)
        assert isclose(cost_of(costs, robots) - 1000.0 * len(given), found.fun, rel_tol=1e-9)

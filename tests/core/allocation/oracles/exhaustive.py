"""The true optimum of small problems, by trying everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise, permutations
from math import inf

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from muster.core.allocation.problem import Floats, Problem

from .carrying_out import Routes, cost_of


def best_cost(problem: Problem) -> float:
    """Of all plans that give every task to somebody; ``inf`` if none can be carried out."""
    return min((cost_of(problem, routes) for routes in all_plans(problem)), default=inf)


def all_plans(problem: Problem) -> Iterator[Routes]:
    """Every way to share out and order all tasks."""
    tasks, robots = problem.tasks, problem.robots
    for order in permutations(range(tasks)):
        for cuts in combinations(range(tasks + robots - 1), robots - 1):
            ends = [cut - place for place, cut in enumerate(cuts)]
            bounds = [0, *ends, tasks]
            yield [order[a:b] for a, b in pairwise(bounds)]


def best_by_paths(problem: Problem) -> float:
    """Likewise where robots do not wait for one another, which takes far fewer trials.

    The best order of each set of tasks is found for each robot on its own, and the sets are shared
    out as well as can be: by their sum, or, where the makespan has a weight, by every partition.
    """
    costs = np.array([_path_costs(problem, robot) for robot in range(problem.robots)])
    best = costs[0]
    for of_robot in costs[1:]:
        best = _joined(best, of_robot, is_makespan=problem.w_max > 0)
    return float(best[-1])


def best_by_program(problem: Problem) -> float:
    """Likewise for sums, as an integer program over all sets of tasks of each robot."""
    costs = np.array([_path_costs(problem, robot) for robot in range(problem.robots)])
    robots, sets = costs.shape
    possible = np.isfinite(costs).ravel()
    takes = [[(mask >> task) & 1 for mask in range(sets)] for task in range(problem.tasks)]
    each_task = np.tile(takes, (1, robots))
    each_robot = np.kron(np.eye(robots), np.ones(sets))
    found = milp(
        costs.ravel()[possible],
        integrality=np.ones(possible.sum()),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(np.vstack([each_task, each_robot])[:, possible], 1, 1),
    )
    assert found.success, found.message
    return float(found.fun)


def _path_costs(problem: Problem, robot: int) -> Floats:
    """(2 ** T,) cost of the best order of each set of tasks, for one robot alone."""
    empty: list[tuple[int, ...]] = [() for _ in range(problem.robots)]
    costs = np.full(1 << problem.tasks, inf)
    for size in range(problem.tasks + 1):
        for chosen in combinations(range(problem.tasks), size):
            mask = sum(1 << task for task in chosen)
            for order in permutations(chosen):
                routes = [*empty[:robot], order, *empty[robot + 1 :]]
                costs[mask] = min(costs[mask], cost_of(problem, routes))
    return costs


def _joined(first: Floats, second: Floats, *, is_makespan: bool) -> Floats:
    """(2 ** T,) best way to share out each set between two."""
    best = np.full(len(first), inf)
    for whole in range(len(first)):
        part = whole
        while True:
            pair = first[part], second[whole ^ part]
            best[whole] = min(best[whole], max(pair) if is_makespan else sum(pair))
            if part == 0:
                break
            part = (part - 1) & whole
    return best

"""muster's own allocation of an instance: one auction with trades, as a leader runs it.

A time budget is for all of it: to state the problem, to construct a plan and to trade. `warm_up`
first, as a coordinator does when it starts.
"""

from __future__ import annotations

import numpy as np

from muster.core.allocation import kernel, search
from muster.core.allocation.problem import Problem, make_problem
from routing.clock import Clock, Timed, least_disturbed
from routing.instance import Instance, Ints, Routes
from routing.places import draw
from routing.windows import draw_windows

WEIGHTS = {
    'sum': {'w_sum': 1.0},
    'max': {'w_max': 1.0, 'w_sum': 1e-3},
}
"""Of the objectives. With the makespan alone, nobody but the last robot would have a reason to
walk straight; a thousandth is enough of one."""
SEARCHING = 0.93
"""Share of a budget after which the search is told to stop: what it takes to write the plan out
must fit into the budget, too."""
ATTEMPTS = 3


def is_compiled() -> bool:
    """Kernels run compiled; else they are as slow as plain Python."""
    return kernel.is_compiled()


def warm_up() -> None:
    """Compile what can be compiled, and use each kind of search once."""
    search.warm()
    for objective in WEIGHTS:
        allocate(draw('uniform', 3, 20, seed=0), objective, 0.1, Clock.WALL)
    allocate(draw_windows('uniform', 3, 20, seed=0), 'sum', 0.1, Clock.WALL)


def problem_of(instance: Instance, objective: str) -> Problem:
    """The instance in muster's words."""
    robots = instance.robots
    after: list[list[int]] = [[] for _ in range(instance.tasks)]
    for first, second in instance.precedences.tolist():
        after[second].append(first)
    return make_problem(
        instance.distance,
        np.arange(robots),
        np.arange(robots, robots + instance.tasks),
        after=after,
        work_s=instance.work_s,
        earliest=instance.opens,
        deadline=instance.closes,
        load=instance.load,
        load_limit=instance.load_limit,
        **WEIGHTS[objective],
    )


def allocate(instance: Instance, objective: str, budget_s: float, clock: Clock) -> Timed[Routes]:
    """One auction of all tasks."""
    return least_disturbed(lambda: _auction(instance, objective, budget_s, clock), clock, ATTEMPTS)


def assign(instance: Instance, objective: str, budget_s: float, clock: Clock) -> Timed[Routes]:
    """One task for each robot, all costs known: objective and budget make no difference."""
    return least_disturbed(lambda: _assignment(instance), clock, ATTEMPTS)


def _assignment(instance: Instance) -> Routes:
    costs = instance.distance[: instance.robots, instance.robots :] + instance.work_s
    routes: list[list[int]] = [[] for _ in range(instance.robots)]
    for task, robot in enumerate(search.assign(costs).tolist()):
        if robot >= 0:
            routes[robot].append(task)
    return routes


def _auction(instance: Instance, objective: str, budget_s: float, clock: Clock) -> Routes:
    began = clock.now()

    def used() -> float:
        """Share of the time for searching."""
        return (clock.now() - began) / (SEARCHING * budget_s)

    problem = problem_of(instance, objective)
    plan = search.construct(problem, search.empty_plan(problem), np.arange(instance.tasks))
    plan = search.improve(
        problem, plan, seed=instance.seed, is_over=lambda: used() >= 1.0, progress=used
    )
    return plan.routes


def insert(instance: Instance, routes: Routes, tasks: Ints) -> Routes:
    """Auction some tasks among robots that have others, which stay where they are."""
    problem = problem_of(instance, 'sum')
    plan = search.plan_of(problem, tuple(tuple(route) for route in routes))
    return search.construct(problem, plan, tasks).routes

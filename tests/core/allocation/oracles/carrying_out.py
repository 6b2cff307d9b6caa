"""Carries a plan out step by step and says what it costs, in the plainest words there are.

It shares nothing with the code under test but the statement of the problem. There are batteries,
but no docks to charge them at.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from muster.core.allocation.problem import Problem

Routes = Sequence[Sequence[int]]


def cost_of(problem: Problem, routes: Routes) -> float:
    """[weighted seconds] of a plan; ``inf`` if it cannot be carried out.

    Everybody does everything as early as possible, which no constraint can turn into a mistake.
    """
    if not _is_allowed(problem, routes):
        return inf
    finish: dict[int, float] = {}
    place = [int(start) for start in problem.start]
    free = [float(ready) for ready in problem.ready]
    charge = [float(joules) for joules in problem.charge]
    step = [0] * len(routes)
    cost = 0.0
    while at_work := [robot for robot, route in enumerate(routes) if step[robot] < len(route)]:
        heads = {routes[robot][step[robot]]: robot for robot in at_work}
        ready = next((task for task in heads if _can_begin(problem, task, heads, finish)), None)
        if ready is None:
            return inf  # All wait for one another.
        together = _together(problem, ready)
        sets_out = max(_may_set_out(problem, task, free[heads[task]], finish) for task in together)
        for task in together:
            robot = heads[task]
            metres = float(problem.distance[place[robot], problem.entry[task]])
            inner = float(problem.inner_m[task])
            if metres == inf or inner == inf:
                return inf
            walking = metres / float(problem.speed[robot])
            begins = max(sets_out + walking, float(problem.earliest[task]))
            working = inner / float(problem.speed[robot]) + float(problem.work_s[task])
            finish[task] = begins + working
            late = max(0.0, finish[task] - float(problem.deadline[task]))
            if late > 1e-9 and problem.is_hard[task]:
                return inf
            waiting = finish[task] - working - walking - free[robot]
            joules = (metres + inner) * float(problem.joules_per_m[robot])
            joules += (waiting + float(problem.work_s[task])) * float(problem.idle_w[robot])
            joules += float(problem.work_j[task])
            charge[robot] -= joules
            if charge[robot] < problem.reserve_j[robot] - 1e-9:
                return inf
            cost += problem.w_energy * joules
            cost += problem.w_sum * (walking + working) + problem.w_wait * waiting
            cost += float(problem.late_rate[task]) * late
            cost += problem.w_latency * float(problem.weight[task]) * finish[task]
            cost += float(problem.private[robot, task])
            if problem.holder[task] not in (-1, robot):
                cost += problem.stability
            place[robot], free[robot] = int(problem.exit[task]), finish[task]
            step[robot] += 1
    return cost + problem.w_max * max(finish.values(), default=0.0)


def _is_allowed(problem: Problem, routes: Routes) -> bool:
    """Who may do what, and how much."""
    for robot, route in enumerate(routes):
        load = sum(float(problem.load[task]) for task in route)
        if len(route) > problem.max_tasks[robot] or load > problem.load_limit[robot] + 1e-9:
            return False
        if not all(problem.eligible[robot, task] for task in route):
            return False
    return True


def _before(problem: Problem, task: int) -> list[int]:
    first, end = problem.pred_start[task : task + 2]
    return [int(one) for one in problem.pred[first:end]]


def _together(problem: Problem, task: int) -> list[int]:
    group = problem.group[task]
    return [task] if group < 0 else [t for t in range(problem.tasks) if problem.group[t] == group]


def _can_begin(
    problem: Problem, task: int, heads: dict[int, int], finish: dict[int, float]
) -> bool:
    """It and all that set out with it are next in their robots' paths, and wait for nobody."""
    return all(
        one in heads and all(before in finish for before in _before(problem, one))
        for one in _together(problem, task)
    )


def _may_set_out(problem: Problem, task: int, free: float, finish: dict[int, float]) -> float:
    earlier = [finish[before] for before in _before(problem, task)]
    return max(free, float(problem.depart_after[task]), *earlier)

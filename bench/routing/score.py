"""The one judge of all contenders' plans.

Plain, slow, and independent of every solver, muster's included: it reads nothing but the instance
and the routes, and believes nobody's own claim of a cost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from routing.instance import Instance, Routes

TOLERANCE_S = 1e-2
"""Solvers that compute with integers round ways to a tenth of a millimetre each."""


@dataclass(frozen=True)
class Score:
    """What a plan is worth."""

    travel_s: float
    """Sum of all walking."""
    makespan_s: float
    """When the last task has ended."""
    faults: tuple[str, ...]
    """What is wrong with it, in words. Nothing for a plan that can be carried out."""

    @property
    def is_sound(self) -> bool:
        return not self.faults


def score(instance: Instance, routes: Routes) -> Score:
    """Carry a plan out, everything as early as it can be."""
    faults = _misplaced(instance, routes) + _overloaded(instance, routes)
    way = instance.distance
    travel = 0.0
    for robot, route in enumerate(routes):
        at = robot
        for task in route:
            travel += float(way[at, instance.robots + task])
            at = instance.robots + task
    ends = _ends(instance, routes)
    done = {task for route in routes for task in route}
    stuck = sorted(done - ends.keys())
    if stuck:
        faults.append(f'tasks {stuck} wait for one another')
    for task in sorted(ends):
        late = ends[task] - float(instance.closes[task])
        if late > TOLERANCE_S:
            faults.append(f'task {task} ends {late:.3f} s late')
    makespan = max(ends.values(), default=0.0)
    return Score(travel, makespan, tuple(faults))


def _ends(instance: Instance, routes: Routes) -> dict[int, float]:
    """[s] when each task has ended; without those that wait for one another for ever.

    Again and again each robot goes as far as it can, until none gets any further.
    """
    before: dict[int, list[int]] = {}
    for first, second in instance.precedences.tolist():
        before.setdefault(second, []).append(first)
    ends: dict[int, float] = {}
    robots = [(robot, 0.0) for robot in range(len(routes))]
    """Of each robot, where it is and since when."""
    step = [0] * len(routes)
    moved = True
    while moved:
        moved = False
        for robot, route in enumerate(routes):
            while step[robot] < len(route):
                task = route[step[robot]]
                waits_for = before.get(task, [])
                if any(one not in ends for one in waits_for):
                    break
                at, free = robots[robot]
                arrival = free + float(instance.distance[at, instance.robots + task])
                allowed = [float(instance.opens[task]), *(ends[one] for one in waits_for)]
                ends[task] = max(arrival, *allowed) + float(instance.work_s[task])
                robots[robot] = (instance.robots + task, ends[task])
                step[robot] += 1
                moved = True
    return ends


def _misplaced(instance: Instance, routes: Routes) -> list[str]:
    faults = []
    if len(routes) != instance.robots:
        faults.append(f'{len(routes)} routes for {instance.robots} robots')
    times = Counter(task for route in routes for task in route)
    left_out = [task for task in range(instance.tasks) if task not in times]
    if left_out:
        faults.append(f'{len(left_out)} tasks left out: {left_out}')
    faults += [f'task {task} is done {n} times' for task, n in sorted(times.items()) if n > 1]
    return faults


def _overloaded(instance: Instance, routes: Routes) -> list[str]:
    loads = [sum(float(instance.load[task]) for task in route) for route in routes]
    return [
        f'robot {robot} takes {load:g}, its limit is {instance.load_limit:g}'
        for robot, load in enumerate(loads)
        if load > instance.load_limit + 1e-9
    ]

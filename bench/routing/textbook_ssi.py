"""The sequential single-item auction as the textbook states it, without trades.

S. Koenig, C. Tovey, M. Lagoudakis et al., *The Power of Sequential Single-Item Auctions for Agent
Coordination*, AAAI 2006. In each round every robot bids on every task that is still free, at its
cheapest place in the robot's path; the lowest bid of all wins its task.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from routing.instance import Floats, Instance


class Rule(Enum):
    """What a bid is, by what the team minimises (their BidSumPath, BidMaxPath)."""

    SUM = 'the detour'
    MAX = 'the length of the whole path, with the task'


def auction(instance: Instance, rule: Rule = Rule.SUM) -> list[list[int]]:
    """The paths after one auction of all tasks.

    Raises
    ------
    ValueError
        A task is left over that nobody can load.
    """
    routes: list[list[int]] = [[] for _ in range(instance.robots)]
    lengths = np.zeros(instance.robots)
    loads = np.zeros(instance.robots)
    bids = np.full((instance.robots, instance.tasks), np.inf)
    detours, places = bids.copy(), np.zeros(bids.shape, dtype=np.int64)
    free = np.ones(instance.tasks, dtype=bool)
    changed = list(range(instance.robots))
    for _ in range(instance.tasks):
        for robot in changed:
            detour, place = _cheapest(instance, robot, routes[robot])
            bid = detour if rule is Rule.SUM else lengths[robot] + detour
            fits = loads[robot] + instance.load <= instance.load_limit
            bids[robot] = np.where(free & fits, bid, np.inf)
            detours[robot], places[robot] = detour, place
        winner, task = np.unravel_index(bids.argmin(), bids.shape)
        if not np.isfinite(bids[winner, task]):
            left = np.flatnonzero(free).tolist()
            raise ValueError(f'{instance.name}: tasks {left} fit nobody any more')
        routes[winner].insert(int(places[winner, task]), int(task))
        lengths[winner] += detours[winner, task]
        loads[winner] += instance.load[task]
        free[task] = False
        bids[:, task] = np.inf
        changed = [int(winner)]
    return routes


def _cheapest(
    instance: Instance, robot: int, route: list[int]
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """(T,) smallest detour to each task, work included, and the position that takes it."""
    way = instance.distance
    stops = np.array([robot, *(instance.robots + task for task in route)])
    tasks = np.arange(instance.robots, instance.robots + instance.tasks)
    detour = way[np.ix_(tasks, stops)].copy()
    detour[:, :-1] += way[np.ix_(tasks, stops[1:])] - way[stops[:-1], stops[1:]]
    position = detour.argmin(axis=1)
    return detour[np.arange(len(tasks)), position] + instance.work_s, position

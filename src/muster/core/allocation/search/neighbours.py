"""Who is near whom, and what comes before what: prepared once per search."""

from __future__ import annotations

import numpy as np

from muster.core.allocation.problem import Floats, Ints
from muster.core.allocation.tables import (
    DUE,
    EARLIEST,
    LAST,
    LATEST,
    PARTNERS,
    PREDS,
    SUCCS,
    WORK_S,
    Tables,
)


def nearest_tasks(tab: Tables, most: int) -> Ints:
    """(T, K) for each task the others by the shorter of the two ways between them."""
    tasks = len(tab.task)
    way = tab.leg[:tasks, :tasks]
    apart = np.nan_to_num(np.minimum(way, way.T), posinf=np.finfo(np.float64).max)
    np.fill_diagonal(apart, np.inf)
    return _smallest(apart, min(most, max(tasks - 1, 0)))


def nearest_robots(tab: Tables, most: int) -> Ints:
    """(T, K) for each task the robots by the way from their starts; the ineligible last."""
    tasks = len(tab.task)
    robots = len(tab.robot)
    way = tab.leg[tasks : tasks + robots, :tasks].T.copy()
    way[~np.isfinite(tab.own.T)] = np.inf
    return _smallest(way, min(most, robots))


def levels(tab: Tables) -> Ints:
    """(T,) length of the longest chain of predecessors, groups taken together; -1 for tasks that
    wait for themselves, and all that wait for those."""
    tasks = len(tab.task)
    if not len(tab.tied):
        return np.zeros(tasks, dtype=np.int64)
    level = np.full(tasks, -1, dtype=np.int64)
    unit = [[t] for t in range(tasks)]
    for t in range(tasks):
        members = tab.tied[tab.span[t, PARTNERS] : tab.span[t, LAST]].tolist()
        if members and members[0] == t:
            for member in members:
                unit[member] = members
    waiting = {
        members[0]: {
            unit[int(p)][0]
            for t in members
            for p in tab.tied[tab.span[t, PREDS] : tab.span[t, SUCCS]]
        }
        for members in unit
    }
    now = 0
    while waiting:
        free = [one for one, before in waiting.items() if not before]
        if not free:
            break
        for one in free:
            level[unit[one]] = now
            del waiting[one]
        for before in waiting.values():
            before.difference_update(free)
        now += 1
    return level


def orders(tab: Tables) -> Floats:
    """(T, 5) sort keys, smallest first: none (drawn), far, near, long, urgent."""
    tasks = len(tab.task)
    robots = len(tab.robot)
    key = np.zeros((tasks, 5))
    if tasks and robots:
        away = tab.leg[tasks : tasks + robots, :tasks].min(axis=0)
        away[~np.isfinite(away)] = 0.0
        key[:, 1] = -away
        key[:, 2] = away
    key[:, 3] = -tab.task[:, WORK_S]
    last = np.minimum(tab.task[:, LATEST], tab.task[:, DUE])
    key[:, 4] = np.where(np.isfinite(last), last, 1e12 + tab.task[:, EARLIEST])
    return key


def _smallest(table: Floats, count: int) -> Ints:
    """Per row the columns of the smallest entries, in order."""
    if count <= 0:
        return np.empty((len(table), 0), dtype=np.int64)
    if count < table.shape[1]:
        some = np.sort(np.argpartition(table, count - 1, axis=1)[:, :count], axis=1)
        order = np.argsort(np.take_along_axis(table, some, axis=1), axis=1, kind='stable')
        return np.ascontiguousarray(np.take_along_axis(some, order, axis=1), dtype=np.int64)
    return np.ascontiguousarray(np.argsort(table, axis=1, kind='stable'), dtype=np.int64)

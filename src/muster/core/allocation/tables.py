"""A problem laid out for the kernels: few arrays, indexed by what stands where in a path.

Whatever a robot can stand at is a *node*: a task's exit (0 .. T-1), a robot's start (T .. T+R-1)
or a dock (T+R .. T+R+D-1). Compiled code takes each array of a tuple as an argument of its own, so
the columns of robots and tasks are packed into one table each.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from muster.core.allocation.problem import Floats, Ints, Problem

# Columns of `Tables.robot`.
READY: Final = 0
PACE: Final = 1
"""[s/m]"""
JOULES_PER_M: Final = 2
IDLE_W: Final = 3
CHARGE: Final = 4
CAPACITY: Final = 5
RESERVE: Final = 6
CHARGE_W: Final = 7
MAX_TASKS: Final = 8
LOAD_LIMIT: Final = 9
IS_LIMITED: Final = 10
"""1 where energy has to be looked at."""
ROBOT_COLUMNS: Final = 11

# Columns of `Tables.task`.
INNER_M: Final = 0
WORK_S: Final = 1
WORK_J: Final = 2
DEPART_AFTER: Final = 3
EARLIEST: Final = 4
LATEST: Final = 5
"""[s] the hard deadline; ``inf`` without one."""
DUE: Final = 6
"""[s] the soft deadline; ``inf`` without one."""
LATE_RATE: Final = 7
WEIGHT: Final = 8
LOAD: Final = 9
TASK_COLUMNS: Final = 10

# Entries of `Tables.weights`.
W_SUM: Final = 0
W_WAIT: Final = 1
W_MAX: Final = 2
W_LATENCY: Final = 3
W_ENERGY: Final = 4

FAR: Final = 1e18
"""[m] further than any battery lasts, and yet a number to calculate with."""


class Tables(NamedTuple):
    """What the kernels read."""

    leg: Floats
    """(T + R + D, T + D) [m] from a node to a task's entry or a dock."""
    home: Floats
    """(T + R,) [m] from a node to the nearest dock; `FAR` where no way leads to one, 0 where there
    are none at all."""
    robot: Floats
    """(R, ROBOT_COLUMNS)"""
    task: Floats
    """(T, TASK_COLUMNS)"""
    own: Floats
    """(R, T) private and stability costs; ``inf`` where the robot may not do the task."""
    dock_free: Floats
    """(R, D) [s]"""
    weights: Floats
    """(5,)"""
    pred_start: Ints
    pred: Ints
    succ_start: Ints
    succ: Ints
    group: Ints
    member_start: Ints
    """(G + 1,) where each group begins in `member`."""
    member: Ints


def tables(problem: Problem) -> Tables:
    """Lay a problem out."""
    p = problem
    tasks = p.tasks
    rows = np.concatenate((p.exit, p.start, p.dock))
    columns = np.concatenate((p.entry, p.dock))
    leg = np.ascontiguousarray(p.distance[rows[:, None], columns[None, :]])
    robot = np.empty((p.robots, ROBOT_COLUMNS))
    is_limited = np.isfinite(p.charge)
    for column, values in {
        READY: p.ready,
        PACE: 1.0 / p.speed,
        JOULES_PER_M: p.joules_per_m,
        IDLE_W: p.idle_w,
        CHARGE: p.charge,
        CAPACITY: p.capacity_j,
        RESERVE: p.reserve_j,
        CHARGE_W: p.charge_w,
        MAX_TASKS: p.max_tasks,
        LOAD_LIMIT: p.load_limit,
        IS_LIMITED: is_limited,
    }.items():
        robot[:, column] = values
    task = np.empty((tasks, TASK_COLUMNS))
    is_soft = ~p.is_hard & np.isfinite(p.deadline)
    for column, values in {
        INNER_M: p.inner_m,
        WORK_S: p.work_s,
        WORK_J: p.work_j,
        DEPART_AFTER: p.depart_after,
        EARLIEST: p.earliest,
        LATEST: np.where(p.is_hard, p.deadline, np.inf),
        DUE: np.where(is_soft, p.deadline, np.inf),
        LATE_RATE: np.where(is_soft, p.late_rate, 0.0),
        WEIGHT: p.weight,
        LOAD: p.load,
    }.items():
        task[:, column] = values
    robots = np.arange(p.robots)[:, None]
    is_taken = (p.holder >= 0)[None, :] & (p.holder[None, :] != robots)
    own = np.where(p.eligible, p.private + p.stability * is_taken, np.inf)
    succ_start, succ = _turned(p.pred_start, p.pred, tasks)
    group, member_start, member = _groups(p.group)
    docks = leg[: tasks + p.robots, tasks:]
    home = np.minimum(docks.min(axis=1), FAR) if docks.shape[1] else np.zeros(tasks + p.robots)
    return Tables(
        leg=leg,
        home=np.ascontiguousarray(home),
        robot=robot,
        task=task,
        own=np.ascontiguousarray(own),
        dock_free=p.dock_free,
        weights=np.array((p.w_sum, p.w_wait, p.w_max, p.w_latency, p.w_energy)),
        pred_start=p.pred_start,
        pred=p.pred,
        succ_start=succ_start,
        succ=succ,
        group=group,
        member_start=member_start,
        member=member,
    )


def _turned(start: Ints, items: Ints, tasks: int) -> tuple[Ints, Ints]:
    """Successors from predecessors."""
    after = np.repeat(np.arange(tasks), np.diff(start))
    order = np.argsort(items, kind='stable')
    counts = np.bincount(items, minlength=tasks)
    turned = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return turned, np.ascontiguousarray(after[order], dtype=np.int64)


def _groups(group: Ints) -> tuple[Ints, Ints, Ints]:
    """Groups numbered 0, 1, ... with the members of each; a task alone in its group is in none."""
    numbers, counts = np.unique(group[group >= 0], return_counts=True)
    real = numbers[counts > 1]
    index = np.full(len(group), -1, dtype=np.int64)
    for g, number in enumerate(real):
        index[group == number] = g
    member = np.argsort(index, kind='stable')[int(np.sum(index < 0)) :]
    start = np.concatenate(([0], np.cumsum(np.bincount(index[index >= 0], minlength=len(real)))))
    return index, start.astype(np.int64), np.ascontiguousarray(member, dtype=np.int64)

"""A problem laid out for the kernels: few arrays, indexed by what stands where in a path.

Whatever a robot can stand at is a *node*: a task's exit (0 .. T-1), a robot's start (T .. T+R-1)
or a dock (T+R .. T+R+D-1). Compiled code takes each array of a tuple as an argument of its own, so
the columns of robots and tasks are packed into one table each.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from muster.core.allocation.kernel import inlined
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
PER_M: Final = 11
"""Cost of a metre."""
ROBOT_COLUMNS: Final = 12

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
HOME: Final = 10
"""[m] from the exit to the nearest dock; `FAR` where no way leads to one, 0 without docks."""
TASK_COLUMNS: Final = 11

# Columns of `Tables.span`: where in `Tables.tied` what begins, and where all of it ends.
PREDS: Final = 0
SUCCS: Final = 1
PARTNERS: Final = 2
LAST: Final = 3

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
    span: Ints
    """(T, 4) where in `tied` the tasks begin that each task is tied to: predecessors, successors,
    and its group with itself in it."""
    tied: Ints


@inlined
def group_of(span: Ints, tied: Ints, t: int) -> int:
    """The lowest task of a task's group, which stands for the group; -1 for a task on its own."""
    return tied[span[t, PARTNERS]] if span[t, PARTNERS] < span[t, LAST] else -1


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
        PER_M: p.w_sum / p.speed + p.w_energy * p.joules_per_m,
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
    if len(p.dock):
        task[:, HOME] = np.minimum(leg[:tasks, tasks:].min(axis=1, initial=FAR), FAR)
    else:
        task[:, HOME] = 0.0
    span, tied = _ties(p)
    return Tables(
        leg=leg,
        robot=robot,
        task=task,
        own=np.ascontiguousarray(own),
        dock_free=np.array(p.dock_free, dtype=np.float64, order='C'),
        weights=np.array((p.w_sum, p.w_wait, p.w_max, p.w_latency, p.w_energy)),
        span=span,
        tied=tied,
    )


def _ties(problem: Problem) -> tuple[Ints, Ints]:
    """Per task its predecessors, its successors and its group, one after the other."""
    tasks = problem.tasks
    if not len(problem.pred) and not np.any(problem.group >= 0):
        return np.zeros((tasks, 4), dtype=np.int64), np.empty(0, dtype=np.int64)
    before: list[list[int]] = [[] for _ in range(tasks)]
    after: list[list[int]] = [[] for _ in range(tasks)]
    groups: dict[int, list[int]] = {}
    starts, preds, numbers = (
        one.tolist() for one in (problem.pred_start, problem.pred, problem.group)
    )
    for t in range(tasks):
        for p in preds[starts[t] : starts[t + 1]]:
            before[t].append(p)
            after[p].append(t)
        if numbers[t] >= 0:
            groups.setdefault(numbers[t], []).append(t)
    span = np.zeros((tasks, 4), dtype=np.int64)
    tied: list[int] = []
    for t in range(tasks):
        members = groups.get(numbers[t], [])
        for column, some in enumerate((before[t], after[t], members if len(members) > 1 else [])):
            span[t, column] = len(tied)
            tied.extend(some)
        span[t, LAST] = len(tied)
    return span, np.array(tied, dtype=np.int64)

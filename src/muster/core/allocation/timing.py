"""When a robot does what on its path, and what that costs: the one truth that all prices rest on.

Paths are linked lists over nodes (`muster.core.allocation.tables`): ``nxt`` and ``prv`` lead from
a robot's start node through its tasks and back to the start. What happens at each node is a row of
``when``.

A robot sets out for a task when it is free, the task's `depart_after` is over, its predecessors
have finished and its group is ready; it walks, waits for `earliest`, and works. Where it could
not reach a dock afterwards with its reserve left, it charges first, at the dock with the least
detour and queue, for what the rest of the path needs (waits left aside) or to the full, whichever
is less.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from muster.core.allocation.costs import Reason
from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.problem import Floats, Ints
from muster.core.allocation.tables import (
    CAPACITY,
    CHARGE,
    CHARGE_W,
    DEPART_AFTER,
    DUE,
    EARLIEST,
    HOME,
    IDLE_W,
    INNER_M,
    IS_LIMITED,
    JOULES_PER_M,
    LAST,
    LATE_RATE,
    LATEST,
    PACE,
    PARTNERS,
    PREDS,
    READY,
    RESERVE,
    SUCCS,
    W_ENERGY,
    W_LATENCY,
    W_SUM,
    W_WAIT,
    WEIGHT,
    WORK_J,
    WORK_S,
    Tables,
    group_of,
)

# Columns of `when`.
SET_OUT: Final = 0
BEGIN: Final = 1
FINISH: Final = 2
LEFT: Final = 3
"""[J] in the battery after the task."""
PAID: Final = 4
"""Cost of the path up to here, makespan left aside."""
NOT_BEFORE: Final = 11
"""[s] what the task waits for on other paths."""
REST: Final = 5
"""[J] from the task's work to the end of the path, waits left aside, and on to a dock."""
DOCK: Final = 6
"""Dock visited before the task; -1 for none."""
CHARGE_S: Final = 7
WALKED_M: Final = 8
"""[m] to the task, by way of the dock."""
WAIT_S: Final = 9
JOULES: Final = 10
WHEN_COLUMNS: Final = 12

FINE: Final = int(Reason.NONE)
UNREACHABLE: Final = int(Reason.UNREACHABLE)
DEADLINE: Final = int(Reason.DEADLINE)
ENERGY: Final = int(Reason.ENERGY)
PRECEDENCE: Final = int(Reason.PRECEDENCE)
GROUP: Final = int(Reason.GROUP)

# Rows of the scratch of `schedule`.
WAITS: Final = 0
STACK: Final = 1
ARRIVED: Final = 2

ROUNDS: Final = 4
"""Times that a group's set-out may be put off because a member charges first."""

Step = tuple[int, float, float, float, float, int, float, float, float, float]
"""reason, set out, begin, finish, energy left, dock, charging s, walked m, waited s, joules"""


@inlined
def step(
    tab: Tables,
    r: int,
    at: int,
    clock: float,
    energy: float,
    t: int,
    not_before: float,
    rest: float,
) -> Step:
    """Do task t next, standing at a node at a time with so much energy."""
    metres = tab.leg[at, t]
    if metres == np.inf:
        return (UNREACHABLE, 0.0, 0.0, 0.0, 0.0, -1, 0.0, 0.0, 0.0, 0.0)
    set_out = max(max(clock, tab.task[t, DEPART_AFTER]), not_before)
    arrival = set_out + metres * tab.robot[r, PACE]
    begin = max(arrival, tab.task[t, EARLIEST])
    finish = begin + tab.task[t, INNER_M] * tab.robot[r, PACE] + tab.task[t, WORK_S]
    waited = (set_out - clock) + (begin - arrival)
    joules = (
        (metres + tab.task[t, INNER_M]) * tab.robot[r, JOULES_PER_M]
        + tab.task[t, WORK_J]
        + tab.robot[r, IDLE_W] * (waited + tab.task[t, WORK_S])
    )
    left = energy - joules
    if tab.robot[r, IS_LIMITED] != 0.0:
        floor = tab.robot[r, RESERVE]
        if tab.robot[r, CHARGE_W] > 0.0:
            floor += tab.task[t, HOME] * tab.robot[r, JOULES_PER_M]
        if left < floor:
            return charge_then_step(tab, r, at, clock, energy, t, not_before, rest)
    if finish > tab.task[t, LATEST]:
        return (DEADLINE, 0.0, 0.0, 0.0, 0.0, -1, 0.0, 0.0, 0.0, 0.0)
    return (FINE, set_out, begin, finish, left, -1, 0.0, metres, waited, joules)


@kernel
def charge_then_step(
    tab: Tables,
    r: int,
    at: int,
    clock: float,
    energy: float,
    t: int,
    not_before: float,
    rest: float,
) -> Step:
    """Visit a dock, then do task t."""
    tasks = tab.task.shape[0]
    first_dock = tasks + tab.robot.shape[0]
    refused = (ENERGY, 0.0, 0.0, 0.0, 0.0, -1, 0.0, 0.0, 0.0, 0.0)
    if tab.robot[r, CHARGE_W] <= 0.0:
        return refused
    best = np.inf
    dock = -1
    for d in range(tab.dock_free.shape[1]):
        there = tab.leg[at, tasks + d]
        on = tab.leg[first_dock + d, t]
        if there == np.inf or on == np.inf:
            continue
        arrival = clock + there * tab.robot[r, PACE]
        queue = max(tab.dock_free[r, d] - arrival, 0.0)
        level = energy - there * tab.robot[r, JOULES_PER_M] - tab.robot[r, IDLE_W] * queue
        detour = (there + on) * tab.robot[r, PACE] + queue
        if level >= tab.robot[r, RESERVE] and detour < best:
            best = detour
            dock = d
    if dock < 0:
        return refused
    there = tab.leg[at, tasks + dock]
    on = tab.leg[first_dock + dock, t]
    arrival = clock + there * tab.robot[r, PACE]
    queue = max(tab.dock_free[r, dock] - arrival, 0.0)
    spent = there * tab.robot[r, JOULES_PER_M] + tab.robot[r, IDLE_W] * queue
    level = energy - spent
    floor = tab.robot[r, RESERVE] + tab.task[t, HOME] * tab.robot[r, JOULES_PER_M]
    aim = tab.robot[r, RESERVE] + on * tab.robot[r, JOULES_PER_M] + rest
    for _ in range(2):
        full = max(level, min(aim, tab.robot[r, CAPACITY]))
        charge_s = (full - level) / tab.robot[r, CHARGE_W]
        charged = arrival + queue + charge_s
        set_out = max(max(charged, tab.task[t, DEPART_AFTER]), not_before)
        reached = set_out + on * tab.robot[r, PACE]
        begin = max(reached, tab.task[t, EARLIEST])
        finish = begin + tab.task[t, INNER_M] * tab.robot[r, PACE] + tab.task[t, WORK_S]
        waited = (set_out - charged) + (begin - reached)
        joules = (
            (on + tab.task[t, INNER_M]) * tab.robot[r, JOULES_PER_M]
            + tab.task[t, WORK_J]
            + tab.robot[r, IDLE_W] * (waited + tab.task[t, WORK_S])
        )
        left = full - joules
        if left >= floor:
            if finish > tab.task[t, LATEST]:
                return (DEADLINE, 0.0, 0.0, 0.0, 0.0, -1, 0.0, 0.0, 0.0, 0.0)
            return (
                FINE,
                set_out,
                begin,
                finish,
                left,
                dock,
                charge_s,
                there + on,
                waited + queue,
                joules + spent,
            )
        aim = tab.robot[r, CAPACITY]
    return refused


@inlined
def cost_of_step(tab: Tables, r: int, t: int, done: Step) -> float:
    """Weighted seconds of one step of a path."""
    weights = tab.weights
    seconds = (done[7] + tab.task[t, INNER_M]) * tab.robot[r, PACE] + tab.task[t, WORK_S] + done[6]
    return (
        weights[W_SUM] * seconds
        + weights[W_WAIT] * done[8]
        + weights[W_ENERGY] * done[9]
        + tab.task[t, LATE_RATE] * max(done[3] - tab.task[t, DUE], 0.0)
        + weights[W_LATENCY] * tab.task[t, WEIGHT] * done[3]
        + tab.own[r, t]
    )


@inlined
def record(when: Floats, t: int, done: Step, paid: float) -> None:
    """Write a step down; REST stays."""
    when[t, SET_OUT] = done[1]
    when[t, BEGIN] = done[2]
    when[t, FINISH] = done[3]
    when[t, LEFT] = done[4]
    when[t, PAID] = paid
    when[t, DOCK] = done[5]
    when[t, CHARGE_S] = done[6]
    when[t, WALKED_M] = done[7]
    when[t, WAIT_S] = done[8]
    when[t, JOULES] = done[9]


@inlined
def next_step(tab: Tables, r: int, at: int, t: int, when: Floats) -> Step:
    """`step` from a node that has been timed."""
    clock = when[at, FINISH]
    return step(tab, r, at, clock, when[at, LEFT], t, when[t, NOT_BEFORE], when[t, REST])


@inlined
def begin_path(tab: Tables, r: int, prv: Ints, when: Floats) -> None:
    """Write down the start of a path, and what energy the rest of it needs at each stop."""
    tasks = tab.task.shape[0]
    start = tasks + r
    when[start, SET_OUT] = tab.robot[r, READY]
    when[start, BEGIN] = tab.robot[r, READY]
    when[start, FINISH] = tab.robot[r, READY]
    when[start, LEFT] = tab.robot[r, CHARGE]
    when[start, PAID] = 0.0
    when[start, DOCK] = -1.0
    when[start, CHARGE_S] = 0.0
    if tab.robot[r, IS_LIMITED] == 0.0:
        return
    rest = 0.0
    after = -1
    t = prv[start]
    while t < tasks:
        onward = tab.task[t, HOME] if after < 0 and tab.robot[r, CHARGE_W] > 0.0 else 0.0
        if after >= 0:
            onward = tab.leg[t, after]
        rest += (
            (tab.task[t, INNER_M] + onward) * tab.robot[r, JOULES_PER_M]
            + tab.task[t, WORK_J]
            + tab.robot[r, IDLE_W] * tab.task[t, WORK_S]
        )
        when[t, REST] = rest
        after = t
        t = prv[t]


@kernel
def walk(tab: Tables, r: int, nxt: Ints, prv: Ints, when: Floats) -> tuple[int, int]:
    """Time one robot's path; (reason, task) where it first fails, (FINE, last node) if never."""
    tasks = tab.task.shape[0]
    begin_path(tab, r, prv, when)
    at = tasks + r
    t = nxt[at]
    while t < tasks:
        done = step(
            tab, r, at, when[at, FINISH], when[at, LEFT], t, when[t, NOT_BEFORE], when[t, REST]
        )
        if done[0] != FINE:
            return done[0], t
        record(when, t, done, when[at, PAID] + cost_of_step(tab, r, t, done))
        at = t
        t = nxt[t]
    return FINE, at


@kernel
def schedule(
    tab: Tables, nxt: Ints, prv: Ints, route: Ints, when: Floats, work: Ints
) -> tuple[int, int]:
    """Time all paths together, with the waits between them.

    Tasks are taken up in an order in which everything that they wait for has been timed: the stop
    before them on their path and their predecessors on any path; the tasks of a group together,
    once all of them that are in the plan could be taken up.

    Parameters
    ----------
    route : (T,) robot of each task; -1 for a task in no path.
    work : (3, T) scratch.

    Returns
    -------
    (reason, task) where it first fails; waits in a circle are `Reason.PRECEDENCE`.
    """
    tasks = tab.task.shape[0]
    for t in range(tasks):
        work[ARRIVED, t] = 0
    depth = 0
    missing = 0
    for r in range(tab.robot.shape[0]):
        begin_path(tab, r, prv, when)
    for t in range(tasks):
        if route[t] < 0:
            continue
        missing += 1
        when[t, NOT_BEFORE] = 0.0
        count = 1 if prv[t] < tasks else 0
        for k in range(tab.span[t, PREDS], tab.span[t, SUCCS]):
            count += 1
            if route[tab.tied[k]] < 0:
                return PRECEDENCE, t
        work[WAITS, t] = count
        if count == 0:
            work[STACK, depth] = t
            depth += 1
        g = group_of(tab.span, tab.tied, t)
        if g >= 0:
            work[ARRIVED, g] += 1
    while depth > 0:
        depth -= 1
        t = work[STACK, depth]
        g = group_of(tab.span, tab.tied, t)
        first = tab.span[g, PARTNERS] if g >= 0 else 0
        last = tab.span[g, LAST] if g >= 0 else 1
        if g >= 0:
            work[ARRIVED, g] -= 1
            if work[ARRIVED, g] > 0:
                continue
            reason = set_out_together(tab, prv, route, when, g)
            if reason != FINE:
                return reason, t
        for k in range(first, last):
            one = tab.tied[k] if g >= 0 else t
            r = route[one]
            if r < 0:
                continue
            at = prv[one]
            done = step(
                tab,
                r,
                at,
                when[at, FINISH],
                when[at, LEFT],
                one,
                when[one, NOT_BEFORE],
                when[one, REST],
            )
            if done[0] != FINE:
                return done[0], one
            record(when, one, done, when[at, PAID] + cost_of_step(tab, r, one, done))
            missing -= 1
            after = nxt[one]
            if after < tasks:
                work[WAITS, after] -= 1
                if work[WAITS, after] == 0:
                    work[STACK, depth] = after
                    depth += 1
            for j in range(tab.span[one, SUCCS], tab.span[one, PARTNERS]):
                later = tab.tied[j]
                if route[later] >= 0:
                    when[later, NOT_BEFORE] = max(when[later, NOT_BEFORE], done[3])
                    work[WAITS, later] -= 1
                    if work[WAITS, later] == 0:
                        work[STACK, depth] = later
                        depth += 1
    if missing > 0:
        for t in range(tasks):
            if route[t] >= 0 and work[WAITS, t] > 0:
                return PRECEDENCE, t
        return GROUP, -1
    return FINE, -1


@kernel
def set_out_together(tab: Tables, prv: Ints, route: Ints, when: Floats, g: int) -> int:
    """Find the moment at which a group's members in the plan can all set out."""
    common = 0.0
    for _ in range(ROUNDS):
        latest = common
        for k in range(tab.span[g, PARTNERS], tab.span[g, LAST]):
            t = tab.tied[k]
            r = route[t]
            if r < 0:
                continue
            at = prv[t]
            bound = max(common, when[t, NOT_BEFORE])
            done = step(tab, r, at, when[at, FINISH], when[at, LEFT], t, bound, when[t, REST])
            if done[0] != FINE:
                return done[0]
            latest = max(latest, done[1])
        if latest == common:
            for k in range(tab.span[g, PARTNERS], tab.span[g, LAST]):
                when[tab.tied[k], NOT_BEFORE] = common
            return FINE
        common = latest
    return GROUP

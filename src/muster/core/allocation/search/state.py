"""The plan under search: linked paths, what they cost, and the means to take changes back.

A search changes a few paths, looks at the cost, and keeps or undoes the change. All of that works
in place on the arrays of one `State`: paths are linked lists over nodes, each path is written to a
log when an iteration first touches it, and undoing copies the log back.

Three kinds of problem are told apart once, because most have no need of a clock:

`PLAIN`
    nothing ever waits or charges: a path's cost is a sum of its legs, and a change is priced by
    the few legs that it replaces;
`TIMED`
    windows, latency or energy: a change is priced by timing the rest of its path;
`COUPLED`
    precedence or groups across robots: priced likewise, with all paths timed together after it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.problem import Bools, Floats, Ints
from muster.core.allocation.tables import (
    INNER_M,
    LOAD,
    PACE,
    READY,
    W_MAX,
    WORK_S,
    Tables,
)
from muster.core.allocation.timing import FINE, FINISH, PAID, schedule, walk

PLAIN: Final = 0
TIMED: Final = 1
COUPLED: Final = 2

# Entries of `State.counts`; the first two belong to `chance`.
KIND: Final = 2
STAMP: Final = 3
LOGGED: Final = 4
"""Paths in the log."""
LOG_END: Final = 5
TAKEN: Final = 6
"""Tasks in `taken`: taken out, and to be put back."""
ABSENT: Final = 7
"""Tasks of the search that are in no path."""
BLINK: Final = 8
"""Positions still to be looked at before one is overlooked."""
SQUARINGS: Final = 9
"""The makespan is searched for through the sum of the finishes to the power 2**SQUARINGS."""
BEST_ABSENT: Final = 10
ITERATION: Final = 11
LOOK: Final = 12
"""Searches for a place so far."""
IS_UNIFORM: Final = 13
"""1 where only the length of all ways together counts, whoever walks them."""
CURSOR: Final = 14
"""Task whose moves are looked at next."""
QUIET: Final = 15
"""Tasks looked at since the last move."""
COUNTS: Final = 16

# Entries of `State.numbers`.
VALUE: Final = 0
"""What the search lowers: costs, softened makespan, penalties."""
BEST: Final = 1
"""The lowest true cost seen, with penalties."""
TEMPERATURE: Final = 2
COOLING: Final = 3
"""Factor on the temperature at each iteration."""
LATEST_FINISH: Final = 4
"""Scale of the softened makespan."""
MISSING: Final = 5
"""Sum of the penalties of absent tasks."""
NUMBERS: Final = 6


class State(NamedTuple):
    """Arrays that a search works on."""

    nxt: Ints
    """(T + R,) the node after; a robot's start node closes its path."""
    prv: Ints
    route: Ints
    """(T,) robot of each task, -1 for none."""
    size: Ints
    """(R,) tasks in the path."""
    load: Floats
    cost: Floats
    """(R,) of the path, makespan left aside."""
    finish: Floats
    """(R,) [s] of the last task; 0 for an empty path."""
    when: Floats
    not_before: Floats
    back: Floats
    """(T, T + R) [m] the legs turned round: from any node (column) to a task (row)."""
    hop: Floats
    """(T,) [m] the leg that leads to the task at present."""
    fixed: Floats
    """(R, T) cost of a task wherever it stands in a path; ``inf`` where the robot may not do it."""
    per_m: Floats
    """(R,) cost of a metre."""
    near: Ints
    """(T, K) other tasks, nearest first."""
    near_robot: Ints
    """(T, K) robots by the way from their starts."""
    level: Ints
    """(T,) longest chain of predecessors."""
    key: Floats
    """(5, T) orders in which tasks are put back."""
    penalty: Floats
    """(T,) of being in no path."""
    movable: Bools
    stamp: Ints
    """(R,) when the path was last logged."""
    seen: Ints
    """(R,) when the path was last looked at for the present task."""
    log: Ints
    """(R + T, 3) in columns 0 and 1 each logged path's robot and where it begins in column 2."""
    log_cost: Floats
    """(R, 4)"""
    taken: Ints
    """(2, T) tasks to be put back; whether they were absent."""
    absent: Ints
    """(T,) tasks of the search in no path; the first ABSENT of them count."""
    order: Floats
    """(T,) sort keys of `taken`."""
    best: Ints
    """(T + R,) `nxt` of the best plan."""
    quantiles: Floats
    work: Ints
    counts: Ints
    numbers: Floats


@inlined
def softened(st: State, weight: float, finish: float) -> float:
    """A path's part in a smooth stand-in for the makespan.

    ``M/p (finish/M)**p`` with the present makespan M: at M its slope is 1, as the makespan's, and
    shorter paths are not wholly indifferent, so that the search is led down instead of along a
    plateau.
    """
    if weight == 0.0:
        return 0.0
    scale = st.numbers[LATEST_FINISH]
    power = finish / scale
    exponent = 1.0
    for _ in range(st.counts[SQUARINGS]):
        power *= power
        exponent *= 2.0
    return weight * scale * power / exponent


@inlined
def link(tab: Tables, st: State, t: int, p: int, r: int) -> None:
    """Put a task after node p of robot r's path."""
    tasks = st.route.shape[0]
    q = st.nxt[p]
    st.nxt[p] = t
    st.prv[t] = p
    st.nxt[t] = q
    st.prv[q] = t
    st.route[t] = r
    st.size[r] += 1
    st.load[r] += tab.task[t, LOAD]
    before = st.hop[q] if q < tasks else 0.0
    st.hop[t] = tab.leg[p, t]
    if q < tasks:
        st.hop[q] = tab.leg[t, q]
    if st.counts[KIND] == PLAIN:
        after = st.hop[q] if q < tasks else 0.0
        change = st.hop[t] + after - before
        st.cost[r] += st.per_m[r] * change + st.fixed[r, t]
        if st.size[r] == 1:
            st.finish[r] = tab.robot[r, READY]
        st.finish[r] += (change + tab.task[t, INNER_M]) * tab.robot[r, PACE] + tab.task[t, WORK_S]


@inlined
def unlink(tab: Tables, st: State, t: int) -> None:
    """Take a task out of its path."""
    tasks = st.route.shape[0]
    r = st.route[t]
    p = st.prv[t]
    q = st.nxt[t]
    st.nxt[p] = q
    st.prv[q] = p
    st.route[t] = -1
    st.size[r] -= 1
    st.load[r] -= tab.task[t, LOAD]
    after = st.hop[q] if q < tasks else 0.0
    if q < tasks:
        st.hop[q] = tab.leg[p, q]
    if st.counts[KIND] == PLAIN:
        direct = st.hop[q] if q < tasks else 0.0
        change = direct - st.hop[t] - after
        st.cost[r] += st.per_m[r] * change - st.fixed[r, t]
        st.finish[r] += (change - tab.task[t, INNER_M]) * tab.robot[r, PACE] - tab.task[t, WORK_S]
        if st.size[r] == 0:
            st.cost[r] = 0.0
            st.finish[r] = 0.0
            st.load[r] = 0.0


@inlined
def total_path(tab: Tables, st: State, r: int) -> None:
    """Sum a path up anew, nothing in it waiting."""
    tasks = st.route.shape[0]
    t = st.nxt[tasks + r]
    cost = 0.0
    metres = 0.0
    seconds = 0.0
    while t < tasks:
        metres += st.hop[t] + tab.task[t, INNER_M]
        seconds += tab.task[t, WORK_S]
        cost += st.per_m[r] * st.hop[t] + st.fixed[r, t]
        t = st.nxt[t]
    st.cost[r] = cost
    st.finish[r] = 0.0
    if st.size[r] > 0:
        st.finish[r] = tab.robot[r, READY] + metres * tab.robot[r, PACE] + seconds


@kernel
def retime(tab: Tables, st: State, r: int) -> int:
    """Bring the times and costs of path r up to date, or of all paths where they are coupled.

    Returns the reason for which that fails, 0 for none.
    """
    tasks = st.route.shape[0]
    if st.counts[KIND] == TIMED:
        reason, last = walk(tab, r, st.nxt, st.prv, st.not_before, st.when)
        st.cost[r] = st.when[last, PAID]
        st.finish[r] = st.when[last, FINISH] if last < tasks else 0.0
        return reason
    return retime_all(tab, st)


@kernel
def retime_all(tab: Tables, st: State) -> int:
    """Bring the times and costs of all paths up to date."""
    tasks = st.route.shape[0]
    kind = st.counts[KIND]
    reason = FINE
    if kind == COUPLED:
        reason, _ = schedule(tab, st.nxt, st.prv, st.route, st.not_before, st.when, st.work)
        if reason != FINE:
            return reason
    for r in range(st.size.shape[0]):
        if kind == PLAIN:
            total_path(tab, st, r)
            continue
        if kind == TIMED:
            reason, _ = walk(tab, r, st.nxt, st.prv, st.not_before, st.when)
            if reason != FINE:
                return reason
        last = st.prv[tasks + r]
        st.cost[r] = st.when[last, PAID]
        st.finish[r] = st.when[last, FINISH] if last < tasks else 0.0
    return FINE


@inlined
def value(tab: Tables, st: State) -> float:
    """What the search lowers."""
    weight = tab.weights[W_MAX]
    total = st.numbers[MISSING]
    for r in range(st.size.shape[0]):
        total += st.cost[r] + softened(st, weight, st.finish[r])
    return total


@inlined
def true_cost(tab: Tables, st: State) -> float:
    """What the plan costs, with the penalties of absent tasks."""
    total = st.numbers[MISSING]
    latest = 0.0
    for r in range(st.size.shape[0]):
        total += st.cost[r]
        latest = max(latest, st.finish[r])
    return total + tab.weights[W_MAX] * latest


@inlined
def touch(st: State, r: int) -> None:
    """Log a path before its first change in this iteration."""
    if st.stamp[r] == st.counts[STAMP]:
        return
    st.stamp[r] = st.counts[STAMP]
    tasks = st.route.shape[0]
    k = st.counts[LOGGED]
    end = st.counts[LOG_END]
    st.log[k, 0] = r
    st.log[k, 1] = end
    t = st.nxt[tasks + r]
    while t < tasks:
        st.log[end, 2] = t
        end += 1
        t = st.nxt[t]
    st.log_cost[k, 0] = st.cost[r]
    st.log_cost[k, 1] = st.finish[r]
    st.log_cost[k, 2] = st.load[r]
    st.counts[LOGGED] = k + 1
    st.counts[LOG_END] = end


@inlined
def open_log(st: State) -> None:
    """Begin an iteration: what is changed from now on can be undone."""
    st.counts[STAMP] += 1
    st.counts[LOGGED] = 0
    st.counts[LOG_END] = 0


@kernel
def undo(tab: Tables, st: State) -> None:
    """Bring back all logged paths; tasks that were in no path must have been marked so."""
    tasks = st.route.shape[0]
    for k in range(st.counts[LOGGED]):
        r = st.log[k, 0]
        first = st.log[k, 1]
        last = st.counts[LOG_END]
        if k + 1 < st.counts[LOGGED]:
            last = st.log[k + 1, 1]
        at = tasks + r
        for j in range(first, last):
            t = st.log[j, 2]
            st.nxt[at] = t
            st.prv[t] = at
            st.route[t] = r
            st.hop[t] = tab.leg[at, t]
            at = t
        st.nxt[at] = tasks + r
        st.prv[tasks + r] = at
        st.size[r] = last - first
        st.cost[r] = st.log_cost[k, 0]
        st.finish[r] = st.log_cost[k, 1]
        st.load[r] = st.log_cost[k, 2]
        if st.counts[KIND] == TIMED:
            retime(tab, st, r)
    if st.counts[KIND] == COUPLED:
        retime_all(tab, st)


@inlined
def keep_best(tab: Tables, st: State) -> None:
    """Remember the plan if it is the best so far."""
    cost = true_cost(tab, st)
    if cost < st.numbers[BEST]:
        st.numbers[BEST] = cost
        st.counts[BEST_ABSENT] = st.counts[ABSENT]
        for node in range(st.nxt.shape[0]):
            st.best[node] = st.nxt[node]


@kernel
def restore_best(tab: Tables, st: State) -> None:
    """Go back to the best plan."""
    tasks = st.route.shape[0]
    for t in range(tasks):
        st.route[t] = -1
    for r in range(st.size.shape[0]):
        start = tasks + r
        st.size[r] = 0
        st.load[r] = 0.0
        at = start
        while True:
            t = st.best[at]
            st.nxt[at] = t
            st.prv[t] = at
            if t >= tasks:
                break
            st.route[t] = r
            st.size[r] += 1
            st.load[r] += tab.task[t, LOAD]
            st.hop[t] = tab.leg[at, t]
            at = t
    retime_all(tab, st)

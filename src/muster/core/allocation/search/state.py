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
from muster.core.allocation.problem import Floats, Ints
from muster.core.allocation.tables import (
    INNER_M,
    LOAD,
    PACE,
    PER_M,
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
"""Tasks in OUT."""
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
NEAR_TASKS: Final = 16
COUNTS: Final = 17

# Entries of `State.numbers`.
VALUE: Final = 0
"""What the search lowers, beside MISSING: costs and the softened makespan."""
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


# Columns of `State.path`.
SIZE: Final = 0
"""Tasks in the path."""
TOUCHED: Final = 1
"""Iteration in which the path was last logged."""
SEEN: Final = 2
"""Search for a place that last looked at the path."""
PATH_COLUMNS: Final = 3

# Columns of `State.sums`.
COST: Final = 0
"""Of the path, makespan left aside."""
END: Final = 1
"""[s] finish of the last task; 0 for an empty path."""
CARRIED: Final = 2
LOGGED_COST: Final = 3
"""The same of the paths in the log, by their places there."""
LOGGED_END: Final = 4
LOGGED_CARRIED: Final = 5
SUM_COLUMNS: Final = 6

# Columns of `State.trait`; the first are the sort keys of `neighbours.orders`.
ORDERS: Final = 5
LEVEL: Final = 5
"""Longest chain of predecessors."""
PENALTY: Final = 6
"""Cost of being in no path."""
IS_FREE: Final = 7
"""1 for a task that may be moved."""
ORDER: Final = 8
"""Scratch: what tasks are sorted by at present."""
TRAITS: Final = 9

# Rows of `State.work`; the first are the scratch of `timing.schedule`.
OUT: Final = 3
"""Tasks taken out, and to be put back; the first TAKEN of them count."""
MARK: Final = 4
"""Of each task in OUT: whether the auction has closed on it."""
NOWHERE: Final = 5
"""Tasks of the search in no path; the first ABSENT of them count."""
WORK_ROWS: Final = 6


class State(NamedTuple):
    """Arrays that a search works on; few, as each is an argument of its own in compiled code."""

    nxt: Ints
    """(T + R,) the node after; a robot's start node closes its path."""
    prv: Ints
    route: Ints
    """(T,) robot of each task, -1 for none."""
    hop: Floats
    """(T,) [m] the leg that leads to the task at present."""
    when: Floats
    """(T + R, WHEN_COLUMNS) as in `timing`; not kept where nothing waits."""
    path: Ints
    """(R, PATH_COLUMNS)"""
    sums: Floats
    """(R, SUM_COLUMNS)"""
    fixed: Floats
    """(R, T) cost of a task wherever it stands in a path; ``inf`` where it may not be done."""
    back: Floats
    """(T, T + R) [m] the legs turned round: from any node (column) to a task (row)."""
    near: Ints
    """(T, *) the NEAR_TASKS nearest other tasks, then the nearest robots."""
    trait: Floats
    """(T, TRAITS)"""
    log: Ints
    """(R + T, 3) each logged path's robot and where its tasks begin; all their tasks."""
    work: Ints
    """(WORK_ROWS, T)"""
    best: Ints
    """(T + R,) `nxt` of the best plan."""
    counts: Ints
    numbers: Floats
    """(NUMBERS + QUANTILES,)"""


@inlined
def softened(counts: Ints, numbers: Floats, weight: float, finish: float) -> float:
    """A path's part in a smooth stand-in for the makespan.

    ``M/p (finish/M)**p`` with the present makespan M: at M its slope is 1, as the makespan's, and
    shorter paths are not wholly indifferent, so that the search is led down instead of along a
    plateau.
    """
    if weight == 0.0:
        return 0.0
    scale = numbers[LATEST_FINISH]
    power = finish / scale
    exponent = 1.0
    for _ in range(counts[SQUARINGS]):
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
    st.path[r, SIZE] += 1
    st.sums[r, CARRIED] += tab.task[t, LOAD]
    before = st.hop[q] if q < tasks else 0.0
    st.hop[t] = tab.leg[p, t]
    if q < tasks:
        st.hop[q] = tab.leg[t, q]
    if st.counts[KIND] == PLAIN:
        after = st.hop[q] if q < tasks else 0.0
        change = st.hop[t] + after - before
        st.sums[r, COST] += tab.robot[r, PER_M] * change + st.fixed[r, t]
        if st.path[r, SIZE] == 1:
            st.sums[r, END] = tab.robot[r, READY]
        st.sums[r, END] += (change + tab.task[t, INNER_M]) * tab.robot[r, PACE] + tab.task[
            t, WORK_S
        ]


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
    st.path[r, SIZE] -= 1
    st.sums[r, CARRIED] -= tab.task[t, LOAD]
    after = st.hop[q] if q < tasks else 0.0
    if q < tasks:
        st.hop[q] = tab.leg[p, q]
    if st.counts[KIND] == PLAIN:
        direct = st.hop[q] if q < tasks else 0.0
        change = direct - st.hop[t] - after
        st.sums[r, COST] += tab.robot[r, PER_M] * change - st.fixed[r, t]
        st.sums[r, END] += (change - tab.task[t, INNER_M]) * tab.robot[r, PACE] - tab.task[
            t, WORK_S
        ]
        if st.path[r, SIZE] == 0:
            st.sums[r, COST] = 0.0
            st.sums[r, END] = 0.0
            st.sums[r, CARRIED] = 0.0


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
        cost += tab.robot[r, PER_M] * st.hop[t] + st.fixed[r, t]
        t = st.nxt[t]
    st.sums[r, COST] = cost
    st.sums[r, END] = 0.0
    if st.path[r, SIZE] > 0:
        st.sums[r, END] = tab.robot[r, READY] + metres * tab.robot[r, PACE] + seconds


@kernel
def retime(tab: Tables, st: State, r: int) -> int:
    """Bring the times and costs of path r up to date, or of all paths where they are coupled.

    Returns the reason for which that fails, 0 for none.
    """
    tasks = st.route.shape[0]
    if st.counts[KIND] == TIMED:
        reason, last = walk(tab, r, st.nxt, st.prv, st.when)
        st.sums[r, COST] = st.when[last, PAID]
        st.sums[r, END] = st.when[last, FINISH] if last < tasks else 0.0
        return reason
    return retime_all(tab, st)


@kernel
def retime_all(tab: Tables, st: State) -> int:
    """Bring the times and costs of all paths up to date."""
    tasks = st.route.shape[0]
    kind = st.counts[KIND]
    reason = FINE
    if kind == COUPLED:
        reason, _ = schedule(tab, st.nxt, st.prv, st.route, st.when, st.work)
        if reason != FINE:
            return reason
    for r in range(st.path.shape[0]):
        if kind == PLAIN:
            total_path(tab, st, r)
            continue
        if kind == TIMED:
            reason, _ = walk(tab, r, st.nxt, st.prv, st.when)
            if reason != FINE:
                return reason
        last = st.prv[tasks + r]
        st.sums[r, COST] = st.when[last, PAID]
        st.sums[r, END] = st.when[last, FINISH] if last < tasks else 0.0
    return FINE


@inlined
def value(tab: Tables, st: State) -> float:
    """What the search lowers; penalties are kept apart, beside which small costs would drown."""
    weight = tab.weights[W_MAX]
    total = 0.0
    for r in range(st.path.shape[0]):
        total += st.sums[r, COST] + softened(st.counts, st.numbers, weight, st.sums[r, END])
    return total


@inlined
def true_cost(tab: Tables, st: State) -> float:
    """What the plan costs, with the penalties of absent tasks."""
    total = st.numbers[MISSING]
    latest = 0.0
    for r in range(st.path.shape[0]):
        total += st.sums[r, COST]
        latest = max(latest, st.sums[r, END])
    return total + tab.weights[W_MAX] * latest


@inlined
def touch(st: State, r: int) -> None:
    """Log a path before its first change in this iteration."""
    if st.path[r, TOUCHED] == st.counts[STAMP]:
        return
    st.path[r, TOUCHED] = st.counts[STAMP]
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
    st.sums[k, LOGGED_COST] = st.sums[r, COST]
    st.sums[k, LOGGED_END] = st.sums[r, END]
    st.sums[k, LOGGED_CARRIED] = st.sums[r, CARRIED]
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
        st.path[r, SIZE] = last - first
        st.sums[r, COST] = st.sums[k, LOGGED_COST]
        st.sums[r, END] = st.sums[k, LOGGED_END]
        st.sums[r, CARRIED] = st.sums[k, LOGGED_CARRIED]
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

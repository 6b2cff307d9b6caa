"""What one more task costs in one path, at its best position.

Where nothing waits, the legs that are replaced say it all. Else the path is timed from the new
task on, until nothing changes any more.
"""

from __future__ import annotations

import numpy as np

from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.search.chance import draw_exponential
from muster.core.allocation.search.state import (
    BLINK,
    CARRIED,
    COST,
    COUPLED,
    END,
    KIND,
    PLAIN,
    SIZE,
    State,
    softened,
)
from muster.core.allocation.tables import (
    CHARGE_W,
    HOME,
    IDLE_W,
    INNER_M,
    IS_LIMITED,
    JOULES_PER_M,
    LAST,
    LOAD,
    LOAD_LIMIT,
    MAX_TASKS,
    PACE,
    PARTNERS,
    PER_M,
    READY,
    W_MAX,
    WORK_J,
    WORK_S,
    Tables,
    group_of,
)
from muster.core.allocation.timing import (
    DOCK,
    FINE,
    FINISH,
    LEFT,
    NOT_BEFORE,
    PAID,
    REST,
    cost_of_step,
    step,
)


@inlined
def fits(tab: Tables, st: State, t: int, r: int) -> bool:
    """The robot can do the task at all, and its path and load are not full."""
    return (
        st.fixed[r, t] < np.inf
        and st.path[r, SIZE] < tab.robot[r, MAX_TASKS]
        and st.sums[r, CARRIED] + tab.task[t, LOAD] <= tab.robot[r, LOAD_LIMIT]
    )


@inlined
def holds_partner(tab: Tables, st: State, t: int, r: int) -> bool:
    """The robot does another task of the same group."""
    if st.counts[KIND] != COUPLED:
        return False
    g = group_of(tab.span, tab.tied, t)
    if g >= 0:
        for k in range(tab.span[g, PARTNERS], tab.span[g, LAST]):
            if st.route[tab.tied[k]] == r:
                return True
    return False


@inlined
def overlooks(st: State, mean: float) -> bool:
    """This position is overlooked, as one in `mean` is, so that the next best gets its turn; a
    mean of 0 overlooks none (*blinks*, Christiaens and Vanden Berghe 2020, section 5.2)."""
    if mean == 0.0:
        return False
    st.counts[BLINK] -= 1
    if st.counts[BLINK] >= 0:
        return False
    st.counts[BLINK] = int(mean * draw_exponential(st.counts, st.numbers))
    return True


@inlined
def price(tab: Tables, st: State, t: int, r: int, bound: float, mean: float) -> tuple[float, int]:
    """Cheapest insertion of task t into path r: (rise of the value, node to go after).

    ``(inf, -1)`` where there is none below `bound`. `mean` as in `overlooks`.
    """
    if st.counts[KIND] == PLAIN:
        return price_by_legs(tab, st, t, r, mean)
    return price_by_time(tab, st, t, r, bound, mean)


@inlined
def price_by_legs(tab: Tables, st: State, t: int, r: int, mean: float) -> tuple[float, int]:
    """`price` where nothing waits."""
    tasks = st.route.shape[0]
    start = tasks + r
    best = np.inf
    place = -1
    p = start
    while True:
        q = st.nxt[p]
        detour = st.back[t, p]
        if q < tasks:
            detour += tab.leg[t, q] - st.hop[q]
        if detour < best and not overlooks(st, mean):
            best = detour
            place = p
        if q >= tasks:
            break
        p = q
    if place < 0:
        return np.inf, -1
    rise = tab.robot[r, PER_M] * best + st.fixed[r, t]
    weight = tab.weights[W_MAX]
    if weight > 0.0:
        before = st.sums[r, END] if st.path[r, SIZE] > 0 else tab.robot[r, READY]
        pace = tab.robot[r, PACE]
        after = before + (best + tab.task[t, INNER_M]) * pace + tab.task[t, WORK_S]
        rise += softened(st.counts, st.numbers, weight, after) - softened(
            st.counts, st.numbers, weight, st.sums[r, END]
        )
    return rise, place


@kernel
def price_by_time(
    tab: Tables, st: State, t: int, r: int, bound: float, mean: float
) -> tuple[float, int]:
    """`price` where times or energy count."""
    tasks = st.route.shape[0]
    best = bound
    place = -1
    weight = tab.weights[W_MAX]
    held = softened(st.counts, st.numbers, weight, st.sums[r, END])
    p = tasks + r
    while True:
        q = st.nxt[p]
        detour = st.back[t, p]
        if q < tasks:
            detour += tab.leg[t, q] - st.hop[q]
        if (
            detour < np.inf
            and is_promising(tab, st, t, r, detour, best)
            and not overlooks(st, mean)
        ):
            cost, finish = time_insertion(tab, st, t, r, p)
            rise = cost - st.sums[r, COST]
            if rise < np.inf and weight > 0.0:
                rise += softened(st.counts, st.numbers, weight, finish) - held
            if rise < best:
                best = rise
                place = p
        if q >= tasks:
            break
        p = q
    if place < 0:
        return np.inf, -1
    return best, place


@inlined
def is_promising(tab: Tables, st: State, t: int, r: int, detour: float, best: float) -> bool:
    """The detour alone does not yet cost more than the best place so far."""
    return tab.robot[r, PER_M] * detour + st.fixed[r, t] < best


@inlined
def time_insertion(tab: Tables, st: State, t: int, r: int, p: int) -> tuple[float, float]:
    """(cost, finish) of path r with task t after node p, other paths as they are."""
    tasks = st.route.shape[0]
    is_limited = tab.robot[r, IS_LIMITED] != 0.0
    at = p
    clock = st.when[p, FINISH]
    left = st.when[p, LEFT]
    paid = st.when[p, PAID]
    one = t
    after = st.nxt[p]
    rest = 0.0
    if is_limited:
        rest = joules_of_work(tab, r, t)
        if after < tasks:
            rest += st.when[after, REST] + tab.leg[t, after] * tab.robot[r, JOULES_PER_M]
        elif tab.robot[r, CHARGE_W] > 0.0:
            rest += tab.task[t, HOME] * tab.robot[r, JOULES_PER_M]
        if has_charged(st, p, tasks):
            # What it charged was meant for the path without the new task: begin anew.
            grown = rest + tab.leg[p, t] * tab.robot[r, JOULES_PER_M]
            grown -= st.when[p, REST] - joules_of_work(tab, r, p)
            at = tasks + r
            clock = st.when[at, FINISH]
            left = st.when[at, LEFT]
            paid = 0.0
            while at != p:
                q = st.nxt[at]
                done = step(
                    tab, r, at, clock, left, q, st.when[q, NOT_BEFORE], st.when[q, REST] + grown
                )
                if done[0] != FINE:
                    return np.inf, 0.0
                paid += cost_of_step(tab, r, q, done)
                clock = done[3]
                left = done[4]
                at = q
    while True:
        done = step(tab, r, at, clock, left, one, st.when[one, NOT_BEFORE], rest)
        if done[0] != FINE:
            return np.inf, 0.0
        paid += cost_of_step(tab, r, one, done)
        clock = done[3]
        left = done[4]
        if one != t and not is_limited and clock == st.when[one, FINISH]:
            return paid + (st.sums[r, COST] - st.when[one, PAID]), st.sums[r, END]
        if after >= tasks:
            return paid, clock
        at = one
        one = after
        after = st.nxt[one]
        rest = st.when[one, REST]


@inlined
def joules_of_work(tab: Tables, r: int, t: int) -> float:
    """[J] of a task, the ways to it and from it left aside."""
    return (
        tab.task[t, INNER_M] * tab.robot[r, JOULES_PER_M]
        + tab.task[t, WORK_J]
        + tab.robot[r, IDLE_W] * tab.task[t, WORK_S]
    )


@inlined
def has_charged(st: State, p: int, tasks: int) -> bool:
    """There is a visit to a dock on the path up to node p."""
    while p < tasks:
        if st.when[p, DOCK] >= 0.0:
            return True
        p = st.prv[p]
    return False

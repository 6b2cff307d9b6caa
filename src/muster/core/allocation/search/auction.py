"""Sequential single-item auctions in one process: the first plan.

In every round each robot's price for each open task is its cheapest insertion, and one task is
awarded: the one with the lowest price (Koenig et al., *The Power of Sequential Single-Item
Auctions for Agent Coordination*, AAAI 2006), or the one that would lose most if it had to go to
its second-best robot (regret; Potvin and Rousseau 1993). Only prices of the path that grew are
found anew. Predecessors are awarded in earlier rounds than what waits for them, and the tasks of a
group directly after one another.
"""

from __future__ import annotations

import numpy as np

from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.problem import Floats, Ints
from muster.core.allocation.search.pricing import fits, holds_partner, price
from muster.core.allocation.search.recreate import drop_partners, insert, wait_for_others
from muster.core.allocation.search.state import (
    COUPLED,
    KIND,
    LEVEL,
    MARK,
    NOWHERE,
    ORDER,
    OUT,
    PENALTY,
    PLAIN,
    TAKEN,
    State,
    link,
    retime,
    unlink,
)
from muster.core.allocation.tables import PER_M, W_MAX, Tables, group_of
from muster.core.allocation.timing import FINE

OPEN = 0
"""In `State.taken[1]`: not awarded yet."""
CLOSED = 1


@kernel
def auction(tab: Tables, st: State, rise: Floats, place: Ints, by_regret: bool) -> None:
    """Award the tasks in `taken`; what no robot can take stays in no path.

    Parameters
    ----------
    rise, place : (T, R) scratch: each robot's price and the node to go after.
    """
    n = st.counts[TAKEN]
    for k in range(n):
        st.work[MARK, k] = OPEN
    level = -1
    while True:
        following = -1
        for k in range(n):
            one = st.trait[st.work[OUT, k], LEVEL]
            if st.work[MARK, k] == OPEN and (following < 0 or one < following):
                following = one
        if following < 0:
            return
        if following != level:
            level = following
            for k in range(n):
                t = st.work[OUT, k]
                if st.work[MARK, k] == OPEN and st.trait[t, LEVEL] == level:
                    quote(tab, st, t, rise, place)
        best = -1
        rank = np.inf
        for k in range(n):
            t = st.work[OUT, k]
            if st.work[MARK, k] != OPEN or st.trait[t, LEVEL] != level:
                continue
            own = st.trait[t, ORDER]
            if by_regret and own < np.inf:
                own = own - min(second_price(st, t, rise), st.trait[t, PENALTY])
            if best < 0 or own < rank:
                best = k
                rank = own
        t = st.work[OUT, best]
        st.work[MARK, best] = CLOSED
        r = st.work[NOWHERE, t]
        if r < 0:
            drop_partners(tab, st, t)
            close_partners(tab, st, t, n)
            continue
        wait_for_others(tab, st, t)
        link(tab, st, t, place[t, r], r)
        if st.counts[KIND] != PLAIN and retime(tab, st, r) != FINE:
            unlink(tab, st, t)
            retime(tab, st, r)
            st.work[MARK, best] = OPEN
            rise[t, r] = np.inf
            choose(st, t, rise)
            continue
        place_partners(tab, st, t, n)
        for k in range(n):
            one = st.work[OUT, k]
            if st.work[MARK, k] == OPEN and st.trait[one, LEVEL] == level:
                requote(tab, st, one, r, t, rise, place)


@inlined
def quote(tab: Tables, st: State, t: int, rise: Floats, place: Ints) -> None:
    """Every robot's price for a task."""
    may_be = wait_for_others(tab, st, t)
    for r in range(st.path.shape[0]):
        rise[t, r] = np.inf
        if may_be and fits(tab, st, t, r) and not holds_partner(tab, st, t, r):
            rise[t, r], place[t, r] = price(tab, st, t, r, np.inf, 0.0)
    choose(st, t, rise)


@inlined
def requote(tab: Tables, st: State, t: int, r: int, grown: int, rise: Floats, place: Ints) -> None:
    """One robot's price for a task, its path having grown by task `grown`."""
    before = rise[t, r]
    rise[t, r] = np.inf
    if before < np.inf and wait_for_others(tab, st, t) and fits(tab, st, t, r):
        p = st.prv[grown]
        if place[t, r] != p and st.counts[KIND] == PLAIN and tab.weights[W_MAX] == 0.0:
            # Its place is still there; only the two beside the new task can be better.
            rise[t, r] = before
            for at in (p, grown):
                q = st.nxt[at]
                detour = st.back[t, at]
                if q < st.route.shape[0]:
                    detour += tab.leg[t, q] - st.hop[q]
                cost = tab.robot[r, PER_M] * detour + st.fixed[r, t]
                if cost < rise[t, r]:
                    rise[t, r] = cost
                    place[t, r] = at
        else:
            rise[t, r], place[t, r] = price(tab, st, t, r, np.inf, 0.0)
    if st.work[NOWHERE, t] == r or rise[t, r] < st.trait[t, ORDER]:
        choose(st, t, rise)


@inlined
def choose(st: State, t: int, rise: Floats) -> None:
    """Note the best robot and its price, in `absent` and `order`."""
    st.trait[t, ORDER] = np.inf
    st.work[NOWHERE, t] = -1
    for r in range(st.path.shape[0]):
        if rise[t, r] < st.trait[t, ORDER]:
            st.trait[t, ORDER] = rise[t, r]
            st.work[NOWHERE, t] = r


@inlined
def second_price(st: State, t: int, rise: Floats) -> float:
    """The price of the robot that comes after the best."""
    second = np.inf
    for r in range(st.path.shape[0]):
        if r != st.work[NOWHERE, t] and rise[t, r] < second:
            second = rise[t, r]
    return second


@inlined
def place_partners(tab: Tables, st: State, t: int, n: int) -> None:
    """Put the rest of a task's group in too; if that fails, all of it is out."""
    if st.counts[KIND] != COUPLED or group_of(tab.span, tab.tied, t) < 0:
        return
    g = group_of(tab.span, tab.tied, t)
    for k in range(n):
        one = st.work[OUT, k]
        if st.work[MARK, k] == OPEN and group_of(tab.span, tab.tied, one) == g:
            st.work[MARK, k] = CLOSED
            if not insert(tab, st, one, st.near.shape[1], 0.0):
                drop_partners(tab, st, one)
                break
    close_partners(tab, st, t, n)


@inlined
def close_partners(tab: Tables, st: State, t: int, n: int) -> None:
    if group_of(tab.span, tab.tied, t) < 0:
        return
    for k in range(n):
        if group_of(tab.span, tab.tied, st.work[OUT, k]) == group_of(tab.span, tab.tied, t):
            st.work[MARK, k] = CLOSED

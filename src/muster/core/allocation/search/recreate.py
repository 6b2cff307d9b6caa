"""Put tasks back one by one, each where it costs least.

The order of insertion is drawn afresh each time (random, far first, near first, long first, urgent
first), and now and then a position is overlooked; both keep the search from building the same plan
again (Christiaens and Vanden Berghe 2020, section 5.2). Where tasks wait for each other,
predecessors go first, a group is in the plan as a whole or not at all, and after every insertion
all paths are timed together: what does not stand that test is taken back.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.search.chance import draw
from muster.core.allocation.search.pricing import fits, holds_partner, price
from muster.core.allocation.search.state import (
    ABSENT,
    COUPLED,
    KIND,
    LEVEL,
    LOOK,
    MISSING,
    NEAR_TASKS,
    ORDER,
    OUT,
    PENALTY,
    PLAIN,
    SEEN,
    TAKEN,
    State,
    link,
    retime,
    touch,
    unlink,
)
from muster.core.allocation.tables import LAST, PARTNERS, PREDS, SUCCS, Tables, group_of
from muster.core.allocation.timing import FINE, FINISH, NOT_BEFORE, SET_OUT

WIDE: Final = 4
"""With at most so many robots every path is looked at."""
TRIES: Final = 3
"""Places tried for a task while all paths timed together refuse it."""
MEAN_BLINK: Final = 100.0


@inlined
def draw_order(st: State) -> None:
    """Sort the tasks taken out by an order that is drawn, predecessors first."""
    u = draw(st.counts)
    if st.counts[KIND] == PLAIN:
        which = 0 if u < 0.4 else 1 if u < 0.65 else 2 if u < 0.8 else 3
    else:
        which = 0 if u < 0.3 else 1 if u < 0.5 else 2 if u < 0.6 else 3 if u < 0.7 else 4
    n = st.counts[TAKEN]
    for k in range(n):
        t = st.work[OUT, k]
        key = draw(st.counts) if which == 0 else st.trait[t, which]
        if st.counts[KIND] == COUPLED:
            key += 1e15 * st.trait[t, LEVEL]
        j = k
        while j > 0 and st.trait[j - 1, ORDER] > key:
            st.trait[j, ORDER] = st.trait[j - 1, ORDER]
            st.work[OUT, j] = st.work[OUT, j - 1]
            j -= 1
        st.trait[j, ORDER] = key
        st.work[OUT, j] = t


@inlined
def wait_for_others(tab: Tables, st: State, t: int) -> bool:
    """Note how long a task has to wait for other paths as they are; false if it cannot be in the
    plan at all for want of a predecessor."""
    if st.counts[KIND] != COUPLED:
        return True
    bound = 0.0
    for k in range(tab.span[t, PREDS], tab.span[t, SUCCS]):
        before = tab.tied[k]
        if st.route[before] < 0:
            return False
        bound = max(bound, st.when[before, FINISH])
    g = group_of(tab.span, tab.tied, t)
    if g >= 0:
        for k in range(tab.span[g, PARTNERS], tab.span[g, LAST]):
            if st.route[tab.tied[k]] >= 0:
                bound = max(bound, st.when[tab.tied[k], SET_OUT])
    st.when[t, NOT_BEFORE] = bound
    return True


@inlined
def cheapest(
    tab: Tables, st: State, t: int, breadth: int, banned: int, mean: float
) -> tuple[float, int, int]:
    """(rise, robot, node to go after) of the best insertion; robot -1 where there is none.

    Paths looked at are those of the `breadth` nearest tasks and robots, or all of a small team.
    """
    robots = st.path.shape[0]
    st.counts[LOOK] += 1
    best = np.inf
    robot = -1
    place = -1
    near = min(breadth, st.counts[NEAR_TASKS])
    count = robots
    if robots > WIDE:
        count = near + min(breadth, st.near.shape[1] - st.counts[NEAR_TASKS])
    for k in range(count):
        r = k
        if robots > WIDE:
            r = (
                st.route[st.near[t, k]]
                if k < near
                else st.near[t, st.counts[NEAR_TASKS] + k - near]
            )
            if r < 0 or st.path[r, SEEN] == st.counts[LOOK]:
                continue
            st.path[r, SEEN] = st.counts[LOOK]
        if r == banned or not fits(tab, st, t, r) or holds_partner(tab, st, t, r):
            continue
        rise, p = price(tab, st, t, r, best, mean)
        if rise < best:
            best = rise
            robot = r
            place = p
    return best, robot, place


@inlined
def insert(tab: Tables, st: State, t: int, breadth: int, mean: float) -> bool:
    """Put one task where it costs least; false if it goes nowhere."""
    if not wait_for_others(tab, st, t):
        return False
    banned = -1
    width = breadth
    for _ in range(TRIES):
        _, r, p = cheapest(tab, st, t, width, banned, mean)
        if r < 0:
            if width >= st.near.shape[1]:
                return False
            width = st.near.shape[1]
            continue
        touch(st, r)
        link(tab, st, t, p, r)
        if st.counts[KIND] == PLAIN or retime(tab, st, r) == FINE:
            return True
        unlink(tab, st, t)
        retime(tab, st, r)
        wait_for_others(tab, st, t)
        banned = r
    return False


@inlined
def drop_partners(tab: Tables, st: State, t: int) -> None:
    """Take the rest of a task's group out, since the task is in no path."""
    if st.counts[KIND] != COUPLED or group_of(tab.span, tab.tied, t) < 0:
        return
    g = group_of(tab.span, tab.tied, t)
    is_changed = False
    for k in range(tab.span[g, PARTNERS], tab.span[g, LAST]):
        one = tab.tied[k]
        if st.route[one] >= 0:
            touch(st, st.route[one])
            unlink(tab, st, one)
            is_changed = True
    if is_changed:
        retime(tab, st, 0)


@kernel
def recreate(tab: Tables, st: State, breadth: int, mean: float) -> None:
    """Put all tasks taken out back, in the order in which they stand; those that go nowhere are
    absent."""
    for k in range(st.counts[TAKEN]):
        t = st.work[OUT, k]
        if has_failed_partner(tab, st, t, k) or not insert(tab, st, t, breadth, mean):
            drop_partners(tab, st, t)
    st.counts[ABSENT] = 0
    st.numbers[MISSING] = 0.0
    for k in range(st.counts[TAKEN]):
        t = st.work[OUT, k]
        if st.route[t] < 0:
            st.counts[ABSENT] += 1
            st.numbers[MISSING] += st.trait[t, PENALTY]


@inlined
def has_failed_partner(tab: Tables, st: State, t: int, k: int) -> bool:
    """A task of the same group has been tried already and is in no path."""
    if st.counts[KIND] != COUPLED or group_of(tab.span, tab.tied, t) < 0:
        return False
    for j in range(k):
        if (
            group_of(tab.span, tab.tied, st.work[OUT, j]) == group_of(tab.span, tab.tied, t)
            and st.route[st.work[OUT, j]] < 0
        ):
            return True
    return False

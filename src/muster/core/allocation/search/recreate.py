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
    LOOK,
    MISSING,
    PLAIN,
    TAKEN,
    State,
    link,
    retime,
    touch,
    unlink,
)
from muster.core.allocation.tables import Tables
from muster.core.allocation.timing import FINE, FINISH, SET_OUT

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
        t = st.taken[0, k]
        key = draw(st.counts) if which == 0 else st.key[which, t]
        if st.counts[KIND] == COUPLED:
            key += 1e15 * st.level[t]
        flag = st.taken[1, k]
        j = k
        while j > 0 and st.order[j - 1] > key:
            st.order[j] = st.order[j - 1]
            st.taken[0, j] = st.taken[0, j - 1]
            st.taken[1, j] = st.taken[1, j - 1]
            j -= 1
        st.order[j] = key
        st.taken[0, j] = t
        st.taken[1, j] = flag


@inlined
def wait_for_others(tab: Tables, st: State, t: int) -> bool:
    """Note how long a task has to wait for other paths as they are; false if it cannot be in the
    plan at all for want of a predecessor."""
    if st.counts[KIND] != COUPLED:
        return True
    bound = 0.0
    for k in range(tab.pred_start[t], tab.pred_start[t + 1]):
        before = tab.pred[k]
        if st.route[before] < 0:
            return False
        bound = max(bound, st.when[before, FINISH])
    g = tab.group[t]
    if g >= 0:
        for k in range(tab.member_start[g], tab.member_start[g + 1]):
            if st.route[tab.member[k]] >= 0:
                bound = max(bound, st.when[tab.member[k], SET_OUT])
    st.not_before[t] = bound
    return True


@inlined
def cheapest(
    tab: Tables, st: State, t: int, breadth: int, banned: int, mean: float
) -> tuple[float, int, int]:
    """(rise, robot, node to go after) of the best insertion; robot -1 where there is none.

    Paths looked at are those of the `breadth` nearest tasks and robots, or all of a small team.
    """
    robots = st.size.shape[0]
    st.counts[LOOK] += 1
    best = np.inf
    robot = -1
    place = -1
    near = min(breadth, st.near.shape[1])
    count = robots
    if robots > WIDE:
        count = near + min(breadth, st.near_robot.shape[1])
    for k in range(count):
        r = k
        if robots > WIDE:
            r = st.route[st.near[t, k]] if k < near else st.near_robot[t, k - near]
            if r < 0 or st.seen[r] == st.counts[LOOK]:
                continue
            st.seen[r] = st.counts[LOOK]
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
    if st.counts[KIND] != COUPLED or tab.group[t] < 0:
        return
    g = tab.group[t]
    is_changed = False
    for k in range(tab.member_start[g], tab.member_start[g + 1]):
        one = tab.member[k]
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
        t = st.taken[0, k]
        if has_failed_partner(tab, st, t, k) or not insert(tab, st, t, breadth, mean):
            drop_partners(tab, st, t)
    st.counts[ABSENT] = 0
    st.numbers[MISSING] = 0.0
    for k in range(st.counts[TAKEN]):
        t = st.taken[0, k]
        if st.route[t] < 0:
            st.counts[ABSENT] += 1
            st.numbers[MISSING] += st.penalty[t]


@inlined
def has_failed_partner(tab: Tables, st: State, t: int, k: int) -> bool:
    """A task of the same group has been tried already and is in no path."""
    if st.counts[KIND] != COUPLED or tab.group[t] < 0:
        return False
    for j in range(k):
        if tab.group[st.taken[0, j]] == tab.group[t] and st.route[st.taken[0, j]] < 0:
            return True
    return False

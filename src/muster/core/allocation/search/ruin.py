"""Take strings of neighbouring tasks out of neighbouring paths.

Adjacent string removal (Christiaens and Vanden Berghe, *Slack Induction by String Removals for
Vehicle Routing Problems*, Transportation Science 54(2), 2020, section 5.1): around one task, a run
of stops is taken out of each of several nearby paths, so that the stops can be put back in a
better arrangement. Where tasks wait for each other, whatever waits for a task taken out, and the
rest of its group, is taken out too, so that what stays can always be done.
"""

from __future__ import annotations

from typing import Final

from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.search.chance import draw, draw_below
from muster.core.allocation.search.state import (
    COUPLED,
    IS_FREE,
    KIND,
    NEAR_TASKS,
    OUT,
    SIZE,
    STAMP,
    TAKEN,
    TOUCHED,
    State,
    touch,
    unlink,
)
from muster.core.allocation.tables import LAST, PARTNERS, SUCCS, Tables, group_of

STRING: Final = 10
"""Most stops in a string."""
SPLIT: Final = 0.5
"""How often a string keeps some of its stops in place."""
KEEP_ON: Final = 0.01
"""How often the number of stops kept stops growing."""


@kernel
def ruin(tab: Tables, st: State, average: float) -> None:
    """Take out about `average` tasks around one that is drawn."""
    tasks = st.route.shape[0]
    robots = st.path.shape[0]
    paths = 0
    placed = 0
    for r in range(robots):
        if st.path[r, SIZE] > 0:
            paths += 1
            placed += st.path[r, SIZE]
    if placed == 0:
        return
    longest = min(float(STRING), placed / paths)
    strings = int(draw(st.counts) * (4.0 * average / (1.0 + longest))) + 1
    centre = draw_below(st.counts, tasks)
    ruined = 0
    for k in range(-1, st.counts[NEAR_TASKS]):
        c = centre if k < 0 else st.near[centre, k]
        r = st.route[c]
        if r < 0 or st.path[r, TOUCHED] == st.counts[STAMP] or st.trait[c, IS_FREE] == 0.0:
            continue
        limit = min(longest, float(st.path[r, SIZE]))
        length = min(int(draw(st.counts) * limit) + 1, st.path[r, SIZE])
        take_string(tab, st, c, r, length)
        ruined += 1
        if ruined >= strings:
            break


@inlined
def take_string(tab: Tables, st: State, c: int, r: int, length: int) -> None:
    """Take out a run of stops that holds task c, perhaps but for some in its midst."""
    tasks = st.route.shape[0]
    touch(st, r)
    kept = 0
    if length > 1 and length < st.path[r, SIZE] and draw(st.counts) < SPLIT:
        kept = 1
        while length + kept < st.path[r, SIZE] and draw(st.counts) > KEEP_ON:
            kept += 1
    run = length + kept
    before = draw_below(st.counts, run)
    first = c
    while before > 0 and st.prv[first] < tasks:
        first = st.prv[first]
        before -= 1
    skip_from = draw_below(st.counts, length) + 1 if kept > 0 else run
    t = first
    for k in range(run):
        if t >= tasks:
            break
        after = st.nxt[t]
        is_kept = skip_from <= k < skip_from + kept
        if not is_kept and st.trait[t, IS_FREE] != 0.0:
            take(tab, st, t)
            if st.counts[KIND] == COUPLED:
                while after < tasks and st.route[after] < 0:
                    after = st.nxt[after]
        t = after


@inlined
def take_one(tab: Tables, st: State, t: int) -> None:
    touch(st, st.route[t])
    unlink(tab, st, t)
    n = st.counts[TAKEN]
    st.work[OUT, n] = t
    st.counts[TAKEN] = n + 1


@inlined
def take(tab: Tables, st: State, t: int) -> None:
    """Take a task out, and all that cannot be without it."""
    first = st.counts[TAKEN]
    take_one(tab, st, t)
    if st.counts[KIND] != COUPLED:
        return
    k = first
    while k < st.counts[TAKEN]:
        one = st.work[OUT, k]
        for j in range(tab.span[one, SUCCS], tab.span[one, PARTNERS]):
            if st.route[tab.tied[j]] >= 0:
                take_one(tab, st, tab.tied[j])
        g = group_of(tab.span, tab.tied, one)
        if g >= 0:
            for j in range(tab.span[g, PARTNERS], tab.span[g, LAST]):
                if st.route[tab.tied[j]] >= 0:
                    take_one(tab, st, tab.tied[j])
        k += 1

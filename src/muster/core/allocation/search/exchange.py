"""Trade stops between two paths, or within one: one move that is many.

The stops after node x and the stops after node y change places. By how many they are, this is

=================== =========================================================
relocate            one stop against none
or-opt              two or three stops against none, as they are or turned
swap                one stop against one
cross-exchange      up to three stops against up to three
2-opt*              everything after x against everything after y
2-opt               within one path: the stops between are turned round
=================== =========================================================

(Savelsbergh 1992; Potvin and Rousseau, *An Exchange Heuristic for Routeing Problems with Time
Windows*, JORS 46(12), 1995; Taillard et al., *A Tabu Search Heuristic for the VRP with Soft Time
Windows*, Transportation Science 31(2), 1997.) Only exchanges that make a task follow one of its
near neighbours are looked at (granular search, Toth and Vigo, INFORMS JoC 15(4), 2003).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from muster.core.allocation.kernel import inlined, kernel
from muster.core.allocation.problem import Floats, Ints
from muster.core.allocation.search.chance import draw, draw_below, draw_exponential
from muster.core.allocation.search.gains import rise_by_legs, rise_of_turn, way
from muster.core.allocation.search.pricing import holds_partner
from muster.core.allocation.search.state import (
    CARRIED,
    COUPLED,
    CURSOR,
    IS_FREE,
    IS_UNIFORM,
    KIND,
    NEAR_TASKS,
    PLAIN,
    QUIET,
    SIZE,
    TAKEN,
    TEMPERATURE,
    VALUE,
    State,
    keep_best,
    open_log,
    retime,
    total_path,
    touch,
    undo,
    value,
)
from muster.core.allocation.tables import LOAD, LOAD_LIMIT, MAX_TASKS, PER_M, Tables
from muster.core.allocation.timing import FINE

TAIL: Final = 1 << 40
"""So many stops that the path ends before."""
MOVES: Final = (
    (TAIL, TAIL, 0),
    (1, 0, 0),
    (2, 0, 0),
    (2, 0, 1),
    (3, 0, 0),
    (3, 0, 1),
    (1, 1, 0),
    (2, 1, 0),
    (1, 2, 0),
    (2, 2, 0),
    (3, 1, 0),
    (1, 3, 0),
    (3, 2, 0),
    (2, 3, 0),
    (3, 3, 0),
    (TAIL, 0, 0),
)
"""Stops taken from x, stops taken from y, and whether the first are turned round."""
GAIN: Final = 1e-10
"""Part of the value that counts as a gain, so that rounding is not taken for one."""


@inlined
def join(leg: Floats, nxt: Ints, prv: Ints, hop: Floats, u: int, v: int) -> None:
    """Let node v follow node u."""
    nxt[u] = v
    prv[v] = u
    if v < hop.shape[0]:
        hop[v] = leg[u, v]


@kernel
def exchange(
    tab: Tables, st: State, c: int, y: int, i: int, k: int, is_turned: bool, luck: float
) -> bool:
    """Let i stops from task c on follow node y, and k stops after y stand where c stood.

    It is done if the value rises by less than `luck`.
    """
    tasks = st.route.shape[0]
    x = st.prv[c]
    a = st.route[c]
    b = y - tasks if y >= tasks else st.route[y]
    if y in (x, c) or (a == b and k > 0):
        return False
    last = c
    n = 1
    while n < i and st.nxt[last] < tasks:
        last = st.nxt[last]
        n += 1
        if last == y:
            return False
    if n < i and i != TAIL:
        return False
    after = st.nxt[last]
    other = st.nxt[y]
    other_last = y
    m = 0
    while m < k and st.nxt[other_last] < tasks:
        other_last = st.nxt[other_last]
        m += 1
    if m < k and k != TAIL:
        return False
    other_after = st.nxt[other_last]
    head = last if is_turned else c
    foot = c if is_turned else last
    if st.counts[IS_UNIFORM] != 0:
        change = way(tab.leg, tasks, y, head) + way(tab.leg, tasks, foot, other_after) - st.hop[c]
        change -= st.hop[after] if after < tasks else 0.0
        if m > 0:
            change += (
                way(tab.leg, tasks, x, other)
                + way(tab.leg, tasks, other_last, after)
                - st.hop[other]
            )
        else:
            change += way(tab.leg, tasks, x, after)
        if other_after < tasks:
            change -= st.hop[other_after]
        if is_turned:
            t = c
            while t != last:
                change += tab.leg[st.nxt[t], t] - st.hop[st.nxt[t]]
                t = st.nxt[t]
        if not tab.robot[a, PER_M] * change < luck:
            return False
    elif st.counts[KIND] == PLAIN:
        rise = rise_by_legs(tab, st, c, last, n, other, other_last, m, y, is_turned)
        if not rise < luck:
            return False
    if not may_move(tab, st, c, n, a, b, m) or not may_move(tab, st, other, m, b, a, n):
        return False
    open_log(st)
    st.counts[TAKEN] = 0
    touch(st, a)
    touch(st, b)
    relabel(tab, st, c, n, b)
    relabel(tab, st, other, m, a)
    if is_turned:
        t = last
        while t != c:
            before = st.prv[t]
            st.nxt[t] = before
            t = before
        t = last
        while t != c:
            join(tab.leg, st.nxt, st.prv, st.hop, t, st.nxt[t])
            t = st.nxt[t]
    if m > 0:
        join(tab.leg, st.nxt, st.prv, st.hop, x, other)
        join(tab.leg, st.nxt, st.prv, st.hop, other_last, after)
    else:
        join(tab.leg, st.nxt, st.prv, st.hop, x, after)
    join(tab.leg, st.nxt, st.prv, st.hop, y, head)
    join(tab.leg, st.nxt, st.prv, st.hop, foot, other_after)
    return judge(tab, st, a, b, luck)


@kernel
def turn(tab: Tables, st: State, c: int, y: int, luck: float) -> bool:
    """Make c and y of one path neighbours by turning round all between them (2-opt)."""
    tasks = st.route.shape[0]
    a = st.route[c]
    u = y
    t = st.nxt[y]
    while t < tasks and t != c:
        t = st.nxt[t]
    v = c
    if t >= tasks:
        u = c
        v = y
    first = st.nxt[u]
    if first == v:
        return False
    after = st.nxt[v]
    change = way(tab.leg, tasks, u, v) - st.hop[first] + way(tab.leg, tasks, first, after)
    if after < tasks:
        change -= st.hop[after]
    t = first
    while True:
        if st.trait[t, IS_FREE] == 0.0:
            return False
        if t == v:
            break
        change += tab.leg[st.nxt[t], t] - st.hop[st.nxt[t]]
        t = st.nxt[t]
    if st.counts[IS_UNIFORM] != 0 and not tab.robot[a, PER_M] * change < luck:
        return False
    if st.counts[KIND] == PLAIN and not rise_of_turn(tab, st, a, change) < luck:
        return False
    open_log(st)
    st.counts[TAKEN] = 0
    touch(st, a)
    t = v
    at = u
    while True:
        before = st.prv[t]
        join(tab.leg, st.nxt, st.prv, st.hop, at, t)
        at = t
        if t == first:
            break
        t = before
    join(tab.leg, st.nxt, st.prv, st.hop, at, after)
    return judge(tab, st, a, a, luck)


@inlined
def may_move(tab: Tables, st: State, first: int, count: int, a: int, b: int, back: int) -> bool:
    """Robot b may have these stops of robot a, which gets `back` stops for them."""
    t = first
    load = st.sums[b, CARRIED]
    for _ in range(count):
        if st.trait[t, IS_FREE] == 0.0:
            return False
        if a != b:
            if st.fixed[b, t] == np.inf or holds_partner(tab, st, t, b):
                return False
            load += tab.task[t, LOAD]
        t = st.nxt[t]
    if a == b:
        return True
    if st.path[b, SIZE] + count - back > tab.robot[b, MAX_TASKS]:
        return False
    return back > 0 or load <= tab.robot[b, LOAD_LIMIT]


@inlined
def relabel(tab: Tables, st: State, first: int, count: int, b: int) -> None:
    """Give stops to robot b."""
    t = first
    for _ in range(count):
        a = st.route[t]
        st.route[t] = b
        st.path[a, SIZE] -= 1
        st.path[b, SIZE] += 1
        st.sums[a, CARRIED] -= tab.task[t, LOAD]
        st.sums[b, CARRIED] += tab.task[t, LOAD]
        t = st.nxt[t]


@inlined
def judge(tab: Tables, st: State, a: int, b: int, luck: float) -> bool:
    """Keep what was done to paths a and b if it is worth it, else take it back."""
    is_sound = (
        st.sums[a, CARRIED] <= tab.robot[a, LOAD_LIMIT]
        and st.sums[b, CARRIED] <= tab.robot[b, LOAD_LIMIT]
    )
    if st.counts[KIND] == PLAIN:
        total_path(tab, st, a)
        if b != a:
            total_path(tab, st, b)
    elif is_sound:
        is_sound = retime(tab, st, a) == FINE
        if is_sound and b != a and st.counts[KIND] != COUPLED:
            is_sound = retime(tab, st, b) == FINE
    if is_sound:
        after = value(tab, st)
        if after < st.numbers[VALUE] + luck:
            st.numbers[VALUE] = after
            return True
    undo(tab, st)
    return False


@inlined
def try_move(tab: Tables, st: State, c: int, y: int, move: int, luck: float) -> bool:
    """Make task c follow node y by one kind of move."""
    tasks = st.route.shape[0]
    i, k, turned = MOVES[move]
    if move == 0 and y < tasks and st.route[y] == st.route[c]:
        return turn(tab, st, c, y, luck)
    return exchange(tab, st, c, y, i, k, turned == 1, luck)


@kernel
def wander(tab: Tables, st: State, proposals: int, breadth: int) -> None:
    """Propose moves at random, taken as `anneal` takes its outcomes."""
    tasks = st.route.shape[0]
    near = min(breadth, st.counts[NEAR_TASKS])
    starts = min(breadth, st.near.shape[1] - st.counts[NEAR_TASKS])
    for _ in range(proposals):
        c = draw_below(st.counts, tasks)
        u = draw(st.counts)
        if st.route[c] < 0:
            continue
        y = 0
        if near == 0 or u < 0.1:
            y = tasks + st.near[c, st.counts[NEAR_TASKS] + draw_below(st.counts, starts)]
        else:
            y = st.near[c, draw_below(st.counts, near)]
            if st.route[y] < 0:
                continue
        v = draw(st.counts)
        move = 0 if v < 0.3 else min(int(v * len(MOVES)), len(MOVES) - 1)
        luck = st.numbers[TEMPERATURE] * draw_exponential(st.counts, st.numbers)
        if try_move(tab, st, c, y, move, luck):
            keep_best(tab, st)


@kernel
def descend(tab: Tables, st: State, tasks_at_once: int, breadth: int) -> bool:
    """Take every move that gains, task by task; true once none is left."""
    tasks = st.route.shape[0]
    near = min(breadth, st.counts[NEAR_TASKS])
    starts = min(breadth, st.near.shape[1] - st.counts[NEAR_TASKS])
    for _ in range(tasks_at_once):
        if st.counts[QUIET] >= tasks:
            return True
        c = st.counts[CURSOR]
        st.counts[CURSOR] = (c + 1) % tasks
        st.counts[QUIET] += 1
        if st.route[c] < 0:
            continue
        for j in range(near + starts):
            y = st.near[c, j] if j < near else tasks + st.near[c, st.counts[NEAR_TASKS] + j - near]
            if y < tasks and st.route[y] < 0:
                continue
            for move in range(len(MOVES)):
                gain = GAIN * (1.0 + abs(st.numbers[VALUE]))
                if try_move(tab, st, c, y, move, -gain):
                    st.counts[QUIET] = 0
    return st.counts[QUIET] >= tasks

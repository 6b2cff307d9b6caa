"""What a trade would add to the value, said before it is carried out.

Most trades that are proposed are refused. Where nothing waits, the legs that would be replaced say
what one is worth, in much less time than it takes to link the paths anew and back again.
"""

from __future__ import annotations

from muster.core.allocation.kernel import inlined
from muster.core.allocation.problem import Floats
from muster.core.allocation.search.state import END, SIZE, State, softened
from muster.core.allocation.tables import INNER_M, PACE, PER_M, READY, W_MAX, WORK_S, Tables


@inlined
def way(leg: Floats, tasks: int, u: int, v: int) -> float:
    """[m] from node u to node v; 0 to the end of a path."""
    return leg[u, v] if v < tasks else 0.0


@inlined
def rise_by_legs(
    tab: Tables,
    st: State,
    c: int,
    last: int,
    n: int,
    other: int,
    other_last: int,
    m: int,
    y: int,
    is_turned: bool,
) -> float:
    """What it would add to the value if n stops from c to `last` and m stops from `other` to
    `other_last`, which stand after node y, changed places; ``inf`` where a robot may not do one
    that it would get."""
    tasks = st.route.shape[0]
    x = st.prv[c]
    a = st.route[c]
    b = y - tasks if y >= tasks else st.route[y]
    after = st.nxt[last]
    other_after = st.nxt[other_last]
    head = last if is_turned else c
    foot = c if is_turned else last
    inner = 0.0
    turned = 0.0
    walked = 0.0
    seconds = 0.0
    cost_a = 0.0
    cost_b = 0.0
    t = c
    for _ in range(n):
        if t != c:
            inner += st.hop[t]
            turned += tab.leg[t, st.prv[t]]
        walked += tab.task[t, INNER_M]
        seconds += tab.task[t, WORK_S]
        cost_a -= st.fixed[a, t]
        cost_b += st.fixed[b, t]
        t = st.nxt[t]
    metres_a = -st.hop[c] - (st.hop[after] if after < tasks else 0.0)
    metres_b = way(tab.leg, tasks, y, head) + way(tab.leg, tasks, foot, other_after)
    metres_b -= st.hop[other_after] if other_after < tasks else 0.0
    if a == b:
        metres_a += metres_b + way(tab.leg, tasks, x, after)
        if is_turned:
            metres_a += turned - inner
        return rise_of_turn(tab, st, a, metres_a)
    metres_a -= inner
    metres_b += turned if is_turned else inner
    if m > 0:
        metres_a += way(tab.leg, tasks, x, other) + way(tab.leg, tasks, other_last, after)
        metres_b -= st.hop[other]
        t = other
        for _ in range(m):
            if t != other:
                metres_a += st.hop[t]
                metres_b -= st.hop[t]
            walked -= tab.task[t, INNER_M]
            seconds -= tab.task[t, WORK_S]
            cost_a += st.fixed[a, t]
            cost_b -= st.fixed[b, t]
            t = st.nxt[t]
    else:
        metres_a += way(tab.leg, tasks, x, after)
    end_a = 0.0
    if st.path[a, SIZE] - n + m > 0:
        end_a = st.sums[a, END] + (metres_a - walked) * tab.robot[a, PACE] - seconds
    end_b = 0.0
    if st.path[b, SIZE] + n - m > 0:
        before = st.sums[b, END] if st.path[b, SIZE] > 0 else tab.robot[b, READY]
        end_b = before + (metres_b + walked) * tab.robot[b, PACE] + seconds
    cost_a += tab.robot[a, PER_M] * metres_a + rise_of_end(tab, st, a, end_a)
    cost_b += tab.robot[b, PER_M] * metres_b + rise_of_end(tab, st, b, end_b)
    return cost_a + cost_b


@inlined
def rise_of_turn(tab: Tables, st: State, r: int, metres: float) -> float:
    """What it adds to the value if path r grows by so many metres, its stops staying the same."""
    end = st.sums[r, END] + tab.robot[r, PACE] * metres
    return tab.robot[r, PER_M] * metres + rise_of_end(tab, st, r, end)


@inlined
def rise_of_end(tab: Tables, st: State, r: int, end: float) -> float:
    """What another finish of path r adds to the softened makespan."""
    weight = tab.weights[W_MAX]
    return softened(st.counts, st.numbers, weight, end) - softened(
        st.counts, st.numbers, weight, st.sums[r, END]
    )

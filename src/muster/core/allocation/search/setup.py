"""From a problem and a plan to the arrays of a search, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from muster.core.allocation.costs import Reason
from muster.core.allocation.problem import Bools, Floats, Ints, Problem
from muster.core.allocation.search.chance import exponential_quantiles
from muster.core.allocation.search.neighbours import levels, nearest_robots, nearest_tasks, orders
from muster.core.allocation.search.state import (
    BEST,
    CARRIED,
    COUNTS,
    COUPLED,
    IS_FREE,
    IS_UNIFORM,
    KIND,
    LATEST_FINISH,
    LEVEL,
    NEAR_TASKS,
    NUMBERS,
    ORDERS,
    PATH_COLUMNS,
    PENALTY,
    PLAIN,
    SIZE,
    SQUARINGS,
    SUM_COLUMNS,
    TIMED,
    TRAITS,
    WORK_ROWS,
    State,
)
from muster.core.allocation.tables import (
    CHARGE,
    DUE,
    HOME,
    IDLE_W,
    INNER_M,
    IS_LIMITED,
    JOULES_PER_M,
    LAST,
    LATEST,
    LOAD,
    PACE,
    PARTNERS,
    RESERVE,
    SUCCS,
    WORK_J,
    WORK_S,
    Tables,
)
from muster.core.allocation.timing import WHEN_COLUMNS

NEAR: int = 40
"""Neighbours kept per task."""


def kind_of(problem: Problem, tab: Tables) -> int:
    """What has to be looked at when a change is priced."""
    p = problem
    if len(tab.tied):
        return COUPLED
    soonest = p.ready.min(initial=np.inf)
    is_plain = (
        bool(np.all(np.maximum(p.earliest, p.depart_after) <= soonest))
        and not np.isfinite(tab.task[:, LATEST]).any()
        and not np.isfinite(tab.task[:, DUE]).any()
        and p.w_latency == 0.0
        and bool(np.isfinite(tab.leg[: p.tasks + p.robots, : p.tasks]).all())
        and not may_run_low(problem, tab)
    )
    return PLAIN if is_plain else TIMED


def may_run_low(problem: Problem, tab: Tables) -> bool:
    """Some robot might have to charge, or be refused for its battery, if it did its most tasks.

    The bound takes the dearest tasks and ways throughout, so a false is certain.
    """
    limited = np.flatnonzero(tab.robot[:, IS_LIMITED])
    if not len(limited) or not problem.tasks:
        return False
    tasks = problem.tasks
    ways = tab.leg[: tasks + problem.robots, :tasks].max(axis=0)
    for r in limited:
        robot = tab.robot[r]
        joules = (ways + tab.task[:, INNER_M]) * robot[JOULES_PER_M] + tab.task[:, WORK_J]
        joules = np.sort(joules + robot[IDLE_W] * tab.task[:, WORK_S])[::-1]
        most = int(min(problem.max_tasks[r], tasks))
        home = float(tab.task[:, HOME].max()) * robot[JOULES_PER_M]
        if robot[CHARGE] - float(joules[:most].sum()) < robot[RESERVE] + home:
            return True
    return False


def is_uniform(problem: Problem, per_m: Floats, fixed: Floats) -> bool:
    """Only the length of all ways together counts, whoever walks them."""
    p = problem
    if p.w_max or p.w_wait or p.w_latency or np.any(~p.is_hard & np.isfinite(p.deadline)):
        return False
    lowest = np.where(np.isfinite(fixed), fixed, np.inf).min(axis=0, initial=np.inf)
    return bool(
        np.all(per_m == per_m[:1]) and np.all((fixed == lowest[None, :]) | np.isinf(fixed))
    )


def impossible(problem: Problem, tab: Tables) -> dict[int, Reason]:
    """Tasks that nobody could ever do, whatever the plan, and what stands against each."""
    tasks, robots = problem.tasks, problem.robots
    eligible: Bools = np.isfinite(tab.own)
    starts = tab.leg[tasks : tasks + robots, :tasks]
    reachable = np.any(eligible & np.isfinite(starts), axis=0)
    level = levels(tab)
    found: dict[int, Reason] = {}
    able = np.any(eligible, axis=0)
    for t in np.flatnonzero(~(able & reachable & (level >= 0))).tolist():
        if not able[t]:
            found[t] = Reason.INELIGIBLE
        elif level[t] < 0:
            found[t] = Reason.PRECEDENCE
        elif not reachable[t] and robots:
            found[t] = Reason.UNREACHABLE
    for t in list(found):
        if problem.group[t] >= 0:
            for partner in np.flatnonzero(problem.group == problem.group[t]).tolist():
                found.setdefault(partner, Reason.GROUP)
    return found


def open_to_search(
    tab: Tables,
    tasks: Iterable[int],
    routes: Sequence[Sequence[int]],
    doomed: Mapping[int, Reason],
) -> list[int]:
    """Those of these tasks that are in no path and can be put into one: not impossible, and with
    all of their group in a path or among them."""
    placed = {t for route in routes for t in route}
    free = {t for t in tasks if t not in doomed and t not in placed}
    at_hand = free | placed
    return sorted(
        t
        for t in free
        if at_hand.issuperset(tab.tied[tab.span[t, PARTNERS] : tab.span[t, LAST]].tolist())
    )


def state_for(
    problem: Problem,
    tab: Tables,
    routes: Sequence[Sequence[int]],
    movable: Bools | None = None,
    near: int = NEAR,
) -> State:
    """Arrays of a search that begins with these paths, and looks at so many neighbours."""
    p = problem
    tasks, robots = p.tasks, p.robots
    nodes = tasks + robots
    pace = tab.robot[:, PACE]
    per_m = p.w_sum * pace + p.w_energy * tab.robot[:, JOULES_PER_M]
    seconds = tab.task[None, :, INNER_M] * pace[:, None] + tab.task[None, :, WORK_S]
    joules = (
        tab.task[None, :, INNER_M] * tab.robot[:, JOULES_PER_M, None]
        + tab.task[None, :, WORK_J]
        + tab.robot[:, IDLE_W, None] * tab.task[None, :, WORK_S]
    )
    fixed = tab.own + p.w_sum * seconds + p.w_energy * joules
    nxt = np.arange(nodes, dtype=np.int64)
    prv = np.arange(nodes, dtype=np.int64)
    route = np.full(tasks, -1, dtype=np.int64)
    hop = np.zeros(tasks)
    load = np.zeros(robots)
    for r, path in enumerate(routes):
        at = tasks + r
        for t in path:
            nxt[at], prv[t], route[t], hop[t] = t, at, r, tab.leg[at, t]
            load[r] += tab.task[t, LOAD]
            at = t
        nxt[at], prv[tasks + r] = tasks + r, at
    counts = np.zeros(COUNTS, dtype=np.int64)
    counts[KIND] = kind_of(problem, tab)
    counts[SQUARINGS] = 3
    counts[IS_UNIFORM] = is_uniform(problem, per_m, fixed)
    numbers = np.concatenate((np.zeros(NUMBERS), exponential_quantiles()))
    numbers[BEST] = np.inf
    numbers[LATEST_FINISH] = 1.0
    top = float(p.weight.max(initial=0.0))
    importance = 1.0 + (p.weight / top if top > 0.0 else 0.0)
    close = nearest_tasks(tab, near if tasks > 2 * near else tasks) if near else _none(tasks)
    starts = nearest_robots(tab, near) if near else _none(tasks)
    counts[NEAR_TASKS] = close.shape[1]
    trait = np.zeros((tasks, TRAITS))
    trait[:, :ORDERS] = orders(tab)
    trait[:, LEVEL] = levels(tab)
    trait[:, PENALTY] = _dearest(problem, tab) * importance
    trait[:, IS_FREE] = 1.0 if movable is None else _closed(tab, movable)
    table = np.zeros((robots, PATH_COLUMNS), dtype=np.int64)
    table[:, SIZE] = [len(one) for one in routes]
    sums = np.zeros((robots, SUM_COLUMNS))
    sums[:, CARRIED] = load
    return State(
        nxt=nxt,
        prv=prv,
        route=route,
        hop=hop,
        when=np.zeros((nodes, WHEN_COLUMNS)),
        path=table,
        sums=sums,
        fixed=np.ascontiguousarray(fixed),
        back=np.ascontiguousarray(tab.leg[:nodes, :tasks].T),
        near=np.ascontiguousarray(np.concatenate((close, starts), axis=1)),
        trait=trait,
        log=np.zeros((nodes + 1, 3), dtype=np.int64),
        work=np.zeros((WORK_ROWS, tasks), dtype=np.int64),
        best=nxt.copy(),
        counts=counts,
        numbers=numbers,
    )


def routes_of(st: State, chain: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Paths from a linked list."""
    tasks = len(st.route)
    after = chain.tolist()
    routes = []
    for r in range(len(st.path)):
        path = []
        t = after[tasks + r]
        while t < tasks:
            path.append(t)
            t = after[t]
        routes.append(tuple(path))
    return tuple(routes)


def _none(tasks: int) -> Ints:
    return np.empty((tasks, 0), dtype=np.int64)


def _dearest(problem: Problem, tab: Tables) -> float:
    """More than any change of the paths can save."""
    p = problem
    ways = tab.leg[: p.tasks + p.robots, : p.tasks]
    longest = float(ways.max(initial=1.0, where=np.isfinite(ways)))
    own = float(np.abs(tab.own).max(initial=0.0, where=np.isfinite(tab.own)))
    pace = float(tab.robot[:, PACE].max(initial=0.0))
    seconds = (longest + float(tab.task[:, INNER_M].sum())) * pace + float(
        tab.task[:, WORK_S].sum()
    )
    weights = p.w_sum + p.w_wait + p.w_max + p.w_latency + 1.0
    return 1e3 * (seconds * weights + own + 1.0)


def _closed(tab: Tables, movable: Bools) -> Bools:
    """Tasks that can be taken out without taking out one that must stay."""
    free = np.array(movable, dtype=np.bool_)
    is_changed = True
    while is_changed:
        is_changed = False
        for t in np.flatnonzero(free):
            bound = list(tab.tied[tab.span[t, SUCCS] : tab.span[t, PARTNERS]])
            bound.extend(tab.tied[tab.span[t, PARTNERS] : tab.span[t, LAST]])
            if not free[bound].all():
                free[t] = False
                is_changed = True
    return free

"""Put tasks into a plan, by auction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from muster.core.allocation.costs import Reason
from muster.core.allocation.evaluation import Evaluation, price_plan
from muster.core.allocation.problem import Problem
from muster.core.allocation.search.auction import auction
from muster.core.allocation.search.plan import Plan, plan_of
from muster.core.allocation.search.reasons import reasons_for
from muster.core.allocation.search.setup import (
    NEAR,
    impossible,
    open_to_search,
    routes_of,
    state_for,
)
from muster.core.allocation.search.state import (
    LATEST_FINISH,
    MISSING,
    OUT,
    PENALTY,
    TAKEN,
    retime_all,
    true_cost,
)
from muster.core.allocation.tables import INNER_M, PACE, READY, WORK_S, Tables, tables

REGRET_SIZE = 20_000
"""Robots times tasks up to which the auction is held twice, by price and by regret."""


def construct(
    problem: Problem, plan: Plan, tasks: Iterable[int], *, tab: Tables | None = None
) -> Plan:
    """Auction tasks into a plan, which may be empty; the paths that it has keep their order.

    Tasks that no robot can take end in `Plan.unassigned` with the reason, and the plan's other
    unassigned tasks stay as they are. A path that can no longer be done as it stands loses the
    tasks at which it fails; they are auctioned with the rest.
    `tab` is `tables(problem)`, if that has been made already.
    """
    tab = tables(problem) if tab is None else tab
    routes, lost, _ = mend(problem, tab, plan.routes)
    doomed = impossible(problem, tab)
    asked = {*tasks, *lost}
    open_tasks = open_to_search(tab, asked, routes, doomed)
    best: tuple[float, tuple[tuple[int, ...], ...]] | None = None
    is_small = len(open_tasks) * problem.robots <= REGRET_SIZE
    st = state_for(problem, tab, routes, near=NEAR if len(tab.tied) else 0)
    retime_all(tab, st)
    st.numbers[LATEST_FINISH] = _expected_makespan(problem, tab)
    before = [array.copy() for array in st]
    rise = np.empty((problem.tasks, problem.robots))
    place = np.empty(rise.shape, dtype=np.int64)
    for by_regret in (False, True) if is_small else (False,):
        for array, start in zip(st, before, strict=True):
            array[...] = start
        st.counts[TAKEN] = len(open_tasks)
        st.work[OUT, : len(open_tasks)] = open_tasks
        auction(tab, st, rise, place, by_regret)
        retime_all(tab, st)
        left = [t for t in open_tasks if st.route[t] < 0]
        st.numbers[MISSING] = st.trait[left, PENALTY].sum()
        cost = float(true_cost(tab, st))
        if best is None or cost < best[0]:
            best = cost, routes_of(st, st.nxt)
    assert best is not None
    # Taking a task out again can break a path: it charges less, or waits longer.
    final, dropped, found = mend(problem, tab, best[1])
    placed = {t for route in final for t in route}
    reasons = {t: why for t, why in plan.unassigned.items() if t not in placed}
    reasons.update({t: doomed[t] for t in asked if t in doomed})
    left_out = sorted(t for t in asked.union(dropped) if t not in placed and t not in doomed)
    reasons.update(reasons_for(problem, tab, final, left_out))
    return plan_of(problem, final, reasons, found=found)


def mend(
    problem: Problem, tab: Tables, routes: Sequence[Sequence[int]]
) -> tuple[list[list[int]], list[int], Evaluation]:
    """Paths without the tasks at which they fail, those tasks, and what the paths cost."""
    kept = [list(route) for route in routes]
    lost: list[int] = []
    while True:
        found = price_plan(problem, kept, tab=tab)
        if found.is_feasible:
            return kept, lost, found
        out = {found.failed}
        if found.reason == Reason.GROUP and found.failed >= 0:
            out |= set(np.flatnonzero(problem.group == problem.group[found.failed]).tolist())
        for route in kept:
            lost.extend(t for t in route if t in out)
            route[:] = [t for t in route if t not in out]


def _expected_makespan(problem: Problem, tab: Tables) -> float:
    """[s] about when a balanced plan would end: scale of the auction's stand-in for the
    makespan."""
    tasks, robots = problem.tasks, problem.robots
    if not tasks or not robots:
        return 1.0
    ways = tab.leg[: tasks + robots, :tasks].copy()
    np.fill_diagonal(ways[:tasks], np.inf)
    nearest = ways.min(axis=0)
    nearest[~np.isfinite(nearest)] = 0.0
    pace = float(tab.robot[:, PACE].mean())
    seconds = (1.3 * nearest + tab.task[:, INNER_M]) * pace + tab.task[:, WORK_S]
    return max(float(tab.robot[:, READY].min() + seconds.sum() / robots), 1e-3)

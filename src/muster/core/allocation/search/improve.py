"""Better a whole plan until the caller says stop: trades first, then perturb and repeat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from muster.core.allocation.costs import Reason
from muster.core.allocation.kernel import is_compiled
from muster.core.allocation.problem import Bools, Problem
from muster.core.allocation.search.anneal import anneal, refresh, sharpen
from muster.core.allocation.search.chance import FIRST, SECOND, seeded
from muster.core.allocation.search.construct import mend
from muster.core.allocation.search.exchange import descend
from muster.core.allocation.search.plan import Plan, plan_of
from muster.core.allocation.search.reasons import reasons_for
from muster.core.allocation.search.setup import impossible, open_to_search, routes_of, state_for
from muster.core.allocation.search.state import (
    ABSENT,
    COOLING,
    COUPLED,
    CURSOR,
    KIND,
    MISSING,
    NOWHERE,
    PENALTY,
    PLAIN,
    QUIET,
    TEMPERATURE,
    State,
    keep_best,
)
from muster.core.allocation.tables import (
    PACE,
    PER_M,
    W_LATENCY,
    W_MAX,
    W_SUM,
    WEIGHT,
    Tables,
    tables,
)

HOT = 1.0
"""First temperature, in costs of an average leg: higher forgets the plan it began with."""
COLD = 0.04
"""Last temperature: lower wastes the end of the budget, higher ends before a minimum."""
HOT_FOR_MAKESPAN = 0.5
"""`HOT` where the makespan alone counts; found by trial, as the rest."""
AVERAGE = 8.0
"""Tasks taken out at once: fewer make quicker iterations, more make greater changes."""
PROPOSALS = 25
"""Random trades between two ruins."""
PROPOSALS_FOR_MAKESPAN = 10
"""`PROPOSALS` where the makespan alone counts."""
BREADTH = 20
"""Near tasks and robots whose paths are considered for a task."""
SOFT = 3
"""First exponent of the softened makespan, as a power of 2."""
SHARP = 5
"""Last exponent: higher comes nearer to the makespan itself, on a rougher landscape."""
POLISH_BREADTH = 10
"""Near tasks that a trade may make a task follow."""
FIRST_CYCLE = 2000
"""Iterations from hot to cold where no end is known; each cycle is twice the last."""


def improve(
    problem: Problem,
    plan: Plan,
    *,
    seed: int,
    is_over: Callable[[], bool],
    movable: Bools | None = None,
    progress: Callable[[], float] | None = None,
    iterations: int | None = None,
    tab: Tables | None = None,
) -> Plan:
    """Search for a better plan; the answer is never worse, in tasks placed first, then in cost.

    Parameters
    ----------
    is_over : asked about every half millisecond (compiled): stop now? A budget, or news.
    movable : (T,) false for tasks that stay on their robot, in their order.
    progress : share of the budget used so far, 0 to 1. It leads the cooling: with it, the whole
        of the budget is used to best effect. Without, cooling goes in cycles, each twice as long
        as the one before.
    iterations : search for exactly so many iterations instead (unless `is_over`); the same
        problem, plan, seed and number give the same answer on any machine.
    tab : `tables(problem)`, if that has been made already.

    Tasks that are unassigned for any reason but `Reason.NOT_PLACED` are tried again.
    A task that is given up for others ends in `Plan.unassigned` with what stands in its way.
    """
    tab = tables(problem) if tab is None else tab
    routes, lost, cost = mend(problem, tab, plan.routes)
    doomed = impossible(problem, tab)
    st = state_for(problem, tab, routes, movable)
    asked = {t for t, why in plan.unassigned.items() if why != Reason.NOT_PLACED}
    absent = open_to_search(tab, asked.union(lost), routes, doomed)
    st.work[NOWHERE, : len(absent)] = absent
    st.counts[ABSENT] = len(absent)
    st.numbers[MISSING] = st.trait[absent, PENALTY].sum()
    st.counts[FIRST], st.counts[SECOND] = seeded(seed)
    refresh(tab, st)
    keep_best(tab, st)
    if problem.tasks and problem.robots:
        _search(problem, tab, st, is_over, progress, iterations)
    found = routes_of(st, st.best)
    placed = {t for route in found for t in route}
    reasons = {t: why for t, why in plan.unassigned.items() if t not in placed}
    reasons.update({t: doomed[t] for t in lost if t in doomed})
    given_up = {t for route in routes for t in route} - placed
    left_out = sorted(given_up.union(absent) - placed)
    reasons.update(reasons_for(problem, tab, found, left_out))
    if not lost and found == plan.routes:
        return plan_of(problem, plan.routes, plan.unassigned, found=cost)
    better = plan_of(problem, found, reasons, tab=tab)
    if lost:
        return better
    before = plan_of(problem, plan.routes, plan.unassigned, found=cost)
    is_better = (len(better.unassigned), better.cost) < (len(before.unassigned), before.cost)
    return better if is_better else before


def _search(
    problem: Problem,
    tab: Tables,
    st: State,
    is_over: Callable[[], bool],
    progress: Callable[[], float] | None,
    iterations: int | None,
) -> None:
    chunk = _chunk(problem, st)
    if len(st.route) > 1:
        st.counts[CURSOR] = st.counts[QUIET] = 0
        while not is_over():
            if descend(tab, st, max(chunk // 4, 1), POLISH_BREADTH):
                break
        keep_best(tab, st)
    unit = _unit(problem, tab, st)
    done = 0
    cycle, cycle_end = FIRST_CYCLE, FIRST_CYCLE
    if iterations is not None:
        cycle = cycle_end = max(iterations, 1)
    makespan = problem.w_max / max(problem.w_max + problem.w_sum, 1e-9)
    hot = HOT + (HOT_FOR_MAKESPAN - HOT) * makespan
    heat = unit * hot
    proposals = round(PROPOSALS + (PROPOSALS_FOR_MAKESPAN - PROPOSALS) * makespan)
    if progress is None:
        st.numbers[COOLING] = (COLD / hot) ** (1.0 / cycle)
        st.numbers[TEMPERATURE] = heat
    else:
        st.numbers[COOLING] = 1.0
    while not is_over() and (iterations is None or done < iterations):
        count = chunk
        if progress is not None:
            share = min(max(progress(), 0.0), 1.0)
            st.numbers[TEMPERATURE] = heat * (COLD / hot) ** share
            sharpen(tab, st, min(int(SOFT + share * (SHARP + 1 - SOFT)), SHARP))
        else:
            count = min(chunk, cycle_end - done)
        anneal(tab, st, count, AVERAGE, BREADTH, proposals)
        done += count
        if progress is None and iterations is None and done == cycle_end:
            cycle *= 2
            cycle_end += cycle
            st.numbers[COOLING] = (COLD / hot) ** (1.0 / cycle)
            st.numbers[TEMPERATURE] = heat


def _chunk(problem: Problem, st: State) -> int:
    """Iterations that take about half a millisecond where kernels are compiled; else one."""
    if not is_compiled():
        return 1
    kind = st.counts[KIND]
    longest = 2 + problem.tasks // max(problem.robots, 1)
    paths = min(problem.robots, BREADTH)
    positions = AVERAGE * paths * longest
    micros = 2.0 + positions * (0.005 if kind == PLAIN else 0.05)
    if kind == COUPLED:
        micros += 2.5 * AVERAGE * problem.tasks * 0.02
    return max(int(500.0 / micros), 1)


def _unit(problem: Problem, tab: Tables, st: State) -> float:
    """Cost of an average leg."""
    weights = tab.weights
    pace = float(tab.robot[:, PACE].mean())
    path = problem.tasks / problem.robots
    second = weights[W_SUM] + weights[W_MAX]
    second += weights[W_LATENCY] * float(tab.task[:, WEIGHT].mean()) * max(path / 2.0, 1.0)
    energy = float((tab.robot[:, PER_M] - weights[W_SUM] * tab.robot[:, PACE]).mean())
    hop = st.hop[st.route >= 0]
    metres = float(hop.mean()) if len(hop) else float(np.median(tab.leg[np.isfinite(tab.leg)]))
    return max(metres * (second * pace + energy), 1e-9)

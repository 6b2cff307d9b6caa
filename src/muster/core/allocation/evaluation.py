"""What paths cost and when everything happens, in words that others can use.

The arithmetic is `muster.core.allocation.timing`; here are the problem's own terms in and named
results out. The leader's search, the robots' bids, the consensus without a leader and the
explanations all stand on these functions, so that no two of them ever disagree on a price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from muster.core.allocation.costs import TERMS, Reason, Term
from muster.core.allocation.problem import Floats, Ints, Problem
from muster.core.allocation.tables import (
    DUE,
    INNER_M,
    LAST,
    LATE_RATE,
    LOAD,
    LOAD_LIMIT,
    MAX_TASKS,
    PACE,
    PARTNERS,
    PREDS,
    SUCCS,
    W_ENERGY,
    W_LATENCY,
    W_MAX,
    W_SUM,
    W_WAIT,
    WEIGHT,
    WORK_S,
    Tables,
    group_of,
    tables,
)
from muster.core.allocation.timing import (
    BEGIN,
    CHARGE_S,
    DOCK,
    FINE,
    FINISH,
    JOULES,
    LEFT,
    NOT_BEFORE,
    SET_OUT,
    WAIT_S,
    WALKED_M,
    WHEN_COLUMNS,
    schedule,
    walk,
)


@dataclass(frozen=True, eq=False)
class Timeline:
    """One robot's path: when it does what and what that costs. The arrays have one entry per
    task of the path."""

    reason: Reason
    """Why the path cannot be done; `Reason.NONE` if it can. Only then do the rest count."""
    failed: int
    """Task at which it fails; -1 for none."""
    terms: Floats
    """(TERMS,) by `Term`, in weighted seconds."""
    set_out: Floats
    """[s] leaves for the task: for its entry from where it stood, or from the dock."""
    begin: Floats
    """[s] at the entry, and the window is open."""
    finish: Floats
    dock: Ints
    """Dock visited before the task; -1 for none."""
    charge_s: Floats
    """[s] of charging there."""
    energy_j: Floats
    """[J] left after the task."""
    walked_m: Floats
    """[m] to the task, by way of the dock."""
    wait_s: Floats

    @property
    def is_feasible(self) -> bool:
        return self.reason == Reason.NONE

    @property
    def cost(self) -> float:
        """Sum of the terms; ``inf`` for a path that cannot be done."""
        return float(self.terms.sum()) if self.is_feasible else float('inf')

    @property
    def end_s(self) -> float:
        """[s] of the last finish; 0 for an empty path."""
        return float(self.finish[-1]) if len(self.finish) else 0.0


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A whole plan, all its paths timed together."""

    reason: Reason
    failed: int
    """Task at which it fails; -1 for none."""
    terms: Floats
    """(TERMS,) as of the paths, but with one makespan for all."""
    paths: tuple[Timeline, ...]
    """Per robot; empty if the plan cannot be done."""

    @property
    def is_feasible(self) -> bool:
        return self.reason == Reason.NONE

    @property
    def cost(self) -> float:
        """Sum of the terms; ``inf`` for a plan that cannot be done."""
        return float(self.terms.sum()) if self.is_feasible else float('inf')


@dataclass(frozen=True, eq=False)
class Insertion:
    """One more task at its best place in a path."""

    reason: Reason
    """Why there is none; `Reason.NONE` if there is."""
    position: int
    """Index in the longer path."""
    cost: float
    """Rise of the path's cost."""
    terms: Floats
    """(TERMS,) rise of each term."""
    timeline: Timeline
    """Of the longer path."""


def evaluate_path(
    problem: Problem,
    robot: int,
    tasks: Sequence[int],
    *,
    not_before: ArrayLike | None = None,
    tab: Tables | None = None,
) -> Timeline:
    """Time and price one robot's path.

    Parameters
    ----------
    not_before : (T,) [s] what each task waits for on other paths: the latest finish of its
        predecessors there, the common moment of its group. Predecessors on this path are seen to
        here.
    tab : `tables` of the problem, if they have been made already.
    """
    tab = tables(problem) if tab is None else tab
    reason, failed = _objection(tab, robot, tasks)
    if reason != Reason.NONE:
        return _refused(reason, failed)
    nxt, prv, _ = _chain(problem, {robot: tasks})
    when = np.zeros((problem.tasks + problem.robots, WHEN_COLUMNS))
    if not_before is not None:
        when[: problem.tasks, NOT_BEFORE] = not_before
    code, at = walk(tab, robot, nxt, prv, when)
    if code != FINE:
        return _refused(Reason(code), int(at))
    return _timeline(problem, tab, robot, tasks, when)


def evaluate_plan(
    problem: Problem, routes: Sequence[Sequence[int]], *, tab: Tables | None = None
) -> Evaluation:
    """Time and price a whole plan, with all that paths wait for on each other.

    Groups must be in the plan as a whole, and predecessors of what is in it.
    """
    tab = tables(problem) if tab is None else tab
    for r, route in enumerate(routes):
        reason, failed = _objection(tab, r, route)
        if reason != Reason.NONE:
            return Evaluation(reason, failed, np.zeros(TERMS), ())
    nxt, prv, owner = _chain(problem, dict(enumerate(routes)))
    placed = owner >= 0
    for t in np.flatnonzero(placed).tolist():
        members = tab.tied[tab.span[t, PARTNERS] : tab.span[t, LAST]]
        if not placed[members].all():
            return Evaluation(Reason.GROUP, t, np.zeros(TERMS), ())
    when = np.zeros((problem.tasks + problem.robots, WHEN_COLUMNS))
    work = np.zeros((3, problem.tasks), dtype=np.int64)
    code, at = schedule(tab, nxt, prv, owner, when, work)
    if code != FINE:
        return Evaluation(Reason(code), int(at), np.zeros(TERMS), ())
    paths = tuple(_timeline(problem, tab, r, route, when) for r, route in enumerate(routes))
    terms = np.zeros(TERMS)
    for path in paths:
        terms += path.terms
    terms[Term.MAKESPAN] = max((path.terms[Term.MAKESPAN] for path in paths), default=0.0)
    return Evaluation(Reason.NONE, -1, terms, paths)


def cheapest_insertion(
    problem: Problem,
    robot: int,
    tasks: Sequence[int],
    task: int,
    *,
    not_before: ArrayLike | None = None,
    tab: Tables | None = None,
) -> Insertion:
    """One more task at the place of a path where it raises the cost least; ties go to the earlier
    place. The reason of a refusal is that of the place at which it failed last."""
    tab = tables(problem) if tab is None else tab
    before = evaluate_path(problem, robot, tasks, not_before=not_before, tab=tab)
    best: Insertion | None = None
    refusal = _refused(before.reason, before.failed)
    for position in range(len(tasks) + 1):
        longer = (*tasks[:position], task, *tasks[position:])
        after = evaluate_path(problem, robot, longer, not_before=not_before, tab=tab)
        if not after.is_feasible:
            refusal = after
            continue
        rise = after.terms - before.terms
        cost = float(rise.sum())
        if best is None or cost < best.cost:
            best = Insertion(Reason.NONE, position, cost, rise, after)
    if best is not None:
        return best
    return Insertion(refusal.reason, -1, float('inf'), np.zeros(TERMS), refusal)


def _objection(tab: Tables, r: int, tasks: Sequence[int]) -> tuple[Reason, int]:
    """What stands against a path before any clock is looked at."""
    if len(tasks) > tab.robot[r, MAX_TASKS]:
        return Reason.MAX_TASKS, tasks[-1]
    load = 0.0
    done: set[int] = set()
    groups: set[int] = set()
    path = set(tasks)
    for t in tasks:
        load += tab.task[t, LOAD]
        if not np.isfinite(tab.own[r, t]):
            return Reason.INELIGIBLE, t
        if load > tab.robot[r, LOAD_LIMIT]:
            return Reason.LOAD, t
        before = {int(p) for p in tab.tied[tab.span[t, PREDS] : tab.span[t, SUCCS]]}
        if before & path - done:
            return Reason.PRECEDENCE, t
        done.add(t)
        g = int(group_of(tab.span, tab.tied, t))
        if g >= 0 and g in groups:
            return Reason.GROUP, t
        groups.add(g)
    return Reason.NONE, -1


def _chain(problem: Problem, routes: dict[int, Sequence[int]]) -> tuple[Ints, Ints, Ints]:
    """Paths as linked lists: the node after, the node before, the robot of each task."""
    nodes = problem.tasks + problem.robots
    nxt = np.arange(nodes, dtype=np.int64)
    prv = np.arange(nodes, dtype=np.int64)
    owner = np.full(problem.tasks, -1, dtype=np.int64)
    for r, route in routes.items():
        at = start = problem.tasks + r
        for t in route:
            nxt[at], prv[t], owner[t] = t, at, r
            at = t
        nxt[at], prv[start] = start, at
    return nxt, prv, owner


def _timeline(
    problem: Problem, tab: Tables, r: int, tasks: Sequence[int], when: Floats
) -> Timeline:
    index = np.array(tasks, dtype=np.int64)
    rows = when[index]
    task = tab.task[index]
    weights = tab.weights
    pace = tab.robot[r, PACE]
    terms = np.zeros(TERMS)
    finish = rows[:, FINISH]
    terms[Term.TRAVEL] = (
        weights[W_SUM] * float((rows[:, WALKED_M] + task[:, INNER_M]).sum()) * pace
    )
    terms[Term.WAIT] = weights[W_WAIT] * rows[:, WAIT_S].sum()
    terms[Term.WORK] = weights[W_SUM] * task[:, WORK_S].sum()
    terms[Term.CHARGING] = weights[W_SUM] * rows[:, CHARGE_S].sum()
    terms[Term.ENERGY] = weights[W_ENERGY] * rows[:, JOULES].sum()
    terms[Term.LATENESS] = (task[:, LATE_RATE] * np.maximum(finish - task[:, DUE], 0.0)).sum()
    terms[Term.PRIVATE] = problem.private[r, index].sum()
    terms[Term.STABILITY] = (tab.own[r, index] - problem.private[r, index]).sum()
    terms[Term.LATENCY] = weights[W_LATENCY] * (task[:, WEIGHT] * finish).sum()
    terms[Term.MAKESPAN] = weights[W_MAX] * finish[-1] if len(index) else 0.0
    return Timeline(
        reason=Reason.NONE,
        failed=-1,
        terms=terms,
        set_out=rows[:, SET_OUT],
        begin=rows[:, BEGIN],
        finish=finish,
        dock=rows[:, DOCK].astype(np.int64),
        charge_s=rows[:, CHARGE_S],
        energy_j=rows[:, LEFT],
        walked_m=rows[:, WALKED_M],
        wait_s=rows[:, WAIT_S],
    )


def _refused(reason: Reason, failed: int) -> Timeline:
    none = np.empty(0)
    return Timeline(
        reason=reason,
        failed=failed,
        terms=np.zeros(TERMS),
        set_out=none,
        begin=none,
        finish=none,
        dock=np.empty(0, dtype=np.int64),
        charge_s=none,
        energy_j=none,
        walked_m=none,
        wait_s=none,
    )

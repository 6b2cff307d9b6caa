"""What paths cost and when everything happens, in words that others can use.

The arithmetic is `muster.core.allocation.timing`; here are the problem's own terms in and named
results out. The leader's search, the robots' bids, the consensus without a leader and the
explanations all stand on these functions, so that no two of them ever disagree on a price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    found, when = _evaluated(problem, routes, tab)
    if not found.is_feasible:
        return found
    paths = tuple(_timeline(problem, tab, r, route, when) for r, route in enumerate(routes))
    return replace(found, paths=paths)


def price_plan(
    problem: Problem, routes: Sequence[Sequence[int]], *, tab: Tables | None = None
) -> Evaluation:
    """`evaluate_plan` without the timelines of the paths, for those who only need the price."""
    return _evaluated(problem, routes, tables(problem) if tab is None else tab)[0]


def _evaluated(
    problem: Problem, routes: Sequence[Sequence[int]], tab: Tables
) -> tuple[Evaluation, Floats]:
    """A plan without its timelines, and the table that they are read from."""
    when = np.zeros((problem.tasks + problem.robots, WHEN_COLUMNS))
    terms = np.zeros(TERMS)
    nxt, prv, owner = _chain(problem, dict(enumerate(routes)))
    index = np.array([t for route in routes for t in route], dtype=np.int64)
    if not _is_plainly_sound(tab, owner, index):
        for r, route in enumerate(routes):
            reason, failed = _objection(tab, r, route)
            if reason != Reason.NONE:
                return Evaluation(reason, failed, terms, ()), when
    grouped = index[tab.span[index, PARTNERS] < tab.span[index, LAST]]
    for t in grouped.tolist():
        if np.any(owner[tab.tied[tab.span[t, PARTNERS] : tab.span[t, LAST]]] < 0):
            return Evaluation(Reason.GROUP, t, terms, ()), when
    work = np.zeros((3, problem.tasks), dtype=np.int64)
    code, at = schedule(tab, nxt, prv, owner, when, work)
    if code != FINE:
        return Evaluation(Reason(code), int(at), terms, ()), when
    terms = _terms(problem, tab, owner[index], index, when[index])
    return Evaluation(Reason.NONE, -1, terms, ()), when


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


def _is_plainly_sound(tab: Tables, owner: Ints, index: Ints) -> bool:
    """A glance at all paths at once: there is no need to look at each with `_objection`."""
    robots = owner[index]
    most = np.minimum(tab.robot[:, MAX_TASKS], len(owner))
    count = np.bincount(robots, minlength=len(most))
    load = np.bincount(robots, weights=tab.task[index, LOAD], minlength=len(most))
    return bool(
        not len(tab.tied)
        and np.all(np.isfinite(tab.own[robots, index]))
        and np.all(count <= most)
        and np.all(load <= tab.robot[:, LOAD_LIMIT])
    )


def _objection(tab: Tables, r: int, tasks: Sequence[int]) -> tuple[Reason, int]:
    """What stands against a path before any clock is looked at."""
    if not tasks:
        return Reason.NONE, -1
    index = np.array(tasks, dtype=np.int64)
    if len(tasks) > tab.robot[r, MAX_TASKS]:
        return Reason.MAX_TASKS, tasks[-1]
    for t, own in zip(tasks, tab.own[r, index].tolist(), strict=True):
        if own == np.inf:
            return Reason.INELIGIBLE, t
    load = np.cumsum(tab.task[index, LOAD])
    if load[-1] > tab.robot[r, LOAD_LIMIT]:
        return Reason.LOAD, tasks[int(np.argmax(load > tab.robot[r, LOAD_LIMIT]))]
    spans = tab.span[index]
    if np.all(spans[:, PREDS] == spans[:, LAST]):
        return Reason.NONE, -1
    done: set[int] = set()
    path = set(tasks)
    for t in tasks:
        if path.difference(done).intersection(_tied(tab, t, PREDS, SUCCS)):
            return Reason.PRECEDENCE, t
        if done.intersection(_tied(tab, t, PARTNERS, LAST)):
            return Reason.GROUP, t
        done.add(t)
    return Reason.NONE, -1


def _tied(tab: Tables, t: int, first: int, last: int) -> list[int]:
    """Tasks that a task is tied to in one way, by columns of `Tables.span`."""
    tied: list[int] = tab.tied[tab.span[t, first] : tab.span[t, last]].tolist()
    return tied


def _chain(problem: Problem, routes: dict[int, Sequence[int]]) -> tuple[Ints, Ints, Ints]:
    """Paths as linked lists: the node after, the node before, the robot of each task."""
    nxt = np.arange(problem.tasks + problem.robots, dtype=np.int64)
    prv = nxt.copy()
    owner = np.full(problem.tasks, -1, dtype=np.int64)
    nodes: list[int] = []
    after: list[int] = []
    for r, route in routes.items():
        start = problem.tasks + r
        nodes += (start, *route)
        after += (*route, start)
        owner[list(route)] = r
    nxt[nodes] = after
    prv[after] = nodes
    return nxt, prv, owner


def _terms(problem: Problem, tab: Tables, robot: Ints, index: Ints, rows: Floats) -> Floats:
    """(TERMS,) of some tasks that have been timed: who does each, which, and its row of `when`."""
    task = tab.task[index]
    weights = tab.weights
    finish = rows[:, FINISH]
    private = problem.private[robot, index]
    metres = rows[:, WALKED_M] + task[:, INNER_M]
    terms = np.zeros(TERMS)
    terms[Term.TRAVEL] = weights[W_SUM] * (metres * tab.robot[robot, PACE]).sum()
    terms[Term.WAIT] = weights[W_WAIT] * rows[:, WAIT_S].sum()
    terms[Term.WORK] = weights[W_SUM] * task[:, WORK_S].sum()
    terms[Term.CHARGING] = weights[W_SUM] * rows[:, CHARGE_S].sum()
    terms[Term.ENERGY] = weights[W_ENERGY] * rows[:, JOULES].sum()
    terms[Term.LATENESS] = (task[:, LATE_RATE] * np.maximum(finish - task[:, DUE], 0.0)).sum()
    terms[Term.PRIVATE] = private.sum()
    terms[Term.STABILITY] = (tab.own[robot, index] - private).sum()
    terms[Term.LATENCY] = weights[W_LATENCY] * (task[:, WEIGHT] * finish).sum()
    terms[Term.MAKESPAN] = weights[W_MAX] * finish.max(initial=0.0)
    return terms


def _timeline(
    problem: Problem, tab: Tables, r: int, tasks: Sequence[int], when: Floats
) -> Timeline:
    index = np.array(tasks, dtype=np.int64)
    rows = when[index]
    finish = rows[:, FINISH]
    terms = _terms(problem, tab, np.full(len(index), r), index, rows)
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

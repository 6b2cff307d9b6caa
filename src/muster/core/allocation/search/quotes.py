"""One robot's prices for many tasks, each on its own: what it bids in an auction.

`evaluation.cheapest_insertion` evaluates the whole path at every place, which is the plain truth
and takes the square of the path's length. Here the places are priced as the search prices them,
from where the path changes on, and only the best is evaluated in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from muster.core.allocation.costs import TERMS, Reason
from muster.core.allocation.evaluation import Insertion, Timeline, evaluate_path
from muster.core.allocation.kernel import kernel
from muster.core.allocation.problem import Problem
from muster.core.allocation.search.pricing import fits, price
from muster.core.allocation.search.reasons import reasons_for
from muster.core.allocation.search.setup import state_for
from muster.core.allocation.search.state import State, retime_all
from muster.core.allocation.tables import Tables, tables


def quotes(
    problem: Problem,
    robot: int,
    path: Sequence[int],
    tasks: Iterable[int],
    *,
    tab: Tables | None = None,
) -> list[Insertion]:
    """Each task at its cheapest place in a path that can be done, or the reason why it has none.

    Tasks must not wait for others, nor be in groups: those are matters of a whole plan.
    """
    tab = tables(problem) if tab is None else tab
    routes = [tuple(path) if r == robot else () for r in range(problem.robots)]
    before = evaluate_path(problem, robot, path, tab=tab)
    st = state_for(problem, tab, routes, near=0)
    retime_all(tab, st)
    places = {problem.tasks + robot: 0} | {t: place for place, t in enumerate(path, start=1)}
    found = []
    for t in tasks:
        node = int(quote_alone(tab, st, t, robot)) if before.is_feasible else -1
        if node < 0:
            found.append(_refusal(problem, tab, robot, routes, before, t))
            continue
        place = places[node]
        after = evaluate_path(problem, robot, (*path[:place], t, *path[place:]), tab=tab)
        rise = after.terms - before.terms
        found.append(Insertion(after.reason, place, float(rise.sum()), rise, after))
    return found


@kernel
def quote_alone(tab: Tables, st: State, t: int, r: int) -> int:
    """The node of path r after which task t is cheapest; -1 for none."""
    if not fits(tab, st, t, r):
        return -1
    return price(tab, st, t, r, np.inf, 0.0)[1]


def _refusal(
    problem: Problem,
    tab: Tables,
    robot: int,
    routes: Sequence[Sequence[int]],
    before: Timeline,
    t: int,
) -> Insertion:
    reason = before.reason
    if reason == Reason.NONE:
        reason = reasons_for(problem, tab, routes, [t])[t]
    return Insertion(reason, -1, float('inf'), np.zeros(TERMS), before)

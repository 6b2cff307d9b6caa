"""Problems with whatever chance brings: no plan lies about its cost, breaks a rule, or is far from
the optimum."""

from __future__ import annotations

from math import isclose, isfinite
from statistics import fmean

import pytest

from muster.core.allocation import search
from muster.core.allocation.costs import Reason

from .carrying_out import cost_of
from .drawing import anything, generators
from .exhaustive import best_cost

WITH_TRADES = 1.02
LEFT_OUT = 0.02
"""Share of the problems with a plan for all tasks in which trades may miss it, and one more."""


@pytest.mark.parametrize('count', [15, pytest.param(200, marks=pytest.mark.slow)])
def test_plans_keep_every_rule_and_cost_what_they_say(count: int) -> None:
    gaps, left_out = [], 0
    for random in generators(count):
        problem = anything(random)
        auctioned = search.construct(problem, search.empty_plan(problem), range(problem.tasks))
        traded = search.improve(problem, auctioned, seed=1, is_over=lambda: False, iterations=100)
        for plan in (auctioned, traded):
            assert search.check(problem, plan) == []
            assert isclose(plan.cost, cost_of(problem, plan.routes), rel_tol=1e-9)
            assert Reason.NOT_PLACED not in plan.unassigned.values()
        placed = len(auctioned.unassigned), len(traded.unassigned)
        assert placed[1] < placed[0] or traded.cost <= auctioned.cost
        best = best_cost(problem)
        if not isfinite(best):
            assert traded.unassigned
        elif traded.unassigned:
            left_out += 1
        else:
            assert traded.cost >= best * (1 - 1e-9)
            gaps.append(traded.cost / best)
    assert len(gaps) > 0.5 * count
    assert fmean(gaps) <= WITH_TRADES, gaps
    assert left_out <= 1 + LEFT_OUT * count

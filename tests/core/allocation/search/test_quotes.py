"""One robot's prices are those that the plain evaluation of every place finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.allocation.search.instances import problem_of
from muster.core.allocation.costs import Reason
from muster.core.allocation.evaluation import cheapest_insertion, evaluate_path
from muster.core.allocation.search import quotes

ALONE = ('plain', 'windows', 'latency', 'energy')


@pytest.mark.parametrize('kind', ALONE)
@given(seed=st.integers(0, 10_000), held=st.integers(0, 5))
def test_a_quote_is_the_cheapest_insertion(kind: str, seed: int, held: int) -> None:
    problem = problem_of(kind, 2, 8, seed)
    path = [t for t in range(held) if evaluate_path(problem, 0, range(t + 1)).is_feasible]
    if not evaluate_path(problem, 0, path).is_feasible:
        path = []
    lots = [t for t in range(8) if t not in path]
    for lot, quote in zip(lots, quotes(problem, 0, path, lots), strict=True):
        plain = cheapest_insertion(problem, 0, path, lot)
        assert (quote.reason == Reason.NONE) == (plain.reason == Reason.NONE)
        if kind in ('energy', 'windows'):
            assert quote.cost >= plain.cost - 1e-6, 'waits and stops to charge are estimated'
        else:
            assert quote.cost == pytest.approx(plain.cost)

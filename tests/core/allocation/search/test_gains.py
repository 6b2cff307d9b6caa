"""A trade that is priced before it is carried out is worth what carrying it out shows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from muster.core.allocation.problem import Problem, make_problem
from muster.core.allocation.search.anneal import refresh
from muster.core.allocation.search.exchange import MOVES, try_move
from muster.core.allocation.search.setup import state_for
from muster.core.allocation.search.state import KIND, PLAIN, VALUE, State
from muster.core.allocation.tables import tables

ROUTES = ((0, 1, 2, 3), (4, 5, 6), ())
NEARLY = 1e-6


def uneven(w_max: float) -> Problem:
    """Robots and tasks of which no two are alike, nor the ways there and back."""
    random = np.random.default_rng(7)
    robots, tasks, places = len(ROUTES), 7, 12
    ways = random.uniform(1.0, 30.0, (places, places))
    np.fill_diagonal(ways, 0.0)
    return make_problem(
        ways,
        random.integers(0, places, robots),
        random.integers(0, places, tasks),
        exit=random.integers(0, places, tasks),
        ready=random.uniform(0.0, 5.0, robots),
        speed=random.uniform(0.5, 2.0, robots),
        inner_m=random.uniform(0.0, 5.0, tasks),
        work_s=random.uniform(0.0, 5.0, tasks),
        private=random.uniform(0.0, 5.0, (robots, tasks)),
        w_max=w_max,
        w_sum=0.5,
    )


@pytest.mark.parametrize('w_max', [0.0, 1.0])
def test_a_trade_is_taken_just_when_it_is_worth_it(w_max: float) -> None:
    problem = uneven(w_max)
    tab = tables(problem)
    fresh = state_for(problem, tab, ROUTES)
    refresh(tab, fresh)
    assert fresh.counts[KIND] == PLAIN

    def attempt(c: int, y: int, move: int, luck: float) -> tuple[bool, float]:
        st = State(*(array.copy() for array in fresh))
        is_taken = try_move(tab, st, c, y, move, luck)
        return is_taken, float(st.numbers[VALUE] - fresh.numbers[VALUE])

    taken = set()
    nodes = problem.tasks + problem.robots
    for c, y, move in product(range(problem.tasks), range(nodes), range(len(MOVES))):
        if y == c:
            continue
        is_possible, rise = attempt(c, y, move, np.inf)
        if is_possible:
            taken.add(move)
            assert attempt(c, y, move, rise + NEARLY) == (True, rise)
            assert attempt(c, y, move, rise - NEARLY) == (False, 0.0)
    assert taken == set(range(len(MOVES)))

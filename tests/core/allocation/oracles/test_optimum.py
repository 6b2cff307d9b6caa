"""Auctions and trades beside the true optimum of small problems."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose, isfinite
from statistics import fmean

import numpy as np
import pytest
from numpy.random import Generator

from muster.core.allocation import search
from muster.core.allocation.problem import Problem, make_problem
from muster.core.allocation.search import Plan

from .carrying_out import cost_of
from .drawing import generators, in_the_plane
from .exhaustive import best_by_paths, best_by_program, best_cost

ITERATIONS = 100
WITH_TRADES = 1.02
"""Most that trades may be above the optimum in the mean."""


def auctioned(problem: Problem) -> Plan:
    return search.construct(problem, search.empty_plan(problem), range(problem.tasks))


def traded(problem: Problem, plan: Plan) -> Plan:
    return search.improve(problem, plan, seed=1, is_over=lambda: False, iterations=ITERATIONS)


def gap(problem: Problem, plan: Plan, best: float) -> float:
    """Of a plan that has all tasks and costs what it says."""
    assert not plan.unassigned
    assert search.check(problem, plan) == []
    cost = cost_of(problem, plan.routes)
    assert isclose(plan.cost, cost, rel_tol=1e-9)
    assert cost >= best * (1 - 1e-9), 'what cannot be beaten was beaten'
    return cost / best


def sum_of_ways(random: Generator) -> Problem:
    return in_the_plane(random, 3, 6)


def makespan(random: Generator) -> Problem:
    return in_the_plane(random, 3, 5, w_sum=0.0, w_max=1.0)


def latency(random: Generator) -> Problem:
    weight = random.choice([1.0, 2.0, 5.0], 5)
    return in_the_plane(random, 2, 5, w_sum=0.0, w_latency=1.0, weight=weight)


def windows(random: Generator) -> Problem:
    earliest = random.uniform(0, 150, 5)
    return in_the_plane(
        random,
        2,
        5,
        w_wait=0.1,
        earliest=earliest,
        deadline=earliest + random.uniform(20, 120, 5),
        is_hard=random.uniform(size=5) < 0.3,
        late_rate=2.0,
        work_s=random.uniform(0, 20, 5),
        depart_after=random.uniform(0, 50, 5),
    )


def batteries(random: Generator) -> Problem:
    """Some last for the better half of what there is to do."""
    return in_the_plane(
        random,
        3,
        5,
        joules_per_m=random.uniform(50, 150, 3),
        idle_w=30.0,
        charge=random.uniform(8e3, 20e3, 3),
        reserve_j=1e3,
        work_s=random.uniform(0, 30, 5),
        work_j=random.uniform(0, 500, 5),
        w_energy=0.01,
        earliest=random.uniform(0, 60, 5),
    )


def unlike_robots(random: Generator) -> Problem:
    """Speeds, readiness, what each may do and can load, who holds what, private terms."""
    eligible = random.uniform(size=(3, 5)) < 0.8
    eligible[0] = True
    return in_the_plane(
        random,
        3,
        5,
        ready=random.uniform(0, 50, 3),
        speed=random.uniform(0.5, 1.5, 3),
        eligible=eligible,
        private=random.uniform(0, 10, (3, 5)),
        load=random.integers(1, 4, 5),
        load_limit=[9, 6, 6],
        max_tasks=[4, 2, 2],
        holder=random.integers(-1, 3, 5),
        stability=5.0,
        inner_m=random.uniform(0, 10, 5),
    )


KINDS: dict[str, Callable[[Generator], Problem]] = {
    one.__name__: one
    for one in (sum_of_ways, makespan, latency, windows, batteries, unlike_robots)
}


@pytest.mark.parametrize('kind', KINDS)
def test_trades_end_within_two_percent_of_the_optimum(kind: str) -> None:
    gaps = []
    for random in generators(4):
        problem = KINDS[kind](random)
        best = best_by_paths(problem)
        if isfinite(best):
            gaps.append(gap(problem, traded(problem, auctioned(problem)), best))
    assert len(gaps) >= 3
    assert fmean(gaps) <= WITH_TRADES, gaps


def test_an_auction_of_ways_is_within_twice_the_optimum() -> None:
    """Lagoudakis et al., *Auction-Based Multi-Robot Routing*, RSS 2005, theorem 1."""
    gaps = []
    for random in generators(5):
        problem = sum_of_ways(random)
        gaps.append(gap(problem, auctioned(problem), best_by_program(problem)))
    assert max(gaps) <= 2.0
    assert fmean(gaps) <= 1.2, gaps


def test_an_auction_stays_within_twice_the_optimum_where_greed_is_led_astray() -> None:
    # Each task is a little closer to the last one than to a robot of its own.
    at = np.array([0.0, 33.0, 1.0, 3.1, 7.4, 16.1, 32.0])
    problem = make_problem(np.abs(at[:, None] - at), [0, 1], range(2, 7))
    assert gap(problem, auctioned(problem), best_by_paths(problem)) <= 2.0


def precedence(random: Generator) -> Problem:
    """Two chains across whatever robots."""
    return in_the_plane(
        random, 2, 5, w_max=0.5, after=[[], [0], [1], [], [3]], work_s=random.uniform(0, 20, 5)
    )


def timed_precedence(random: Generator) -> Problem:
    earliest = random.uniform(0, 60, 5)
    return in_the_plane(
        random,
        2,
        5,
        w_wait=0.2,
        after=[[], [0], [], [2], []],
        earliest=earliest,
        deadline=earliest + random.uniform(60, 250, 5),
        is_hard=[True, False, True, False, False],
    )


def coalitions(random: Generator) -> Problem:
    """A task for two robots and one for all three."""
    return in_the_plane(random, 3, 5, w_wait=0.5, w_max=0.2, group=[0, 0, 1, 1, 1], work_s=10.0)


COUPLED: dict[str, Callable[[Generator], Problem]] = {
    one.__name__: one for one in (precedence, timed_precedence, coalitions)
}


@pytest.mark.parametrize('kind', COUPLED)
def test_robots_that_wait_for_one_another_end_within_two_percent(kind: str) -> None:
    gaps = []
    for random in generators(4):
        problem = COUPLED[kind](random)
        best = best_cost(problem)
        if isfinite(best):
            gaps.append(gap(problem, traded(problem, auctioned(problem)), best))
    assert len(gaps) >= 3
    assert fmean(gaps) <= WITH_TRADES, gaps


def test_what_cannot_be_done_in_time_is_left_out_with_a_reason() -> None:
    for random in generators(6):
        problem = in_the_plane(random, 2, 5, deadline=random.uniform(5, 70, 5))
        plan = traded(problem, auctioned(problem))
        assert search.check(problem, plan) == []
        assert isfinite(cost_of(problem, plan.routes))
        if isfinite(best_by_paths(problem)):
            assert not plan.unassigned

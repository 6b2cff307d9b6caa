"""Whatever the problem, what comes out of the search is sound, complete and never worse."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.allocation.search.instances import KINDS, problem_of, problems, scatter
from muster.core.allocation.costs import Reason
from muster.core.allocation.evaluation import cheapest_insertion, evaluate_plan
from muster.core.allocation.kernel import Kernel, can_compile, running
from muster.core.allocation.problem import Problem, make_problem
from muster.core.allocation.search import (
    Plan,
    check,
    construct,
    empty_plan,
    improve,
    plan_of,
    warm,
)
from muster.core.allocation.tables import tables

FEW = settings(max_examples=40, deadline=None)


def never() -> bool:
    return False


def after(chunks: int) -> Callable[[], bool]:
    """A budget of so many questions."""
    asked = iter(range(chunks))
    return lambda: next(asked, None) is None


def auctioned(problem: Problem) -> Plan:
    return construct(problem, empty_plan(problem), range(problem.tasks))


@FEW
@given(problem=problems)
def test_an_auction_gives_a_sound_plan(problem: Problem) -> None:
    plan = auctioned(problem)
    assert check(problem, plan) == []
    assert Reason.NONE not in plan.unassigned.values()
    assert Reason.NOT_PLACED not in plan.unassigned.values()


@FEW
@given(problem=problems, seed=st.integers(0, 2**32))
def test_trades_keep_a_plan_sound_and_never_make_it_worse(problem: Problem, seed: int) -> None:
    before = auctioned(problem)
    plan = improve(problem, before, seed=seed, is_over=never, iterations=15)
    assert check(problem, plan) == []
    assert (len(plan.unassigned), plan.cost) <= (len(before.unassigned), before.cost)


@FEW
@given(problem=problems)
def test_the_search_and_the_evaluation_agree_on_the_price(problem: Problem) -> None:
    plan = auctioned(problem)
    assert plan.cost == evaluate_plan(problem, plan.routes).cost


@pytest.mark.parametrize('kind', KINDS)
def test_the_same_seed_gives_the_same_plan(kind: str) -> None:
    problem = problem_of(kind, 3, 12, seed=5)
    start = auctioned(problem)
    one = improve(problem, start, seed=11, is_over=never, iterations=30)
    two = improve(problem, start, seed=11, is_over=never, iterations=30)
    assert one == two


@pytest.mark.slow
@pytest.mark.skipif(not can_compile(), reason='numba is not installed')
@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('seed', range(3))
def test_compiled_kernels_give_the_same_plan_bit_by_bit(kind: str, seed: int) -> None:
    problem = problem_of(kind, 3, 14, seed)
    plans = []
    for compiled in (False, True):
        with running(compiled=compiled):
            start = auctioned(problem)
            better = improve(problem, start, seed=seed, is_over=never, iterations=60)
        plans.append((start, better, start.terms.tobytes(), better.terms.tobytes()))
    assert plans[0] == plans[1]


@pytest.mark.parametrize('kind', ['plain', 'windows', 'makespan', 'latency'])
@pytest.mark.parametrize('seed', range(4))
def test_an_auction_does_not_care_in_which_order_robots_and_tasks_are_listed(
    kind: str, seed: int
) -> None:
    problem = problem_of(kind, 3, 10, seed)
    rng = np.random.default_rng(seed)
    robots, tasks = rng.permutation(3), rng.permutation(10)
    listed = relabelled(problem, robots, tasks)
    plan, other = auctioned(problem), auctioned(listed)
    told = tuple(tuple(int(tasks[t]) for t in route) for route in other.routes)
    assert told == tuple(plan.routes[r] for r in robots)


def relabelled(problem: Problem, robots: np.ndarray, tasks: np.ndarray) -> Problem:
    """Robot i of the answer is robot robots[i] of the problem, and task t is tasks[t]."""
    by_robot = ('start', 'ready', 'speed', 'charge', 'load_limit', 'max_tasks')
    by_task = ('entry', 'exit', 'work_s', 'earliest', 'deadline', 'is_hard', 'depart_after')
    changes = {name: getattr(problem, name)[robots] for name in by_robot}
    changes |= {name: getattr(problem, name)[tasks] for name in (*by_task, 'weight', 'load')}
    return problem._replace(**changes)


def test_a_task_that_nobody_can_do_is_left_with_its_reason() -> None:
    where = scatter(2, 5, seed=1)
    where[:, 6] = where[6, :] = np.inf
    eligible = np.ones((2, 5), dtype=bool)
    eligible[:, 0] = False
    problem = make_problem(
        where,
        [0, 1],
        range(2, 7),
        eligible=eligible,
        load=[0.0, 9.0, 0.0, 0.0, 0.0],
        load_limit=5.0,
        deadline=[np.inf, np.inf, 0.5, np.inf, np.inf],
        after=[[], [], [], [0], []],
    )
    plan = auctioned(problem)
    assert plan.routes == ((), ())
    assert plan.unassigned == {
        0: Reason.INELIGIBLE,
        1: Reason.LOAD,
        2: Reason.DEADLINE,
        3: Reason.PRECEDENCE,
        4: Reason.UNREACHABLE,
    }


def test_paths_that_are_full_are_the_reason() -> None:
    problem = make_problem(scatter(1, 3, seed=2), [0], [1, 2, 3], max_tasks=2)
    plan = auctioned(problem)
    assert len(plan.routes[0]) == 2
    assert list(plan.unassigned.values()) == [Reason.MAX_TASKS]


def test_tasks_that_wait_for_each_other_are_in_no_path() -> None:
    problem = make_problem(scatter(1, 3, seed=2), [0], [1, 2, 3], after=[[1], [0], []])
    plan = auctioned(problem)
    assert plan.routes == ((2,),)
    assert plan.unassigned == {0: Reason.PRECEDENCE, 1: Reason.PRECEDENCE}


def test_a_group_larger_than_the_team_is_not_begun() -> None:
    problem = make_problem(scatter(2, 4, seed=2), [0, 1], [2, 3, 4, 5], group=[0, 0, 0, -1])
    plan = auctioned(problem)
    assert sorted(plan.unassigned) == [0, 1, 2]
    assert set(plan.unassigned.values()) == {Reason.GROUP}


def test_only_what_was_asked_for_is_put_into_a_plan() -> None:
    problem = problem_of('plain', 2, 6, seed=1)
    plan = construct(problem, empty_plan(problem), [0, 3])
    plan = improve(problem, plan, seed=0, is_over=never, iterations=10)
    assert sorted(t for route in plan.routes for t in route) == [0, 3]
    assert set(plan.unassigned.values()) == {Reason.NOT_PLACED}


@pytest.mark.parametrize('kind', ['plain', 'windows', 'precedence', 'everything'])
def test_tasks_that_may_not_move_stay_with_their_robot_in_their_order(kind: str) -> None:
    problem = problem_of(kind, 3, 12, seed=3)
    before = auctioned(problem)
    movable = np.arange(problem.tasks) % 2 == 0
    plan = improve(problem, before, seed=1, is_over=never, iterations=40, movable=movable)
    assert check(problem, plan) == []
    kept = [tuple(t for t in route if not movable[t]) for route in before.routes]
    assert [tuple(t for t in route if not movable[t]) for route in plan.routes] == kept


def test_a_holder_keeps_its_task_unless_another_is_better_by_the_price_of_stability() -> None:
    where = [[0.0, 9.0, 4.0], [9.0, 0.0, 3.0], [4.0, 3.0, 0.0]]
    for stability, holder in ((0.5, 1), (2.0, 0)):
        problem = make_problem(where, [0, 1], [2], holder=[0], stability=stability)
        plan = construct(problem, empty_plan(problem), [0])
        assert plan.robot_of(0) == holder


def test_a_search_ends_when_it_is_told_to() -> None:
    problem = problem_of('windows', 3, 12, seed=3)
    before = auctioned(problem)
    assert improve(problem, before, seed=1, is_over=lambda: True) == before
    asked = []

    def is_over() -> bool:
        asked.append(1)
        return len(asked) > 20

    improve(problem, before, seed=1, is_over=is_over)
    assert len(asked) == 21


def test_a_better_plan_is_found_where_there_is_one() -> None:
    problem = problem_of('plain', 3, 12, seed=8)
    scattered = plan_of(problem, [tuple(range(r, 12, 3)) for r in range(3)])
    plan = improve(problem, scattered, seed=1, is_over=after(60), progress=lambda: 0.9)
    assert plan.cost < 0.7 * scattered.cost


def test_a_path_that_can_no_longer_be_done_is_mended() -> None:
    problem = make_problem(
        scatter(2, 4, seed=4),
        [0, 1],
        [2, 3, 4, 5],
        deadline=[5.0, *[500.0] * 3],
        ready=[0.0, 50.0],
    )
    broken = plan_of(problem, [(1, 2), (0, 3)])
    assert broken.cost == float('inf')
    plan = improve(problem, broken, seed=1, is_over=never, iterations=20)
    assert check(problem, plan) == []


@pytest.mark.parametrize('kind', KINDS)
def test_all_problems_reach_the_kernels_in_the_same_types(kind: str) -> None:
    """Another type, or an array that may not be written to, would be compiled for anew."""
    plain = tables(make_problem([[0.0]], [0], [0]))
    tab = tables(problem_of(kind, 3, 6, seed=1))
    for name, one, other in zip(tab._fields, tab, plain, strict=True):
        assert (one.dtype, one.ndim) == (other.dtype, other.ndim), name
        assert one.flags.c_contiguous and one.flags.writeable, name


@pytest.mark.slow
@pytest.mark.skipif(not can_compile(), reason='numba is not installed')
def test_nothing_is_left_to_be_compiled_once_kernels_are_warm() -> None:
    with running(compiled=True):
        assert warm()
        before = signatures()
        for kind in KINDS:
            problem = problem_of(kind, 3, 9, seed=2)
            plan = auctioned(problem)
            improve(problem, plan, seed=1, is_over=after(6), progress=lambda: 0.5)
            cheapest_insertion(problem, 0, (), 0)
        assert signatures() == before
    assert before['anneal'] == before['auction'] == before['descend'] == 1


def signatures() -> dict[str, int]:
    """Types that each kernel has been compiled for, by its name."""
    modules = [one for name, one in sys.modules.items() if name.startswith('muster.core.alloc')]
    kernels = {
        one for module in modules for one in vars(module).values() if isinstance(one, Kernel)
    }
    return {one.__name__: len(one.compiled.signatures) for one in kernels}  # type: ignore[attr-defined]

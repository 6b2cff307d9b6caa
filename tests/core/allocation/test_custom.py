"""A team's own costs: what they say is priced, and what they get wrong is told of and left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from muster.core.allocation.custom import (
    Context,
    Cost,
    CostFailed,
    CustomCosts,
    GrantsCapabilities,
    ruling_out,
)
from muster.core.allocation.roadmap import Roadmap
from muster.core.types import Pose2D, RobotReport, TaskSpec

CONTEXT = Context('ann', 'task_1', 5.0, ('walk',), {}, Roadmap({'a': Pose2D(0, 0)}, []))
TASK = TaskSpec(kind='go_to')


class Says:
    """A cost that says what it is told to, and counts how often it was asked."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.asked = 0

    def cost(self, task: TaskSpec, robot: RobotReport, context: Context) -> Mapping[str, float]:
        self.asked += 1
        return self.answer()  # type: ignore[no-any-return]


def costs(**says: Any) -> tuple[CustomCosts, list[CostFailed]]:
    failed: list[CostFailed] = []
    made = {
        name: one if isinstance(one, Says) else Says(lambda one=one: one)
        for name, one in says.items()
    }
    return CustomCosts(made, failed.append), failed


def test_terms_are_named_by_their_costs() -> None:
    priced, failed = costs(floor={'wet': 3.0, 'steep': 2}, light={'dark': -1.5, 'glare': 0.0})
    assert priced.price(TASK, RobotReport(), CONTEXT) == {
        'floor.wet': 3.0,
        'floor.steep': 2.0,
        'light.dark': -1.5,
    }
    assert failed == []


def test_numbers_of_numpy_are_plain_numbers_in_the_end() -> None:
    priced, _ = costs(floor={'wet': np.float32(2.5), 'steep': np.int64(2)})
    found = priced.price(TASK, RobotReport(), CONTEXT)
    assert found == {'floor.wet': 2.5, 'floor.steep': 2.0}
    assert {type(value) for value in found.values()} == {float}


def test_an_infinite_term_rules_the_robot_out() -> None:
    priced, failed = costs(floor={'wet': 3.0, 'flooded': math.inf})
    found = priced.price(TASK, RobotReport(), CONTEXT)
    assert ruling_out(found) == ('floor.flooded',)
    assert failed == []


def raise_error() -> Any:
    raise KeyError('wet')


WRONG: dict[str, tuple[Any, str]] = {
    'it raises': (Says(raise_error), "KeyError: 'wet'"),
    'no mapping': ([1.0], 'TypeError: it returned [1.0], but a mapping'),
    'nothing': (None, 'TypeError: it returned None, but a mapping'),
    'not a number': ({'wet': math.nan}, 'ValueError: wet is nan, but must be a number'),
    'negative infinity': ({'wet': -math.inf}, 'ValueError: wet is -inf, but must be'),
    'a word': ({'wet': '3'}, "TypeError: wet is '3', but seconds are a number"),
    'a truth value': ({'wet': True}, 'TypeError: wet is True, but seconds are a number'),
    'a number too large': ({'wet': 10**400}, 'OverflowError: '),
    'no name': ({'': 1.0}, "TypeError: the term '' needs a name"),
    'a number for a name': ({1: 1.0}, 'TypeError: the term 1 needs a name'),
    'too many terms': (dict.fromkeys('abcdefghi', 1.0), 'ValueError: it returned 9 terms'),
}


@pytest.mark.parametrize('case', WRONG)
def test_what_is_no_cost_is_told_of_once_and_counts_for_nothing_from_then_on(case: str) -> None:
    answer, why = WRONG[case]
    wrong = answer if isinstance(answer, Says) else Says(lambda: answer)
    priced, failed = costs(bad=wrong, floor={'wet': 3.0})
    asked = wrong.asked
    for _ in range(3):
        assert priced.price(TASK, RobotReport(), CONTEXT) == {'floor.wet': 3.0}
    assert [one.cost for one in failed] == ['bad']
    assert failed[0].why.startswith(why)
    assert wrong.asked == asked + 1


def test_what_fails_later_is_left_out_later() -> None:
    answers = iter([{'wet': 1.0}, {'wet': math.nan}, {'wet': 2.0}])
    priced, failed = costs(floor=Says(lambda: next(answers)))
    prices = [priced.price(TASK, RobotReport(), CONTEXT) for _ in range(3)]
    assert prices == [{'floor.wet': 1.0}, {}, {}]
    assert len(failed) == 1


def test_a_cost_is_known_by_its_methods() -> None:
    assert isinstance(Says(dict), Cost)
    assert not isinstance(Says(dict), GrantsCapabilities)
    assert not isinstance(object(), Cost)

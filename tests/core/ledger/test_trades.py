"""Tasks that change hands: all of a trade or none, and only what nobody has begun."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from muster.core.ledger.commands import TradeTasks
from muster.core.types import Outcome, TaskState

from .stage import Stage, name


def two_tasks() -> Stage:
    """Task 1 is a's and task 2 is b's."""
    stage = Stage()
    for number, robot in ((1, 'a'), (2, 'b')):
        stage.submit()
        stage.award(number, robot)
    return stage


def test_a_trade_moves_all_its_tasks_and_fences_the_former_robots() -> None:
    stage = two_tasks()
    assert stage.trade({1: 'b', 2: 'a'}) == ['task_awarded', 'task_awarded', 'tasks_traded']
    assert (stage.held('a'), stage.held('b')) == ([2], [1])
    assert (stage[1].attempt, stage[2].attempt) == (2, 2)
    assert not stage.ledger.holds('a', name(1), 1)
    assert not stage.ledger.holds('a', name(1), 2)


def test_a_trade_may_change_the_order_alone() -> None:
    stage = Stage()
    for number in (1, 2, 3):
        stage.submit()
        stage.award(number, 'a', a=tuple(range(1, number + 1)))
    assert stage.trade({}, a=(3, 1, 2)) == ['tasks_traded']
    assert stage.held('a') == [3, 1, 2]
    assert {stage[number].attempt for number in (1, 2, 3)} == {1}


SPOILS: dict[str, Callable[[Stage], object]] = {
    'begun': lambda stage: stage.begin(2, 'b'),
    'ended': lambda stage: stage.end(2, 'b'),
    'cancelled': lambda stage: stage.cancel(2),
    'troubled': lambda stage: stage.take_back(2),
    'amended': lambda stage: stage.amend(2, priority=7),
    'its robot is gone': lambda stage: stage.lose('b'),
    'the one to have it is gone': lambda stage: stage.lose('c'),
    'bound to another task': lambda stage: stage.submit(starts_with=(name(2),)),
}


@pytest.mark.parametrize('how', SPOILS)
def test_a_trade_that_no_longer_fits_moves_nothing(how: str) -> None:
    stage = two_tasks()
    awards = {1: 'd', 2: 'c'}
    attempts = stage[1].attempt, stage[2].attempt
    SPOILS[how](stage)
    assert (stage[1].attempt, stage[2].attempt) == attempts
    before = stage.ledger.encode()
    assert stage.trade(awards, c=(2,), d=(1,)) == ['trade_void']
    assert stage.ledger.encode() == before


def test_a_trade_of_a_task_that_was_awarded_anew_is_void() -> None:
    stage = two_tasks()
    agreed = TradeTasks(1, 1, (stage.to(1, 'b'), stage.to(2, 'c')), 25.0, {})
    stage.end(2, 'b', Outcome.ROBOT_FAILED)
    stage.award(2, 'd')
    assert stage.do(agreed) == ['trade_void']
    assert (stage.held('a'), stage.held('c'), stage.held('d')) == ([1], [], [2])


def test_a_coalition_is_not_traded() -> None:
    stage = Stage()
    stage.submit(robots_needed=2)
    stage.award(1, 'ab')
    assert stage.trade({1: 'cd'}) == ['trade_void']


def test_what_a_trade_moved_is_begun_by_its_new_robot_alone() -> None:
    stage = two_tasks()
    stage.trade({1: 'c'})
    assert stage.begin(1, 'a') == []
    assert stage.begin(1, 'c') == ['task_started']
    assert (stage[1].state, stage[1].robot) == (TaskState.EXECUTING, 'c')

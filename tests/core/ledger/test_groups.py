"""Tasks that set out together on different robots."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from muster.core.ledger.commands import CreditTask
from muster.core.types import Outcome, TaskState

from .stage import Stage, name


def pair(awarded: str = 'ab', **fields: object) -> Stage:
    """Tasks 1 and 2 set out together; as many as there are letters are awarded."""
    stage = Stage()
    stage.submit(**fields)
    stage.submit(starts_with=(name(1),), **fields)
    for number, robot in enumerate(awarded, start=1):
        stage.award(number, robot)
    return stage


def test_all_tasks_of_a_group_start_at_the_same_moment() -> None:
    stage = pair()
    assert stage.begin(1, 'a') == []
    assert stage.ready(1, 'a') == []
    assert stage.ready(2, 'b') == ['task_started', 'task_started']
    assert stage[1].started_at == stage[2].started_at == 30.0


def test_nobody_stands_ready_while_one_of_the_group_has_no_robot() -> None:
    stage = pair('a')
    assert stage.ready(1, 'a') == []
    assert stage[1].ready == ()


def test_a_task_that_joins_a_group_is_waited_for_anew() -> None:
    """Those who stood ready may turn to something else until the newcomer has a robot."""
    stage = Stage()
    stage.submit(robots_needed=2)
    stage.award(1, 'ab')
    stage.ready(1, 'a')
    stage.submit(starts_with=(name(1),))
    assert stage[1].ready == ()
    stage.award(2, 'c')
    for number, robot in ((1, 'a'), (2, 'c')):
        assert stage.ready(number, robot) == []
    assert stage.ready(1, 'b') == ['task_started'] * 2


def test_groups_that_a_new_task_binds_together_are_one() -> None:
    stage = pair('ab')
    stage.submit()
    stage.submit(starts_with=(name(3),))
    assert stage[3].group == stage[4].group != stage[1].group
    stage.submit(starts_with=(name(2), name(4)))
    assert {stage[number].group for number in range(1, 6)} == {name(1)}
    for number, robot in ((3, 'c'), (4, 'd')):
        stage.award(number, robot)
    for number, robot in enumerate('abcd', start=1):
        assert stage.ready(number, robot) == []
    stage.cancel(5)
    kinds = [kind for number, robot in enumerate('abcd', 1) for kind in stage.ready(number, robot)]
    assert kinds == ['task_started'] * 4


def test_a_mate_that_is_released_is_waited_for_anew() -> None:
    stage = pair()
    stage.ready(1, 'a')
    stage.lose('b')
    assert stage[1].ready == ()
    stage.award(2, 'c')
    stage.ready(2, 'c')
    assert stage.ready(1, 'a') == ['task_started'] * 2


GOES: dict[str, Callable[[Stage], list[str]]] = {
    'cancelled': lambda stage: stage.cancel(2),
    'failed': lambda stage: stage.end(2, 'b', Outcome.TASK_FAILED, 'it slipped'),
    'done': lambda stage: stage.end(2, 'b'),
    'credited': lambda stage: stage.do(CreditTask(name(2), 'c', at=35.0)),
}


@pytest.mark.parametrize('how', GOES)
def test_a_mate_that_is_gone_is_waited_for_no_more(how: str) -> None:
    """Else the robot that stood ready would stand there for ever."""
    stage = pair(exclusive=False, retries=0)
    stage.ready(1, 'a')
    GOES[how](stage)
    assert stage[2].state.is_final
    assert stage[1].state is TaskState.AWARDED
    assert stage.ready(1, 'a') == ['task_started']


def test_what_has_set_out_is_not_held_up_by_a_task_that_joins_it_late() -> None:
    stage = pair()
    stage.ready(1, 'a')
    stage.ready(2, 'b')
    stage.submit(starts_with=(name(1),))
    assert stage[1].state is TaskState.EXECUTING
    stage.award(3, 'c')
    assert stage.ready(3, 'c') == ['task_started']


def test_a_released_mate_sets_out_on_its_own_once_the_others_are_under_way() -> None:
    stage = pair()
    stage.ready(1, 'a')
    stage.ready(2, 'b')
    stage.end(2, 'b', Outcome.STOPPED)
    stage.award(2, 'c')
    assert stage.ready(2, 'c') == ['task_started']


def test_a_robot_drops_its_readiness_for_another_group() -> None:
    stage = pair('ab')
    stage.submit()
    stage.submit(starts_with=(name(3),))
    stage.award(3, 'a')
    stage.award(4, 'c')
    stage.ready(1, 'a')
    stage.ready(3, 'a')
    assert (stage[1].ready, stage[3].ready) == ((), ('a',))
    assert stage.ready(2, 'b') == [], 'a waits elsewhere now'
    assert stage.ready(4, 'c') == ['task_started'] * 2


def test_no_robot_has_two_tasks_that_set_out_at_the_same_moment() -> None:
    """It would wait for itself for ever."""
    stage = pair('a')
    assert stage.award(2, 'a') == []
    assert stage.award(2, 'b') == ['task_awarded']


def test_tasks_of_one_robot_that_are_bound_together_are_parted() -> None:
    stage = Stage()
    for number in (1, 2):
        stage.submit()
        stage.award(number, 'a')
    assert stage.submit(starts_with=(name(1), name(2))) == ['task_submitted', 'task_troubled']
    troubled = [number for number in (1, 2) if stage[number].trouble]
    assert len(troubled) == 1
    assert stage.end(troubled[0], 'a', Outcome.STOPPED) == ['task_released']
    assert stage.award(troubled[0], 'b') == ['task_awarded']

"""What operators do to tasks that robots have already: change them, take them back, shut lanes."""

from __future__ import annotations

import pytest

from muster.core.ledger.commands import Award, AwardTasks, CancelTask, SetLane, TakeBackTask
from muster.core.types import Outcome, TaskState

from .stage import Stage, name


def held(crew: str = 'a', is_under_way: bool = False) -> Stage:
    stage = Stage()
    stage.submit(robots_needed=len(crew))
    stage.award(1, crew)
    if is_under_way and len(crew) == 1:
        stage.begin(1, crew)
    for robot in crew if is_under_way and len(crew) > 1 else '':
        stage.ready(1, robot)
    assert stage[1].state is (TaskState.EXECUTING if is_under_way else TaskState.AWARDED)
    return stage


def test_a_task_that_waits_is_changed_at_once() -> None:
    stage = Stage()
    stage.submit()
    assert stage.amend(1, priority=7) == ['task_amended']
    assert (stage[1].spec.priority, stage[1].amended, stage[1].trouble) == (7, None, '')


def test_an_award_for_the_task_as_it_was_does_not_count_for_what_it_has_become() -> None:
    """It was on its way when the operator's change came: one robot for what now takes two."""
    stage = Stage()
    stage.submit()
    award = stage.to(1, 'a')
    stage.amend(1, robots_needed=2)
    assert stage.do(AwardTasks((award,), at=20.0)) == []
    assert stage.award(1, 'ab') == ['task_awarded']


@pytest.mark.parametrize('crew', ['a', 'ab'])
@pytest.mark.parametrize('is_under_way', [False, True])
def test_a_task_that_is_held_changes_when_all_have_stopped(crew: str, is_under_way: bool) -> None:
    stage = held(crew, is_under_way)
    stage.amend(1, priority=7)
    assert (stage[1].spec.priority, stage[1].is_held) == (100, True)
    assert stage[1].trouble
    kinds = [kind for robot in crew for kind in stage.end(1, robot, Outcome.STOPPED)]
    assert kinds == ['task_released']
    assert (stage[1].spec.priority, stage[1].amended) == (7, None)
    assert (stage[1].state, stage[1].failures) == (TaskState.PENDING, 0)


def test_the_last_of_several_changes_counts() -> None:
    stage = held(is_under_way=True)
    stage.amend(1, priority=7)
    stage.amend(1, priority=8)
    stage.end(1, 'a', Outcome.STOPPED)
    assert stage[1].spec.priority == 8


def test_work_done_before_the_change_was_heard_is_not_the_changed_task() -> None:
    stage = held(is_under_way=True)
    stage.amend(1, priority=7)
    assert stage.end(1, 'a', Outcome.SUCCEEDED) == ['task_released']


def test_a_failure_of_the_task_as_it_was_does_not_fail_what_it_has_become() -> None:
    stage = held(is_under_way=True)
    stage.end(1, 'a', Outcome.TASK_FAILED, 'it slipped')
    stage.award(1, 'a')
    stage.amend(1, retries=0, priority=7)
    assert stage.end(1, 'a', Outcome.TASK_FAILED, 'it slipped') == ['task_released']
    assert (stage[1].spec.priority, stage[1].failures) == (7, 1)


@pytest.mark.parametrize('crew', ['a', 'ab'])
@pytest.mark.parametrize('is_under_way', [False, True])
def test_a_task_that_is_taken_back_avoids_those_who_had_it(crew: str, is_under_way: bool) -> None:
    stage = held(crew, is_under_way)
    assert stage.take_back(1) == ['task_taken_back']
    assert stage[1].is_held, 'until their bodies have stopped'
    for robot in crew:
        stage.end(1, robot, Outcome.STOPPED)
    assert stage[1].state is TaskState.PENDING
    assert stage[1].avoid == tuple(crew)
    stage.award(1, 'd' if len(crew) == 1 else 'cd')
    stage.take_back(1)
    assert set(stage[1].avoid) > set(crew)


def test_work_done_before_the_robot_heard_that_it_was_taken_back_is_done() -> None:
    """Nobody should do it a second time."""
    stage = held(is_under_way=True)
    stage.take_back(1)
    assert stage.end(1, 'a', Outcome.SUCCEEDED) == ['task_done']


def test_what_nobody_has_cannot_be_taken_back() -> None:
    stage = Stage()
    stage.submit()
    refused = stage.ledger.apply(TakeBackTask('t1', name(1), at=5.0)).response
    assert refused is not None
    assert (refused.accepted, refused.reason) == (False, f'{name(1)} is PENDING: no robot has it')
    stage.award(1, 'a')
    assert stage.do(TakeBackTask('t1', name(1), at=6.0)) == []
    assert stage[1].trouble == '', 'a refusal is definite'


@pytest.mark.parametrize('ask', ['amend', 'take_back', 'cancel'])
def test_what_is_over_stays_as_it_is(ask: str) -> None:
    stage = held()
    stage.end(1, 'a')
    before = stage[1]
    assert getattr(stage, ask)(1) == []
    assert stage[1] == before


def test_a_task_in_trouble_can_be_cancelled() -> None:
    stage = held('ab', is_under_way=True)
    stage.take_back(1)
    assert stage.do(CancelTask('c1', name(1), at=9.0)) == ['task_cancelled']
    assert stage.held('a') == stage.held('b') == []


def test_a_lane_is_the_same_from_both_ends() -> None:
    stage = Stage()
    assert stage.do(SetLane('l1', 'shelf', 'bench', True, 1.0)) == ['lane_closed']
    assert stage.ledger.closed_lanes == {('bench', 'shelf')}
    assert stage.do(SetLane('l1', 'bench', 'shelf', False, 2.0)) == [], 'the request was answered'
    assert stage.do(SetLane('l2', 'bench', 'shelf', False, 2.0)) == ['lane_opened']
    assert stage.ledger.closed_lanes == frozenset()


@pytest.mark.parametrize('is_held', [False, True])
def test_who_stood_by_for_the_task_as_it_was_does_not_for_what_it_has_become(
    is_held: bool,
) -> None:
    """Nobody has asked that robot whether it can do it."""
    stage = Stage()
    stage.submit(is_critical=True)
    stage.do(AwardTasks((Award(name(1), 1, 'a', 1.0, '', backup='b'),), at=20.0))
    if not is_held:
        stage.end(1, 'a', Outcome.ROBOT_FAILED)
        assert stage[1].backup == 'b'
    stage.amend(1, capabilities=('arms',))
    stage.end(1, 'a', Outcome.STOPPED)
    assert (stage[1].state, stage[1].backup) == (TaskState.PENDING, '')

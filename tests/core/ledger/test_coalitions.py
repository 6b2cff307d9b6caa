"""Tasks that several robots do: they set out together, and end together or not at all."""

from __future__ import annotations

import pytest

from muster.core.types import Outcome, TaskState

from .stage import Stage


def coalition(crew: str = 'ab', is_under_way: bool = False) -> Stage:
    """A ledger in which task 1 is a crew's."""
    stage = Stage()
    stage.submit(robots_needed=len(crew))
    stage.award(1, crew)
    if is_under_way:
        for robot in crew:
            stage.ready(1, robot)
    wanted = TaskState.EXECUTING if is_under_way else TaskState.AWARDED
    assert (stage[1].state, stage[1].crew) == (wanted, tuple(crew))
    return stage


def test_a_coalition_sets_out_when_the_last_of_it_is_ready() -> None:
    stage = coalition('abc')
    assert stage.ready(1, 'c') == []
    assert stage.ready(1, 'a') == []
    assert stage[1].state is TaskState.AWARDED
    assert stage.ready(1, 'b') == ['task_started']
    assert (stage[1].state, stage[1].started_at) == (TaskState.EXECUTING, 30.0)


@pytest.mark.parametrize('robot', ['a', 'b'])
def test_no_robot_of_a_coalition_begins_on_its_own(robot: str) -> None:
    stage = coalition()
    assert stage.begin(1, robot) == []
    assert stage[1].state is TaskState.AWARDED


def test_readiness_counts_once_and_only_of_the_crew_and_the_present_attempt() -> None:
    stage = coalition()
    stage.ready(1, 'a')
    before = stage[1]
    for robot, attempt in (('a', 0), ('c', 0), ('b', 2), ('z', 1)):
        assert stage.ready(1, robot, attempt) == []
        assert stage[1] == before


def test_an_award_to_a_crew_of_which_one_is_gone_counts_for_nobody() -> None:
    stage = Stage()
    stage.submit(robots_needed=2)
    stage.lose('b')
    assert stage.award(1, 'ab') == []
    assert stage.held('a') == []


def test_a_coalition_is_done_when_each_robot_has_ended() -> None:
    stage = coalition(is_under_way=True)
    assert stage.end(1, 'b') == []
    assert stage[1].state is TaskState.EXECUTING
    assert (stage.held('a'), stage.held('b')) == ([1], [])
    assert stage.end(1, 'a') == ['task_done']
    assert stage[1].state is TaskState.DONE


def test_an_end_counts_once_for_each_robot() -> None:
    stage = coalition(is_under_way=True)
    stage.end(1, 'a')
    assert stage.end(1, 'a') == []
    assert stage[1].ended == ('a',)


@pytest.mark.parametrize('is_under_way', [False, True])
def test_a_failure_of_one_frees_the_task_only_when_all_have_stopped(is_under_way: bool) -> None:
    """Invariants I1 and I6: no new attempt while a body may be at the old one."""
    stage = coalition('abc', is_under_way)
    assert stage.end(1, 'b', Outcome.TASK_FAILED, 'it slipped') == ['task_troubled']
    assert stage[1].trouble == 'it slipped'
    assert stage.award(1, 'd') == []
    assert stage.end(1, 'a', Outcome.STOPPED) == []
    assert stage[1].is_held
    assert stage.end(1, 'c', Outcome.STOPPED) == ['task_released']
    task = stage[1]
    assert (task.state, task.crew, task.ready, task.ended) == (TaskState.PENDING, (), (), ())
    assert (task.failures, task.failed_on, task.trouble) == (1, ('b',), '')
    assert task.detail == 'attempt 1 failed: it slipped'


def test_the_failure_of_the_task_is_laid_to_the_robot_on_which_it_failed() -> None:
    """Though that robot is not the first of the crew, and not the last to stop."""
    stage = coalition(is_under_way=True)
    stage.end(1, 'b', Outcome.TASK_FAILED, 'it slipped')
    stage.end(1, 'a', Outcome.STOPPED)
    stage.award(1, 'cd')
    stage.end(1, 'd', Outcome.TASK_FAILED, 'again')
    assert stage.end(1, 'c', Outcome.STOPPED) == ['task_failed']
    assert stage[1].detail == 'failed 2 times, last on d: again'


def test_a_coalition_in_trouble_sets_out_no_more() -> None:
    stage = coalition()
    stage.ready(1, 'a')
    stage.end(1, 'b', Outcome.ROBOT_FAILED, 'it fell')
    assert stage.ready(1, 'b') == []
    assert stage[1].state is TaskState.AWARDED


@pytest.mark.parametrize('blow', ['lose', 'restart'])
@pytest.mark.parametrize('is_under_way', [False, True])
def test_a_robot_that_is_gone_troubles_the_others(blow: str, is_under_way: bool) -> None:
    stage = coalition(is_under_way=is_under_way)
    assert 'task_troubled' in getattr(stage, blow)('a')
    assert stage[1].is_held
    assert stage.end(1, 'b', Outcome.STOPPED) == ['task_released']
    assert stage[1].failures == 0, 'the task itself has not failed'


def test_a_coalition_whose_last_robot_is_gone_is_free_at_once() -> None:
    stage = coalition(is_under_way=True)
    stage.end(1, 'b')
    assert 'task_released' in stage.lose('a')
    assert stage[1].state is TaskState.PENDING


def test_a_cancelled_coalition_is_nobodys() -> None:
    stage = coalition(is_under_way=True)
    stage.cancel(1)
    assert (stage.held('a'), stage.held('b')) == ([], [])
    assert not stage.ledger.holds('b', '0001', 1)


def test_a_robot_stands_ready_for_one_task_at_a_time() -> None:
    """Otherwise two coalitions over the same robots could set out at once."""
    stage = coalition('ab')
    stage.submit(robots_needed=2)
    stage.award(2, 'ba')
    stage.ready(1, 'a')
    stage.ready(2, 'b')
    stage.ready(2, 'a')
    assert stage[1].ready == ()
    assert stage[2].state is TaskState.EXECUTING
    assert stage.ready(1, 'a') == stage.ready(1, 'b') == []
    assert stage[1].ready == (), 'both are at work on the other'
    stage.end(2, 'a')
    stage.end(2, 'b')
    stage.ready(1, 'a')
    assert stage.ready(1, 'b') == ['task_started']

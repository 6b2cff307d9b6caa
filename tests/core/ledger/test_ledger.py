"""The ledger: what every command does in every state, and that it never does anything else."""

from __future__ import annotations

import msgspec
import pytest

from muster.core.ledger.commands import (
    Award,
    AwardTasks,
    BeginTask,
    CancelTask,
    Command,
    CreditTask,
    EndTask,
    FailTask,
    JoinRobot,
    LoseRobot,
    RefuseRequest,
    SubmitTask,
)
from muster.core.ledger.ledger import Applied, Ledger
from muster.core.ledger.task import LIFE, digest
from muster.core.types import Outcome, Stop, TaskSpec, TaskState

SPEC = TaskSpec(kind='go_to', stops=(Stop(place='shelf'),), retries=1)
TASK = 'task_0001'
STATES = {state.name: state for state in TaskState}


def award(robot: str = 'a', attempt: int = 1, task_id: str = TASK) -> AwardTasks:
    return AwardTasks((Award(task_id, attempt, robot, 3.5, 'nearest'),), at=20.0)


def end(outcome: Outcome, robot: str = 'a', attempt: int = 1) -> EndTask:
    return EndTask(TASK, attempt, robot, outcome, 'as told', at=40.0)


BEGIN = BeginTask(TASK, 1, 'a', at=30.0)
ON_THE_WAY_TO: dict[str, tuple[Command, ...]] = {
    'PENDING': (),
    'AWARDED': (award(),),
    'EXECUTING': (award(), BEGIN),
    'DONE': (award(), BEGIN, end(Outcome.SUCCEEDED)),
    'FAILED': (award(), end(Outcome.TASK_FAILED), award(attempt=2), FailTask(TASK, 1, '', 0.0)),
    'CANCELLED': (CancelTask('c0', TASK, at=25.0),),
}


def ledger_at(state: str, spec: TaskSpec = SPEC) -> Ledger:
    """A ledger with robots a and b and one task in some state."""
    ledger = Ledger()
    for robot in 'ab':
        ledger.apply(JoinRobot(robot, 1, at=1.0))
    ledger.apply(SubmitTask('q1', spec, at=10.0))
    for command in ON_THE_WAY_TO[state]:
        ledger.apply(command)
    if state == 'FAILED':
        ledger.apply(end(Outcome.TASK_FAILED, attempt=2))
    assert ledger.tasks[TASK].state is STATES[state]
    return ledger


SAME = 'nothing changes'
AFTER: dict[str, tuple[Command, dict[str, str]]] = {
    # a command, and the state of the task afterwards; where a state is not named, nothing changes
    'submit the same request': (SubmitTask('q1', SPEC, at=99.0), {}),
    'refuse the same request': (RefuseRequest('q1', 'no', at=99.0), {}),
    'award': (award(), {'PENDING': 'AWARDED'}),
    'award the attempt after next': (award(attempt=2), {}),
    'award to a stranger': (award('z'), {}),
    'award another task': (award(task_id='task_0009'), {}),
    'begin': (BEGIN, {'AWARDED': 'EXECUTING'}),
    'begin an older attempt': (BeginTask(TASK, 0, 'a'), {}),
    'begin a newer attempt': (BeginTask(TASK, 3, 'a'), {}),
    'begin as another robot': (BeginTask(TASK, 1, 'b'), {}),
    'succeed': (end(Outcome.SUCCEEDED), {'AWARDED': 'DONE', 'EXECUTING': 'DONE'}),
    'succeed as another robot': (end(Outcome.SUCCEEDED, 'b'), {}),
    'succeed in an older attempt': (end(Outcome.SUCCEEDED, attempt=0), {}),
    'fail': (end(Outcome.TASK_FAILED), {'AWARDED': 'PENDING', 'EXECUTING': 'PENDING'}),
    'robot fails': (end(Outcome.ROBOT_FAILED), {'AWARDED': 'PENDING', 'EXECUTING': 'PENDING'}),
    'stopped': (end(Outcome.STOPPED), {'AWARDED': 'PENDING', 'EXECUTING': 'PENDING'}),
    'give up': (FailTask(TASK, 0, 'too late', at=50.0), {'PENDING': 'FAILED'}),
    'give up after an award': (FailTask(TASK, 1, 'too late', at=50.0), {}),
    'done without a leader, though only one may do it': (CreditTask(TASK, 'b', at=55.0), {}),
    'cancel': (
        CancelTask('c1', TASK, at=60.0),
        {'PENDING': 'CANCELLED', 'AWARDED': 'CANCELLED', 'EXECUTING': 'CANCELLED'},
    ),
    'lose the robot': (
        LoseRobot('a', 1, 'silent', at=70.0),
        {'AWARDED': 'PENDING', 'EXECUTING': 'PENDING'},
    ),
    'lose an earlier life': (LoseRobot('a', 0, 'silent', at=70.0), {}),
    'lose a later life': (LoseRobot('a', 2, 'silent', at=70.0), {}),
    'lose another robot': (LoseRobot('b', 1, 'silent', at=70.0), {}),
    'lose a stranger': (LoseRobot('z', 1, 'silent', at=70.0), {}),
    'join again': (JoinRobot('a', 1, at=80.0), {}),
    'join in an earlier life': (JoinRobot('a', 0, at=80.0), {}),
    'join in a new life': (
        JoinRobot('a', 2, at=80.0),
        {'AWARDED': 'PENDING', 'EXECUTING': 'PENDING'},
    ),
    'another robot joins in a new life': (JoinRobot('b', 2, at=80.0), {}),
}


@pytest.mark.parametrize('state', STATES)
@pytest.mark.parametrize('case', AFTER)
def test_every_command_in_every_state(case: str, state: str) -> None:
    command, moves = AFTER[case]
    ledger = ledger_at(state)
    before = ledger.tasks[TASK]
    applied = ledger.apply(command)
    task = ledger.tasks[TASK]
    assert task.state.name == moves.get(state, state)
    if state in moves:
        assert any(change.task_id == TASK for change in applied.changes)
        assert (TASK in {one.id for one in ledger.open_tasks()}) is not task.state.is_final
    else:
        assert task == before
        assert not any(change.task_id == TASK for change in applied.changes)


@pytest.mark.parametrize('state', STATES)
def test_what_was_done_without_a_leader_counts_once(state: str) -> None:
    """Whoever held the task when the news came: it is done, and the attempt is of no use."""
    ledger = ledger_at(state, msgspec.structs.replace(SPEC, exclusive=False))
    before = ledger.tasks[TASK]
    applied = ledger.apply(CreditTask(TASK, 'b', at=55.0))
    task = ledger.tasks[TASK]
    if before.state.is_final:
        assert (task, applied.changes) == (before, ())
        return
    assert (task.state, task.robot, task.ended_at) == (TaskState.DONE, 'b', 55.0)
    assert [(one.kind, one.robot) for one in applied.changes] == [('task_done', 'b')]
    assert not ledger.open_tasks()
    assert ledger.apply(CreditTask(TASK, 'a', at=56.0)).changes == ()


def test_what_was_done_before_the_task_was_amended_does_not_count() -> None:
    spec = msgspec.structs.replace(SPEC, exclusive=False)
    ledger = ledger_at('PENDING', spec)
    amended = msgspec.structs.replace(spec, priority=7)
    assert ledger.apply(CreditTask(TASK, 'b', spec=digest(amended))).changes == ()
    assert ledger.apply(CreditTask(TASK, 'b', spec=digest(spec))).changes != ()


@pytest.mark.parametrize('case', AFTER)
@pytest.mark.parametrize('state', STATES)
def test_a_command_that_is_repeated_changes_nothing(case: str, state: str) -> None:
    command, _ = AFTER[case]
    ledger = ledger_at(state)
    ledger.apply(command)
    once = ledger.encode()
    assert ledger.apply(command).changes == ()
    assert ledger.encode() == once


def test_a_final_state_has_no_way_out_and_every_other_has() -> None:
    assert set(LIFE) == set(TaskState)
    for state, follows in LIFE.items():
        assert state.is_final is not bool(follows)


# Requests


def test_a_request_makes_one_task_and_has_one_answer() -> None:
    ledger = Ledger()
    first = ledger.apply(SubmitTask('q1', SPEC, at=1.0))
    second = ledger.apply(SubmitTask('q1', TaskSpec(kind='other'), at=2.0))
    assert first.response == second.response
    assert first.response is not None
    assert first.response.task_id == TASK
    assert second.changes == ()
    assert len(ledger.tasks) == 1


@pytest.mark.parametrize(
    'later',
    [
        SubmitTask('q1', SPEC, at=2.0),
        CancelTask('q1', TASK, at=2.0),
        RefuseRequest('q1', 'another reason', at=2.0),
    ],
)
def test_a_refusal_is_definite(later: Command) -> None:
    ledger = Ledger()
    refused = ledger.apply(RefuseRequest('q1', 'no such skill', at=1.0)).response
    assert refused is not None
    assert (refused.accepted, refused.reason) == (False, 'no such skill')
    again = ledger.apply(later)
    assert again == Applied(response=refused)
    assert ledger.tasks == {}


def test_cancelling_what_is_not_there_or_over_is_refused_with_the_reason() -> None:
    ledger = ledger_at('DONE')
    unknown = ledger.apply(CancelTask('c1', 'task_0042', at=1.0)).response
    over = ledger.apply(CancelTask('c2', TASK, at=1.0)).response
    assert unknown is not None
    assert over is not None
    assert (unknown.accepted, over.accepted) == (False, False)
    assert unknown.reason == "there is no task 'task_0042'; `muster tasks` lists them"
    assert over.reason == f'{TASK} is DONE already'


def test_a_cancel_that_was_refused_stays_refused() -> None:
    """The task of that name came into being only later."""
    ledger = Ledger()
    ledger.apply(CancelTask('c1', TASK, at=1.0))
    ledger.apply(SubmitTask('q1', SPEC, at=2.0))
    again = ledger.apply(CancelTask('c1', TASK, at=3.0)).response
    assert again is not None
    assert not again.accepted
    assert ledger.tasks[TASK].state is TaskState.PENDING


# Attempts


def test_attempts_only_grow_and_name_their_award() -> None:
    ledger = ledger_at('AWARDED')
    assert ledger.tasks[TASK].award_reason == 'nearest'
    ledger.apply(end(Outcome.STOPPED))
    ledger.apply(award('b', attempt=2))
    task = ledger.tasks[TASK]
    assert (task.attempt, task.robot, task.awarded_at, task.started_at) == (2, 'b', 20.0, 0.0)
    assert ledger.holds('b', TASK, 2)
    assert not ledger.holds('a', TASK, 1)


@pytest.mark.parametrize('outcome', [Outcome.ROBOT_FAILED, Outcome.STOPPED])
def test_only_failures_of_the_task_use_up_its_retries(outcome: Outcome) -> None:
    ledger = ledger_at('PENDING')
    for attempt in range(1, 10):
        ledger.apply(award(attempt=attempt))
        ledger.apply(end(outcome, attempt=attempt))
    assert ledger.tasks[TASK].state is TaskState.PENDING
    assert ledger.tasks[TASK].failures == 0
    assert ledger.tasks[TASK].failed_on == ()


def test_a_task_fails_after_its_retries_and_says_how_often_and_where() -> None:
    ledger = ledger_at('AWARDED')
    ledger.apply(end(Outcome.TASK_FAILED))
    assert ledger.tasks[TASK].failed_on == ('a',)
    assert ledger.tasks[TASK].detail == 'attempt 1 failed: as told'
    ledger.apply(award('b', attempt=2))
    ledger.apply(end(Outcome.TASK_FAILED, 'b', attempt=2))
    task = ledger.tasks[TASK]
    assert task.state is TaskState.FAILED
    assert task.detail == 'failed 2 times, last on b: as told'
    assert task.ended_at == 40.0


def test_losing_a_robot_releases_all_it_has_and_nothing_else() -> None:
    ledger = ledger_at('EXECUTING')
    for number, robot in ((2, 'a'), (3, 'b')):
        ledger.apply(SubmitTask(f'q{number}', SPEC, at=10.0))
        ledger.apply(award(robot, task_id=f'task_000{number}'))
    applied = ledger.apply(LoseRobot('a', 1, 'not heard for 5.0 s', at=70.0))
    assert [change.kind for change in applied.changes] == [
        'robot_lost',
        'task_released',
        'task_released',
    ]
    assert ledger.held_by('a') == ()
    assert [task.id for task in ledger.held_by('b')] == ['task_0003']
    assert not ledger.is_present('a')
    assert ledger.tasks[TASK].detail == 'a is lost: not heard for 5.0 s'


def test_a_robot_that_is_lost_is_awarded_nothing_until_it_joins() -> None:
    ledger = ledger_at('PENDING')
    ledger.apply(LoseRobot('a', 1, 'silent', at=5.0))
    assert ledger.apply(award()).changes == ()
    ledger.apply(JoinRobot('a', 1, at=6.0))
    assert [one.kind for one in ledger.apply(award()).changes] == ['task_awarded']


def test_one_award_that_no_longer_fits_does_not_spoil_the_others() -> None:
    ledger = ledger_at('PENDING')
    ledger.apply(SubmitTask('q2', SPEC, at=10.0))
    awards = (
        Award('task_0009', 1, 'a', 1.0, ''),
        Award(TASK, 7, 'a', 1.0, ''),
        Award('task_0002', 1, 'b', 1.0, ''),
    )
    changes = ledger.apply(AwardTasks(awards, at=20.0)).changes
    assert [(one.task_id, one.robot) for one in changes] == [('task_0002', 'b')]

"""What becomes of tasks: awarded, traded, begun, ended, given up.

An attempt belongs to its crew, one robot or several. When anything goes wrong for one of them, the
attempt is in *trouble*: the others stop, and only when every body has stopped is the task free to
be awarded again (invariants I1 and I6).
"""

from __future__ import annotations

from collections.abc import Iterable

from muster.core.ledger.commands import (
    Award,
    AwardTasks,
    BeginTask,
    CreditTask,
    EndTask,
    FailTask,
    ReadyForTask,
    RecallTask,
    TradeTasks,
)
from muster.core.ledger.state import Applied, Change, LedgerState
from muster.core.ledger.task import Task, digest
from muster.core.types import Outcome, RobotId, TaskState


def award(state: LedgerState, command: AwardTasks) -> Applied:
    """Give waiting tasks to robots."""
    changes = []
    for one in command.awards:
        task = state.tasks.get(one.task_id)
        if (
            task is not None
            and task.state is TaskState.PENDING
            and one.attempt == task.attempt + 1
            and all(map(state.is_present, _crew(one)))
            and not state.busy_with_mates(task).intersection(_crew(one))
        ):
            changes.append(_give(state, task, one, command.at))
    if changes:
        state.paths.update(command.paths)
    return Applied(tuple(changes))


def trade(state: LedgerState, command: TradeTasks) -> Applied:
    """Let tasks change hands, all or none."""
    data = {'trade': command.trade, 'tasks': [one.task_id for one in command.awards]}
    for one in command.awards:
        task = state.tasks.get(one.task_id)
        if (
            task is None
            or task.state is not TaskState.AWARDED
            or task.sets_out_together
            or task.trouble
            or one.attempt != task.attempt + 1
            or not all(map(state.is_present, _crew(one)))
        ):
            detail = f'{one.task_id} is no more what it was when the trade was agreed'
            return Applied((Change('trade_void', one.task_id, detail=detail, data=data),))
    changes = [_give(state, state.tasks[one.task_id], one, command.at) for one in command.awards]
    state.paths.update(command.paths)
    return Applied((*changes, Change('tasks_traded', data=data)))


def ready(state: LedgerState, command: ReadyForTask) -> Applied:
    """A robot stands ready; when all that set out together do, they set out.

    A robot stands ready for one task at a time. It may change its mind while the others are still
    awaited: robots that came to wait for each other's partners get out of it so.
    """
    if not state.holds(command.robot, command.task_id, command.attempt):
        return Applied()
    task = state.tasks[command.task_id]
    together = state.setting_out_with(task)
    if command.robot in task.ready or any(
        mate.state is not TaskState.AWARDED or mate.trouble for mate in together
    ):
        return Applied()
    for other in state.held_by(command.robot):
        if other.sets_out_together and other.state is TaskState.EXECUTING:
            return Applied()
        if command.robot in other.ready:
            state.move(
                other, other.state, ready=tuple(r for r in other.ready if r != command.robot)
            )
    task = state.move(task, task.state, ready=(*task.ready, command.robot))
    together = state.setting_out_with(task)
    if any(set(mate.ready) != set(mate.crew) for mate in together):
        return Applied()
    return Applied(
        tuple(
            _of(state.move(mate, TaskState.EXECUTING, started_at=command.at), 'task_started')
            for mate in together
        )
    )


def begin(state: LedgerState, command: BeginTask) -> Applied:
    """A robot is at work on a task that it does alone."""
    if not state.holds(command.robot, command.task_id, command.attempt):
        return Applied()
    task = state.tasks[command.task_id]
    if task.state is not TaskState.AWARDED or task.sets_out_together:
        return Applied()
    state.move(task, TaskState.EXECUTING, started_at=command.at)
    return Applied((Change('task_started', task.id, task.attempt, task.robot),))


def end(state: LedgerState, command: EndTask) -> Applied:
    """A robot's body has stopped working on an attempt."""
    if not state.holds(command.robot, command.task_id, command.attempt):
        return Applied()
    task = state.tasks[command.task_id]
    trouble = (
        '' if command.outcome is Outcome.SUCCEEDED else command.detail or 'it did not say why'
    )
    failed = command.outcome is Outcome.TASK_FAILED
    if not trouble and len(task.crew) == 1 and task.amended is None:
        # Whatever it was to stop for, the task was done before it could.
        task = state.move(task, task.state, trouble='')
    return _leave(state, task, command.robot, trouble, command.at, failed, command.detail)


def credit(state: LedgerState, command: CreditTask) -> Applied:
    """A robot has done a task that is not exclusive where no leader was."""
    task = state.tasks.get(command.task_id)
    if task is None or task.state.is_final or task.spec.exclusive or task.amended:
        return Applied()
    if command.spec not in (0, digest(task.spec)):
        return Applied()
    detail = f'{command.robot} did it while there was no leader'
    done = state.move(
        task,
        TaskState.DONE,
        robot=command.robot,
        crew=(command.robot,),
        ready=(),
        ended=(command.robot,),
        trouble='',
        award_reason='',
        account=b'',
        detail=detail,
        ended_at=command.at,
    )
    return Applied((_of(done, 'task_done', detail, outcome=Outcome.SUCCEEDED.name),))


def fail(state: LedgerState, command: FailTask) -> Applied:
    """Give up a task that nobody has."""
    task = state.tasks.get(command.task_id)
    if task is None or task.state is not TaskState.PENDING or task.attempt != command.attempt:
        return Applied()
    state.move(task, TaskState.FAILED, detail=command.reason, ended_at=command.at)
    return Applied((_of(task, 'task_failed', command.reason),))


def recall(state: LedgerState, command: RecallTask) -> Applied:
    """Have a task given back that nobody has begun."""
    task = state.tasks.get(command.task_id)
    if (
        task is None
        or task.state is not TaskState.AWARDED
        or task.attempt != command.attempt
        or task.trouble
    ):
        return Applied()
    state.move(task, task.state, trouble=command.reason)
    return Applied((_of(task, 'task_troubled', command.reason),))


def release_all(state: LedgerState, robot: RobotId, reason: str, at: float) -> Iterable[Change]:
    """A robot has nothing to do with any task any more, and its body is at none."""
    for task in state.held_by(robot):
        yield from _leave(state, task, robot, reason, at).changes


def _give(state: LedgerState, task: Task, one: Award, at: float) -> Change:
    state.awards_made += 1
    data: dict[str, object] = {'cost': one.cost}
    if task.is_held:
        data['from'] = task.robot
    given = state.move(
        task,
        TaskState.AWARDED,
        attempt=one.attempt,
        robot=one.robot,
        crew=_crew(one),
        rank=state.awards_made,
        ready=(),
        ended=(),
        trouble='',
        failed_by='',
        backup=one.backup,
        award_reason=one.reason,
        award_cost=one.cost,
        account=one.account,
        awarded_at=at,
        started_at=0.0,
    )
    if len(given.crew) > 1:
        data['crew'] = list(given.crew)
    return _of(given, 'task_awarded', one.reason, **data)


def _leave(
    state: LedgerState,
    task: Task,
    robot: RobotId,
    trouble: str,
    at: float,
    failed: bool = False,
    detail: str = '',
) -> Applied:
    """One of the crew is at the attempt no more."""
    task = state.move(
        task,
        task.state,
        ended=(*task.ended, robot),
        trouble=task.trouble or trouble,
        failed_by=task.failed_by or (robot if failed else ''),
    )
    if set(task.ended) != set(task.crew):
        if task.trouble == trouble != '':
            return Applied((_of(task, 'task_troubled', trouble),))
        return Applied()
    if not task.trouble:
        done = state.move(task, TaskState.DONE, detail=detail, ended_at=at)
        return Applied((_of(done, 'task_done', detail, outcome=Outcome.SUCCEEDED.name),))
    if not task.failed_by or task.amended is not None:
        return Applied((_release(state, task, task.trouble),))
    failures = task.failures + 1
    if failures <= task.spec.retries:
        reason = f'attempt {task.attempt} failed: {task.trouble}'
        return Applied((_release(state, task, reason, failures),))
    reason = f'failed {failures} times, last on {task.failed_by}: {task.trouble}'
    state.move(task, TaskState.FAILED, failures=failures, detail=reason, ended_at=at)
    return Applied((_of(task, 'task_failed', reason, outcome=Outcome.TASK_FAILED.name),))


def _release(state: LedgerState, task: Task, reason: str, failures: int | None = None) -> Change:
    """The attempt is over, and the task waits for another."""
    failed_on = task.failed_on if failures is None else (*task.failed_on, task.failed_by)
    state.move(
        task,
        TaskState.PENDING,
        crew=(),
        ready=(),
        ended=(),
        trouble='',
        failed_by='',
        backup='' if task.amended is not None else task.backup,
        spec=task.amended or task.spec,
        amended=None,
        failures=task.failures if failures is None else failures,
        failed_on=failed_on,
        detail=reason,
        started_at=0.0,
    )
    return _of(task, 'task_released', reason)


def _crew(one: Award) -> tuple[RobotId, ...]:
    return one.crew or (one.robot,)


def _of(task: Task, kind: str, detail: str = '', **data: object) -> Change:
    return Change(kind, task.id, task.attempt, task.robot, detail, data)

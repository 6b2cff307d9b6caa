"""What operators' requests do to the ledger: each is answered once, and for ever the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from muster.core.ledger.commands import (
    AmendTask,
    CancelTask,
    RefuseRequest,
    SetLane,
    SubmitTask,
    TakeBackTask,
)
from muster.core.ledger.state import Applied, Change, LedgerState, lane
from muster.core.ledger.task import Task
from muster.core.types import RequestId, Response, TaskId, TaskState


class _AboutTask(Protocol):
    @property
    def request_id(self) -> RequestId: ...

    @property
    def task_id(self) -> TaskId: ...


def submit(state: LedgerState, command: SubmitTask) -> Applied:
    """Make a task of a specification."""
    known = state.requests.get(command.request_id)
    if known is not None:
        return Applied(response=known)
    task = Task(
        id=f'task_{len(state.tasks) + 1:04d}',
        request_id=command.request_id,
        spec=command.spec,
        submitted_at=command.at,
    )
    state.enter(task)
    mates = tuple(mate for mate in command.spec.starts_with if mate in state.tasks)
    if mates:
        state.regroup((*mates, task.id), min(state.tasks[mate].group or mate for mate in mates))
    data = {'request_id': command.request_id, 'kind': command.spec.kind}
    change = Change('task_submitted', task.id, data=data)
    accepted = _accept(state, command.request_id, task.id, change)
    return Applied((*accepted.changes, *_part(state, mates)), accepted.response)


def _part(state: LedgerState, mates: Iterable[TaskId]) -> Iterator[Change]:
    """Tasks that have become mates need robots of their own: who has two of them gives one
    back."""
    for mate in mates:
        for task in state.setting_out_with(state.tasks[mate]):
            if task.is_held and not task.trouble and state.clashes(task):
                trouble = 'its robot has a task that sets out at the same moment'
                state.move(task, task.state, trouble=trouble)
                yield Change('task_troubled', task.id, task.attempt, task.robot, trouble)


def cancel(state: LedgerState, command: CancelTask) -> Applied:
    """Take a task out of the team's work, whatever has become of it."""
    refusal = _refusal(state, command)
    if refusal is not None:
        return refusal
    task = state.tasks[command.task_id]
    state.move(task, TaskState.CANCELLED, detail='cancelled', ended_at=command.at)
    change = Change('task_cancelled', task.id, task.attempt, task.robot)
    return _accept(state, command.request_id, task.id, change)


def amend(state: LedgerState, command: AmendTask) -> Applied:
    """Change a task: at once if nobody has it, else when those who have it have stopped."""
    refusal = _refusal(state, command)
    if refusal is not None:
        return refusal
    task = state.tasks[command.task_id]
    if task.is_held:
        trouble = task.trouble or 'an operator has changed the task'
        state.move(task, task.state, amended=command.spec, trouble=trouble)
    else:
        # An award that is on its way is one of the task as it was: it must not count any more.
        attempt = task.attempt + 1
        state.move(task, task.state, spec=command.spec, attempt=attempt, backup='')
    data = {'request_id': command.request_id}
    change = Change('task_amended', task.id, task.attempt, task.robot, data=data)
    return _accept(state, command.request_id, task.id, change)


def take_back(state: LedgerState, command: TakeBackTask) -> Applied:
    """Have those who hold a task stop, so that others do it."""
    refusal = _refusal(state, command)
    if refusal is not None:
        return refusal
    task = state.tasks[command.task_id]
    if not task.is_held:
        reason = f'{task.id} is {task.state.name}: no robot has it'
        return _refuse(state, command.request_id, reason, task.id)
    trouble = task.trouble or 'an operator has taken it back'
    avoid = tuple(dict.fromkeys((*task.avoid, *task.crew)))
    state.move(task, task.state, trouble=trouble, avoid=avoid)
    change = Change('task_taken_back', task.id, task.attempt, task.robot)
    return _accept(state, command.request_id, task.id, change)


def set_lane(state: LedgerState, command: SetLane) -> Applied:
    """Close or open the way between two neighbouring places."""
    known = state.requests.get(command.request_id)
    if known is not None:
        return Applied(response=known)
    between = lane(command.a, command.b)
    if command.is_closed:
        state.closed_lanes |= {between}
    else:
        state.closed_lanes -= {between}
    change = Change(
        'lane_closed' if command.is_closed else 'lane_opened',
        detail=f'{between[0]} to {between[1]}',
    )
    return _accept(state, command.request_id, '', change)


def refuse(state: LedgerState, command: RefuseRequest) -> Applied:
    """Remember that a request was refused."""
    known = state.requests.get(command.request_id)
    if known is not None:
        return Applied(response=known)
    response = Response(command.request_id, False, reason=command.reason)
    state.requests[command.request_id] = response
    data = {'request_id': command.request_id}
    change = Change('request_refused', detail=command.reason, data=data)
    return Applied((change,), response)


def _refusal(state: LedgerState, command: _AboutTask) -> Applied | None:
    """The answer to a request about a task, if it was answered before or cannot be granted."""
    known = state.requests.get(command.request_id)
    if known is not None:
        return Applied(response=known)
    task = state.tasks.get(command.task_id)
    if task is None:
        reason = f'there is no task {command.task_id!r}; `muster tasks` lists them'
        return _refuse(state, command.request_id, reason)
    if task.state.is_final:
        reason = f'{task.id} is {task.state.name} already'
        return _refuse(state, command.request_id, reason, task.id)
    return None


def _refuse(
    state: LedgerState, request_id: RequestId, reason: str, task_id: TaskId = ''
) -> Applied:
    response = Response(request_id, False, task_id, reason)
    state.requests[request_id] = response
    return Applied(response=response)


def _accept(state: LedgerState, request_id: RequestId, task_id: TaskId, change: Change) -> Applied:
    response = Response(request_id, True, task_id)
    state.requests[request_id] = response
    return Applied((change,), response)

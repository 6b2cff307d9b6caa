"""The replicated state machine: every robot applies the same commands in the same order to the
same state.

`apply` is a pure function of state and command: no clock, no randomness, no dependence on who
applies it. A command that no longer fits (an attempt that is over, a robot that is gone) changes
nothing, so commands may be repeated freely. That, with `attempt` growing at every award, is what
makes retries safe.
"""

from __future__ import annotations

from typing import Any

import msgspec

from muster.core.ledger.commands import (
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
from muster.core.ledger.task import LIFE, Task
from muster.core.types import (
    Outcome,
    ProtocolError,
    RequestId,
    Response,
    RobotId,
    TaskId,
    TaskState,
)


class Change(msgspec.Struct, frozen=True):
    """One thing that a command changed."""

    kind: str
    task_id: TaskId = ''
    attempt: int = 0
    robot: RobotId = ''
    detail: str = ''
    data: dict[str, Any] = {}


class Applied(msgspec.Struct, frozen=True):
    """What applying one command came to; both empty when the command no longer fitted."""

    changes: tuple[Change, ...] = ()
    response: Response | None = None


class RosterEntry(msgspec.Struct, frozen=True):
    """What the ledger knows of a robot."""

    incarnation: int
    is_present: bool


class _State(msgspec.Struct, frozen=True):
    tasks: tuple[Task, ...]
    requests: tuple[Response, ...]
    roster: dict[RobotId, RosterEntry]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_State)


class Ledger:
    """Tasks, requests and roster, as of `applied` commands."""

    def __init__(self) -> None:
        self.tasks: dict[TaskId, Task] = {}
        self.requests: dict[RequestId, Response] = {}
        self.roster: dict[RobotId, RosterEntry] = {}
        self._open: dict[TaskId, None] = {}

    def apply(self, command: Command) -> Applied:
        """Change the state by one committed command."""
        match command:
            case SubmitTask():
                return self._submit(command)
            case CancelTask():
                return self._cancel(command)
            case RefuseRequest():
                return self._refuse(command)
            case AwardTasks():
                return self._award(command)
            case BeginTask():
                return self._begin(command)
            case EndTask():
                return self._end(command)
            case FailTask():
                return self._fail(command)
            case CreditTask():
                return self._credit(command)
            case JoinRobot():
                return self._join(command)
            case LoseRobot():
                return self._lose(command)

    # As a snapshot

    def encode(self) -> bytes:
        """All that the ledger holds."""
        state = _State(
            tuple(self.tasks.values()), tuple(self.requests.values()), dict(self.roster)
        )
        return _ENCODER.encode(state)

    def restore(self, data: bytes) -> None:
        """Become what `encode` wrote, in place.

        Raises
        ------
        ProtocolError
            `data` is no such thing; nothing was changed.
        """
        try:
            state = _DECODER.decode(data)
        except msgspec.MsgspecError as error:
            raise ProtocolError(f'not a snapshot of a ledger: {error}') from error
        self.tasks = {task.id: task for task in state.tasks}
        self.requests = {answer.request_id: answer for answer in state.requests}
        self.roster = state.roster
        self._open = {task.id: None for task in state.tasks if not task.state.is_final}

    # What others ask

    def open_tasks(self) -> tuple[Task, ...]:
        """Tasks not yet ended, oldest first."""
        return tuple(self.tasks[task_id] for task_id in self._open)

    def held_by(self, robot: RobotId) -> tuple[Task, ...]:
        """Tasks that a robot has, oldest first."""
        return tuple(task for task in self.open_tasks() if task.is_held and task.robot == robot)

    def holds(self, robot: RobotId, task_id: TaskId, attempt: int) -> bool:
        """Whether this attempt is this robot's, and still on."""
        task = self.tasks.get(task_id)
        return (
            task is not None and task.is_held and task.robot == robot and task.attempt == attempt
        )

    def is_present(self, robot: RobotId) -> bool:
        entry = self.roster.get(robot)
        return entry is not None and entry.is_present

    # Requests

    def _submit(self, command: SubmitTask) -> Applied:
        known = self.requests.get(command.request_id)
        if known is not None:
            return Applied(response=known)
        task = Task(
            id=f'task_{len(self.tasks) + 1:04d}',
            request_id=command.request_id,
            spec=command.spec,
            submitted_at=command.at,
        )
        self.tasks[task.id] = task
        self._open[task.id] = None
        response = Response(command.request_id, True, task.id)
        self.requests[command.request_id] = response
        data = {'request_id': command.request_id, 'kind': command.spec.kind}
        return Applied((Change('task_submitted', task.id, data=data),), response)

    def _cancel(self, command: CancelTask) -> Applied:
        known = self.requests.get(command.request_id)
        if known is not None:
            return Applied(response=known)
        task = self.tasks.get(command.task_id)
        changes: tuple[Change, ...] = ()
        if task is None:
            reason = f'there is no task {command.task_id!r}; `muster tasks` lists them'
            response = Response(command.request_id, False, reason=reason)
        elif task.state.is_final:
            reason = f'{task.id} is {task.state.name} already'
            response = Response(command.request_id, False, task.id, reason)
        else:
            self._move(task, TaskState.CANCELLED, detail='cancelled', ended_at=command.at)
            changes = (Change('task_cancelled', task.id, task.attempt, task.robot),)
            response = Response(command.request_id, True, task.id)
        self.requests[command.request_id] = response
        return Applied(changes, response)

    def _refuse(self, command: RefuseRequest) -> Applied:
        known = self.requests.get(command.request_id)
        if known is not None:
            return Applied(response=known)
        response = Response(command.request_id, False, reason=command.reason)
        self.requests[command.request_id] = response
        data = {'request_id': command.request_id}
        change = Change('request_refused', detail=command.reason, data=data)
        return Applied((change,), response)

    # Work

    def _award(self, command: AwardTasks) -> Applied:
        changes = []
        for award in command.awards:
            task = self.tasks.get(award.task_id)
            if (
                task is None
                or task.state is not TaskState.PENDING
                or award.attempt != task.attempt + 1
                or not self.is_present(award.robot)
            ):
                continue
            self._move(
                task,
                TaskState.AWARDED,
                attempt=award.attempt,
                robot=award.robot,
                award_reason=award.reason,
                award_cost=award.cost,
                awarded_at=command.at,
                started_at=0.0,
            )
            data = {'cost': award.cost}
            changes.append(
                Change(
                    'task_awarded', task.id, award.attempt, award.robot, award.reason, data=data
                )
            )
        return Applied(tuple(changes))

    def _begin(self, command: BeginTask) -> Applied:
        if not self.holds(command.robot, command.task_id, command.attempt):
            return Applied()
        task = self.tasks[command.task_id]
        if task.state is not TaskState.AWARDED:
            return Applied()
        self._move(task, TaskState.EXECUTING, started_at=command.at)
        return Applied((Change('task_started', task.id, task.attempt, task.robot),))

    def _end(self, command: EndTask) -> Applied:
        if not self.holds(command.robot, command.task_id, command.attempt):
            return Applied()
        task = self.tasks[command.task_id]
        outcome = command.outcome
        if outcome is Outcome.SUCCEEDED:
            self._move(task, TaskState.DONE, detail=command.detail, ended_at=command.at)
            return Applied((_of(task, 'task_done', command.detail, outcome=outcome.name),))
        if outcome is not Outcome.TASK_FAILED:
            return Applied((self._release(task, command.detail, task.failures),))
        failures = task.failures + 1
        if failures <= task.spec.retries:
            detail = f'attempt {task.attempt} failed: {command.detail}'
            return Applied((self._release(task, detail, failures),))
        detail = f'failed {failures} times, last on {task.robot}: {command.detail}'
        self._move(task, TaskState.FAILED, failures=failures, detail=detail, ended_at=command.at)
        return Applied((_of(task, 'task_failed', detail, outcome=outcome.name),))

    def _fail(self, command: FailTask) -> Applied:
        task = self.tasks.get(command.task_id)
        if task is None or task.state is not TaskState.PENDING or task.attempt != command.attempt:
            return Applied()
        self._move(task, TaskState.FAILED, detail=command.reason, ended_at=command.at)
        return Applied((_of(task, 'task_failed', command.reason),))

    def _credit(self, command: CreditTask) -> Applied:
        task = self.tasks.get(command.task_id)
        if task is None or task.state.is_final or task.spec.exclusive:
            return Applied()
        detail = f'{command.robot} did it while there was no leader'
        self._move(task, TaskState.DONE, robot=command.robot, detail=detail, ended_at=command.at)
        credited = self.tasks[task.id]
        return Applied((_of(credited, 'task_done', detail, outcome=Outcome.SUCCEEDED.name),))

    # Robots

    def _join(self, command: JoinRobot) -> Applied:
        known = self.roster.get(command.robot)
        if known is not None and command.incarnation < known.incarnation:
            return Applied()
        if known == RosterEntry(command.incarnation, True):
            return Applied()
        changes = [
            Change('robot_joined', robot=command.robot, data={'incarnation': command.incarnation})
        ]
        if known is not None and command.incarnation > known.incarnation:
            changes += self._release_all(command.robot, f'{command.robot} has restarted')
        self.roster[command.robot] = RosterEntry(command.incarnation, True)
        return Applied(tuple(changes))

    def _lose(self, command: LoseRobot) -> Applied:
        if self.roster.get(command.robot) != RosterEntry(command.incarnation, True):
            return Applied()
        self.roster[command.robot] = RosterEntry(command.incarnation, False)
        lost = Change('robot_lost', robot=command.robot, detail=command.reason)
        released = self._release_all(command.robot, f'{command.robot} is lost: {command.reason}')
        return Applied((lost, *released))

    # Steps shared by the above

    def _release_all(self, robot: RobotId, reason: str) -> list[Change]:
        return [self._release(task, reason, task.failures) for task in self.held_by(robot)]

    def _release(self, task: Task, reason: str, failures: int) -> Change:
        failed_on = (*task.failed_on, task.robot) if failures > task.failures else task.failed_on
        self._move(
            task,
            TaskState.PENDING,
            failures=failures,
            failed_on=failed_on,
            detail=reason,
            started_at=0.0,
        )
        return _of(task, 'task_released', reason)

    def _move(self, task: Task, state: TaskState, **fields: Any) -> None:
        if state not in LIFE[task.state]:
            raise AssertionError(f'{task.id} cannot go from {task.state.name} to {state.name}')
        self.tasks[task.id] = msgspec.structs.replace(task, state=state, **fields)
        if state.is_final:
            del self._open[task.id]


def _of(task: Task, kind: str, detail: str, **data: Any) -> Change:
    return Change(kind, task.id, task.attempt, task.robot, detail, data)

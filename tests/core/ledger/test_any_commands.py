"""Whatever commands come in whatever order, the ledger stays in order: for a leader may be out of
date, a message late, and a log replayed."""

from __future__ import annotations

import copy
import random
import typing
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.ledger.commands import (
    AmendTask,
    Award,
    AwardTasks,
    BeginTask,
    CancelTask,
    Command,
    CreditTask,
    EndTask,
    FailTask,
    JoinRobot,
    LeaveDock,
    LoseRobot,
    QueueForDock,
    ReadyForTask,
    RecallTask,
    RefuseRequest,
    SetLane,
    SubmitTask,
    TakeBackTask,
    TradeTasks,
    decode_command,
    encode_command,
)
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import LIFE, Task
from muster.core.types import Outcome, ProtocolError, TaskSpec, TaskState

ROBOTS = ('a', 'b', 'c', 'z')
TASKS = ('task_0001', 'task_0002', 'task_0003', 'task_0099')
DOCKS = ('north', 'south')
CREWS = ((), (), ('a', 'b'), ('b', 'a'), ('a', 'b', 'c'))


class Dice:
    """Draws commands: a whole history from one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._one = self._rng.choice

    def history(self, length: int) -> list[Command]:
        """Commands at random, and among them such as fit what those before have made."""
        ledger = Ledger()
        history: list[Command] = [JoinRobot(robot, 1, 1.0) for robot in ROBOTS[:3]]
        history += [SubmitTask(f'q{number}', self.spec(), 5.0) for number in range(3)]
        for command in history:
            ledger.apply(command)
        while len(history) < length:
            command = self.any() if self._rng.random() < 0.2 else self.fitting(ledger)
            ledger.apply(command)
            history.append(command)
        return history

    def any(self) -> Command:
        one, number = self._one, self._rng.randint
        task, robot, attempt, at = one(TASKS), one(ROBOTS), number(0, 4), 9.0
        request, why = f'q{number(0, 40)}', one(('', 'why'))
        paths = {one(ROBOTS): tuple(self._rng.sample(TASKS, 2))}
        awards = tuple(self.award(one, number(1, 3)) for one in self._rng.sample(TASKS, 2))
        kinds: dict[type, Callable[[], Command]] = {
            SubmitTask: lambda: SubmitTask(request, self.spec(), at),
            CancelTask: lambda: CancelTask(request, task, at),
            AmendTask: lambda: AmendTask(request, task, self.spec(), at),
            TakeBackTask: lambda: TakeBackTask(request, task, at),
            SetLane: lambda: SetLane(request, one(DOCKS), one(DOCKS), one((True, False)), at),
            RefuseRequest: lambda: RefuseRequest(request, why, at),
            AwardTasks: lambda: AwardTasks(awards, at, paths),
            TradeTasks: lambda: TradeTasks(1, 1, awards, at, paths),
            ReadyForTask: lambda: ReadyForTask(task, attempt, robot, at),
            BeginTask: lambda: BeginTask(task, attempt, robot, at),
            EndTask: lambda: EndTask(task, attempt, robot, one(tuple(Outcome)), why, at),
            FailTask: lambda: FailTask(task, attempt, why, at),
            RecallTask: lambda: RecallTask(task, attempt, why, at),
            CreditTask: lambda: CreditTask(task, robot, at),
            JoinRobot: lambda: JoinRobot(robot, number(1, 3), at),
            LoseRobot: lambda: LoseRobot(robot, number(1, 3), why, at),
            QueueForDock: lambda: QueueForDock(robot, one(DOCKS), at),
            LeaveDock: lambda: LeaveDock(robot, one(DOCKS), number(1, 4)),
        }
        assert set(kinds) == set(typing.get_args(Command)), 'a kind of command is not drawn'
        return one(tuple(kinds.values()))()

    def fitting(self, ledger: Ledger) -> Command:
        task = ledger.tasks[self._one(tuple(ledger.tasks))]
        robot = self._one(task.crew or ROBOTS[:3])
        award = self.award(task.id, task.attempt + 1)
        if task.state is TaskState.PENDING:
            return AwardTasks((award,), 6.0, {robot: (task.id,)})
        kinds: tuple[Callable[[], Command], ...] = (
            lambda: ReadyForTask(task.id, task.attempt, robot, 7.0),
            lambda: ReadyForTask(task.id, task.attempt, robot, 7.0),
            lambda: BeginTask(task.id, task.attempt, robot, 8.0),
            lambda: EndTask(task.id, task.attempt, robot, self._one(tuple(Outcome)), 'so', 9.0),
            lambda: TradeTasks(1, 1, (award,), 7.0, {}),
        )
        return self._one(kinds)()

    def spec(self) -> TaskSpec:
        return TaskSpec(
            kind='go_to',
            retries=self._rng.randint(0, 2),
            exclusive=self._one((True, False)),
            starts_with=tuple(self._rng.sample(TASKS, self._one((0, 0, 1, 2)))),
        )

    def award(self, task_id: str, attempt: int) -> Award:
        crew = self._one(CREWS)
        first = crew[0] if crew else self._one(ROBOTS[:3])
        return Award(task_id, attempt, first, 1.0, '', b'', crew, self._one(ROBOTS))


def check_task(ledger: Ledger, task: Task) -> None:
    assert task.is_held is bool(task.crew) or task.state.is_final
    assert set(task.ended) <= set(task.crew)
    assert set(task.ready) <= set(task.crew)
    assert len(set(task.crew)) == len(task.crew)
    assert task.ended != task.crew or task.state.is_final or not task.crew
    if task.is_held:
        assert task.robot == task.crew[0]
        assert all(map(ledger.is_present, set(task.crew) - set(task.ended)))
    if task.state is TaskState.AWARDED and set(task.ready) == set(task.crew):
        assert any(
            set(mate.ready) != set(mate.crew) or not mate.crew
            for mate in ledger.setting_out_with(task)
        ), 'all are ready, and nobody will say so again'


def answers_of(ledger: Ledger) -> dict[str, Any]:
    """All that others ask of a ledger."""
    tasks = ledger.tasks.values()
    return {
        'tasks': dict(ledger.tasks),
        'requests': dict(ledger.requests),
        'roster': dict(ledger.roster),
        'docks': dict(ledger.docks),
        'lanes': ledger.closed_lanes,
        'open': ledger.open_tasks(),
        'waiting': ledger.waiting_tasks(),
        'held': {robot: ledger.held_by(robot) for robot in ROBOTS},
        'counts': {robot: ledger.count_held(robot) for robot in ROBOTS},
        'groups': {task.id: ledger.setting_out_with(task) for task in tasks},
    }


@pytest.mark.parametrize('seed', range(200))
def test_any_commands_keep_the_ledger_in_order(seed: int) -> None:
    ledger, twin = Ledger(), Ledger()
    answers: dict[str, Any] = {}
    for command in Dice(seed).history(60):
        before = copy.copy(ledger.tasks)
        applied = ledger.apply(command)
        assert twin.apply(decode_command(encode_command(command))) == applied
        for task in ledger.tasks.values():
            check_task(ledger, task)
            was = before.get(task.id)
            if was is not None:
                assert task.state is was.state or task.state in LIFE[was.state]
                assert task.attempt >= was.attempt
                assert (task.crew == was.crew) or task.attempt > was.attempt or not task.is_held
                assert not was.state.is_final or task.state is was.state
        assert set(before) <= set(ledger.tasks)
        if applied.response is not None:
            known = answers.setdefault(applied.response.request_id, applied.response)
            assert known == applied.response
    assert ledger.encode() == twin.encode()


@pytest.mark.parametrize('seed', range(200))
def test_a_ledger_rebuilt_from_its_snapshot_is_the_same_and_goes_on_the_same(seed: int) -> None:
    """So the indexes, which a snapshot leaves out, never go astray."""
    ledger, other = Ledger(), Ledger()
    history = Dice(seed).history(70)
    for command in history[:50]:
        ledger.apply(command)
    other.restore(ledger.encode())
    assert answers_of(other) == answers_of(ledger)
    for command in history[50:]:
        assert other.apply(command) == ledger.apply(command)
    assert other.encode() == ledger.encode()


@given(st.binary(max_size=200))
def test_bytes_that_are_no_command_are_refused(data: bytes) -> None:
    try:
        decode_command(data)
    except ProtocolError as error:
        assert str(error).startswith('not a ledger command')


@pytest.mark.parametrize('data', [b'', b'\x81\xa1\xff\x00', b'\x81\xa4type\xa6submit'])
def test_damaged_commands_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match='not a ledger command'):
        decode_command(data)


@pytest.mark.parametrize('seed', range(50))
def test_a_command_survives_its_encoding(seed: int) -> None:
    command = Dice(seed).any()
    assert decode_command(encode_command(command)) == command


def test_a_snapshot_of_an_earlier_version_is_understood() -> None:
    """It knew no crews, paths, docks or lanes; who had a task was its crew."""
    ledger = Ledger()
    ledger.apply(JoinRobot('a', 1, 1.0))
    for number in range(3):
        ledger.apply(SubmitTask(f'q{number}', TaskSpec(kind='go_to'), 5.0))
    for task_id in ('task_0001', 'task_0002'):
        ledger.apply(AwardTasks((Award(task_id, 1, 'a', 1.0, ''),), 6.0))
    ledger.apply(EndTask('task_0002', 1, 'a', Outcome.SUCCEEDED, '', 7.0))
    fields = msgspec.msgpack.decode(ledger.encode())
    known = {'tasks', 'requests', 'roster'}
    former = {name: value for name, value in fields.items() if name in known}
    assert set(former) == known
    for task in former['tasks']:
        for name in ('crew', 'rank', 'group', 'ready', 'ended', 'trouble', 'amended', 'avoid'):
            del task[name]
    restored = Ledger()
    restored.restore(msgspec.msgpack.encode(former))
    assert [task.id for task in restored.held_by('a')] == ['task_0001']
    assert [task.id for task in restored.waiting_tasks()] == ['task_0003']
    assert restored.holds('a', 'task_0001', 1)
    restored.apply(EndTask('task_0001', 1, 'a', Outcome.SUCCEEDED, '', 8.0))
    assert restored.tasks['task_0001'].state is TaskState.DONE

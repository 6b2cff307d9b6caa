"""A ledger with robots a, b, c and d, and short names for what tests do to it."""

from __future__ import annotations

from typing import Any

from muster.core.ledger.commands import (
    AmendTask,
    Award,
    AwardTasks,
    BeginTask,
    CancelTask,
    EndTask,
    JoinRobot,
    LoseRobot,
    ReadyForTask,
    SubmitTask,
    TakeBackTask,
    TradeTasks,
)
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import Task
from muster.core.types import Outcome, Stop, TaskSpec

ROBOTS = 'abcd'


def spec(**fields: Any) -> TaskSpec:
    return TaskSpec(**{'kind': 'go_to', 'stops': (Stop(place='shelf'),), 'retries': 1, **fields})


class Stage:
    """Every method applies one command and returns the kinds of the changes that came of it."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._requests = 0
        for robot in ROBOTS:
            self.ledger.apply(JoinRobot(robot, 1, at=1.0))

    def __getitem__(self, number: int) -> Task:
        return self.ledger.tasks[name(number)]

    def do(self, command: Any) -> list[str]:
        return [change.kind for change in self.ledger.apply(command).changes]

    def _request(self) -> str:
        self._requests += 1
        return f'q{self._requests}'

    def submit(self, **fields: Any) -> list[str]:
        return self.do(SubmitTask(self._request(), spec(**fields), at=10.0))

    def cancel(self, number: int) -> list[str]:
        return self.do(CancelTask(self._request(), name(number), at=60.0))

    def amend(self, number: int, **fields: Any) -> list[str]:
        return self.do(AmendTask(self._request(), name(number), spec(**fields), at=61.0))

    def take_back(self, number: int) -> list[str]:
        return self.do(TakeBackTask(self._request(), name(number), at=62.0))

    def award(self, number: int, crew: str, **paths: tuple[int, ...]) -> list[str]:
        """To the robots named by the letters of `crew`; with the new order of robots' paths."""
        return self.do(AwardTasks((self.to(number, crew),), 20.0, _paths(paths)))

    def trade(self, moves: dict[int, str], **paths: tuple[int, ...]) -> list[str]:
        awards = tuple(self.to(number, crew) for number, crew in moves.items())
        return self.do(TradeTasks(1, 1, awards, 25.0, _paths(paths)))

    def to(self, number: int, crew: str) -> Award:
        attempt = self[number].attempt + 1
        several = tuple(crew) if len(crew) > 1 else ()
        return Award(name(number), attempt, crew[0], 3.5, 'nearest', b'', several)

    def ready(self, number: int, robot: str, attempt: int = 0) -> list[str]:
        at = attempt or self[number].attempt
        return self.do(ReadyForTask(name(number), at, robot, at=30.0))

    def begin(self, number: int, robot: str) -> list[str]:
        return self.do(BeginTask(name(number), self[number].attempt, robot, at=31.0))

    def end(
        self, number: int, robot: str, outcome: Outcome = Outcome.SUCCEEDED, why: str = ''
    ) -> list[str]:
        return self.do(EndTask(name(number), self[number].attempt, robot, outcome, why, at=40.0))

    def lose(self, robot: str) -> list[str]:
        return self.do(LoseRobot(robot, 1, 'silent', at=50.0))

    def restart(self, robot: str) -> list[str]:
        return self.do(JoinRobot(robot, 2, at=51.0))

    def held(self, robot: str) -> list[int]:
        """Numbers of the tasks that a robot has, in its order."""
        return [int(task.id[-4:]) for task in self.ledger.held_by(robot)]


def name(number: int) -> str:
    return f'task_{number:04d}'


def _paths(paths: dict[str, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
    return {robot: tuple(map(name, numbers)) for robot, numbers in paths.items()}

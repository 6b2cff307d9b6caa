"""Histories told in a few words, for the checkers' tests.

Times are seconds; the steady clock runs with the node clock, so that a bound in one is a bound in
the other.
"""

from __future__ import annotations

from typing import Any

import msgspec

from muster.invariants import LedgerTask, Record
from muster.invariants.record import (
    LEDGER_TASK,
    PROCESS_EXITED,
    PROCESS_STARTED,
    REQUEST_ANSWERED,
    REQUEST_SENT,
)


class Story:
    """Collects records; every method adds one at `at`."""

    def __init__(self) -> None:
        self.history: list[Record] = []
        self._numbers: dict[tuple[str, int], int] = {}

    def event(self, at: float, kind: str, robot: str, life: int = 1, **fields: Any) -> Story:
        """A robot's own event, numbered."""
        number = self._numbers[robot, life] = self._numbers.get((robot, life), 0) + 1
        self.history.append(
            Record(
                at=at,
                steady=at,
                kind=kind,
                robot=robot,
                incarnation=life,
                sequence=number,
                **fields,
            )
        )
        return self

    def note(self, at: float, kind: str, **fields: Any) -> Story:
        """Something the recorder saw itself."""
        self.history.append(Record(at=at, steady=at, kind=kind, **fields))
        return self

    def joined(self, at: float, *robots: str) -> Story:
        for robot in robots:
            self.event(at, 'robot_joined', 'leader', subject=robot)
        return self

    def sent(self, at: float, request: str) -> Story:
        return self.note(at, REQUEST_SENT, data={'request_id': request, 'operation': 'submit'})

    def answered(self, at: float, request: str, task: str, accepted: bool = True) -> Story:
        data = {'request_id': request, 'operation': 'submit', 'accepted': accepted}
        return self.note(at, REQUEST_ANSWERED, task_id=task, data=data)

    def submitted(self, at: float, task: str, request: str) -> Story:
        return self.event(
            at, 'task_submitted', 'leader', task_id=task, data={'request_id': request}
        )

    def awarded(self, at: float, task: str, robot: str, attempt: int = 1) -> Story:
        return self.event(
            at, 'task_awarded', 'leader', task_id=task, attempt=attempt, subject=robot
        )

    def done(self, at: float, task: str) -> Story:
        return self.event(at, 'task_done', 'leader', task_id=task)

    def began(self, at: float, task: str, robot: str, attempt: int = 1, life: int = 1) -> Story:
        return self.event(at, 'execution_started', robot, life, task_id=task, attempt=attempt)

    def ended(self, at: float, task: str, robot: str, attempt: int = 1, life: int = 1) -> Story:
        return self.event(at, 'execution_ended', robot, life, task_id=task, attempt=attempt)

    def exited(self, at: float, robot: str) -> Story:
        return self.note(at, PROCESS_EXITED, subject=robot, data={'status': -9})

    def started(self, at: float, robot: str) -> Story:
        return self.note(at, PROCESS_STARTED, subject=robot)

    def ledger(self, at: float, task: str, request: str, state: str, **fields: Any) -> Story:
        entry = LedgerTask(request_id=request, state=state, **fields)
        data = msgspec.json.decode(msgspec.json.encode(entry))
        return self.note(at, LEDGER_TASK, task_id=task, data=data)

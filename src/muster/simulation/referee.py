"""Watches a run and stops it at the first broken promise: invariants I1 to I3, I5 and I6.

The referee sees everything at once, as no robot can. It checks what has changed after every event,
so a violation is reported at the moment at which it arises. (I4, progress, needs patience: see
`muster.simulation.progress`.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import msgspec

from muster.core.coordinator.effects import Persist, StartTask
from muster.core.coordinator.machine import Coordinator
from muster.core.coordinator.replica import decode_records
from muster.core.ledger.commands import AwardTasks, TradeTasks, decode_command
from muster.core.ledger.ledger import Ledger
from muster.core.raft import Entry
from muster.core.types import MusterError, RequestId, Response, RobotId, TaskId, TaskState
from muster.simulation.agenda import Agenda
from muster.simulation.agreement import Agreement

DIGEST_EVERY = 16
"""Ledgers are compared whenever this many more entries have been applied."""


class InvariantViolationError(MusterError):
    """A promise was broken; the message says which, when and how."""

    def __init__(self, invariant: str, at: float, text: str) -> None:
        super().__init__(f'{invariant} broken at {at:.3f} s: {text}')
        self.invariant = invariant


@dataclass
class _Seen:
    """What was last seen of one robot's process."""

    coordinator: Coordinator
    applied: int = 0


class Referee:
    """Judges one run."""

    def __init__(self, agenda: Agenda) -> None:
        self.agreement = Agreement(partial(self._fail, 'I5'))
        self.executions = 0
        self.handovers = 0
        """Executions of a task that another robot had begun before."""
        self._agenda = agenda
        self._seen: dict[RobotId, _Seen] = {}
        self._digests: dict[int, bytes] = {}
        self._executing: dict[TaskId, dict[RobotId, StartTask]] = {}
        self._executed_by: dict[TaskId, RobotId] = {}
        self.together = 0
        """Executions that began while another robot was at the same attempt."""
        self._answers: dict[RequestId, Response] = {}

    # Called by robots and bodies

    def booted(self, robot: RobotId, coordinator: Coordinator) -> None:
        self._seen[robot] = _Seen(coordinator)
        self.agreement.booted(robot, coordinator.replica.raft)

    def crashed(self, robot: RobotId) -> None:
        del self._seen[robot]
        self.agreement.crashed(robot)

    def execution_began(self, robot: RobotId, start: StartTask) -> None:
        """I1: nobody else is at it, but for the rest of the same attempt's crew."""
        self.executions += 1
        if self._executed_by.get(start.task_id, robot) != robot:
            self.handovers += 1
        self._executed_by[start.task_id] = robot
        if not start.spec.exclusive:
            return
        at_it = self._executing.setdefault(start.task_id, {})
        for other, begun in at_it.items():
            if begun.attempt != start.attempt or start.spec.robots_needed == 1:
                self._fail(
                    'I1',
                    f'{robot} begins {start.task_id} (attempt {start.attempt}) while {other} is '
                    f'at it (attempt {begun.attempt})',
                )
        self.together += bool(at_it)
        at_it[robot] = start

    def execution_ended(self, robot: RobotId, start: StartTask) -> None:
        self._executing.get(start.task_id, {}).pop(robot, None)

    def answered(self, response: Response) -> None:
        """I3: a request has one answer, whoever gives it, however often it is asked."""
        before = self._answers.setdefault(response.request_id, response)
        if before != response:
            self._fail('I3', f'request {response.request_id}: first {before}, then {response}')

    def writes(self, robot: RobotId, effect: Persist) -> None:
        """Records on their way to the disk."""
        self.agreement.writes(robot, decode_records(effect.records))

    def observe(self, robot: RobotId) -> None:
        """Look at a robot that has just done something."""
        seen = self._seen.get(robot)
        if seen is None:
            return
        replica = seen.coordinator.replica
        for entry in self.agreement.observe(robot):
            self._check_awards(entry, replica.ledger)
        if replica.applied_index > seen.applied:
            seen.applied = replica.applied_index
            self._check_ledger(robot, seen, replica.ledger)

    # Judging

    def acknowledged(self) -> list[Response]:
        """Answers that promise a task."""
        return [one for one in self._answers.values() if one.accepted and one.task_id]

    def check_at_end(self, ledger: Ledger) -> None:
        """I2: every task that was ever acknowledged is there, and has come to an end."""
        for answer in self.acknowledged():
            task = ledger.tasks.get(answer.task_id)
            if task is None:
                self._fail('I2', f'{answer.task_id} was acknowledged, and is in no ledger')
            elif not task.state.is_final:
                self._fail('I2', f'{task.id} is {task.state.name} at the end: {task.detail}')
            elif task.state is TaskState.FAILED and not task.detail:
                self._fail('I2', f'{task.id} has failed without a reason')

    def _check_awards(self, entry: Entry, ledger: Ledger) -> None:
        """I6: a body has stopped exclusive work before anyone is awarded it."""
        command = decode_command(entry.data) if entry.data else None
        if not isinstance(command, AwardTasks | TradeTasks):
            return
        for award in command.awards:
            if ledger.tasks[award.task_id].attempt != award.attempt:
                continue
            for other, begun in self._executing.get(award.task_id, {}).items():
                if begun.attempt < award.attempt:
                    self._fail(
                        'I6',
                        f'{award.task_id} is awarded to {award.robot} (attempt {award.attempt}) '
                        f'while {other} is still at it (attempt {begun.attempt})',
                    )

    def _check_ledger(self, robot: RobotId, seen: _Seen, ledger: Ledger) -> None:
        if seen.applied % DIGEST_EVERY:
            return
        digest = ledger_digest(ledger)
        if self._digests.setdefault(seen.applied, digest) != digest:
            self._fail('I5', f'{robot} has another ledger at entry {seen.applied} than others')

    def _fail(self, invariant: str, text: str) -> NoReturn:
        raise InvariantViolationError(invariant, self._agenda.now, text)


def ledger_digest(ledger: Ledger) -> bytes:
    """A fingerprint of all that the ledger holds."""
    state = (
        list(ledger.tasks.items()),
        list(ledger.requests.items()),
        list(ledger.roster.items()),
        list(ledger.docks.items()),
    )
    return hashlib.sha256(msgspec.msgpack.encode(state)).digest()

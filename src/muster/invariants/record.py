"""What a run leaves behind: a list of records, one a line in `events.jsonl`.

Robots' own events, requests and their answers, processes that start and exit, faults that were
injected and the ledger as it stands at the end all become the same flat record, in the order in
which the recorder learned of them. Everything that is said about a run afterwards (verdicts,
tables, charts) is computed from this list alone, so it can be said again from the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from muster.core.types import ConfigurationError, RobotId, Severity, TaskId


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened. Robots' events keep the fields of muster_msgs/Event."""

    at: float
    """[s] node clock of whoever tells it: wall or simulated time."""
    steady: float
    """[s] steady clock of the recorder when it learned of it; leases and elections run on this
    one."""
    kind: str
    robot: RobotId = ''
    """Who tells it; empty for the recorder itself."""
    incarnation: int = 0
    sequence: int = 0
    """Counts a robot's events within an incarnation, from 1; 0 for the recorder's own records."""
    severity: int = Severity.INFO
    task_id: TaskId = ''
    attempt: int = 0
    subject: RobotId = ''
    """The robot it is about."""
    detail: str = ''
    """For people."""
    data: dict[str, Any] = {}
    """For programs."""


History: TypeAlias = Sequence[Record]

# What the recorder itself adds to the robots' events.
RUN_STARTED = 'run_started'
RUN_READY = 'run_ready'
"""The team was ready, and led by its subject: the times of a scenario count from here."""
RUN_ENDED = 'run_ended'
PROCESS_STARTED = 'process_started'
"""subject = robot (or the process name); data: name, pid."""
PROCESS_EXITED = 'process_exited'
"""subject = robot (or the process name); data: name, pid, status (negative: killed by that
signal)."""
PROCESS_GIVEN_UP = 'process_given_up'
"""subject = robot (or the process name), detail = why and where its log is. Nobody had killed it
on purpose, and it is not started again."""
REQUEST_SENT = 'request_sent'
"""data: request_id, operation, is_repeat."""
REQUEST_ANSWERED = 'request_answered'
"""task_id, detail = reason; data: request_id, operation, accepted, answered_by."""
FAULT_INJECTED = 'fault_injected'
"""subject = robot, detail = what was measured; data: failure, accepted, has_bitten."""
ALERT_RAISED = 'alert_raised'
ALERT_CLEARED = 'alert_cleared'
LEDGER_TASK = 'ledger_task'
"""A task as the ledger has it at the end of the run; data holds the fields of `LedgerTask`."""


class LedgerTask(msgspec.Struct, frozen=True, kw_only=True):
    """The `data` of a `ledger_task` record."""

    request_id: str
    state: str
    """Name of a TaskState."""
    kind: str = ''
    stops: tuple[str, ...] = ()
    """In words, for people."""
    exclusive: bool = True
    robots_needed: int = 1
    """More than 1: a coalition, whose robots work on one attempt together."""
    starts_with: tuple[TaskId, ...] = ()
    capable: tuple[RobotId, ...] = ()
    """The robots of the team that have everything the task asks for."""
    earliest_start_s: float = 0.0
    predecessors: tuple[TaskId, ...] = ()
    detail: str = ''
    robot: RobotId = ''
    attempt: int = 0
    award_reason: str = ''
    submitted_at_s: float = 0.0
    awarded_at_s: float = 0.0
    started_at_s: float = 0.0
    ended_at_s: float = 0.0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


def encode_line(record: Record) -> bytes:
    """One line of `events.jsonl`, with its newline."""
    return _encoder.encode(record) + b'\n'


def read_history(path: Path) -> list[Record]:
    """Read an `events.jsonl` back. A last line that was cut off by a crash is left out.

    Raises
    ------
    ConfigurationError
        if the file cannot be read, or a line other than the last is not a record.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise ConfigurationError(f'{path}: cannot be read ({error.strerror})') from error
    history = []
    for number, line in enumerate(lines, start=1):
        try:
            history.append(_decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number == len(lines) and not line.endswith(b'\n'):
                break
            raise ConfigurationError(f'{path}: line {number} is not a record: {error}') from error
    return history


def ledger_of(history: Iterable[Record]) -> dict[TaskId, LedgerTask]:
    """The tasks of the ledger at the end of the run; empty when it was never recorded."""
    return {
        record.task_id: msgspec.convert(record.data, LedgerTask)
        for record in history
        if record.kind == LEDGER_TASK
    }

"""What came of a run, computed from its records alone, so that it can be said again from the
file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from muster.core.allocation.config import AuctionConfig
from muster.core.membership.config import MembershipConfig
from muster.core.types import ConfigurationError, RobotId, TaskId, TaskState
from muster.invariants import History, ProgressBounds, Record, Verdict, check_all
from muster.invariants.record import (
    FAULT_INJECTED,
    PROCESS_EXITED,
    PROCESS_GIVEN_UP,
    PROCESS_STARTED,
    REQUEST_ANSWERED,
    RUN_ENDED,
    RUN_READY,
    RUN_STARTED,
    LedgerTask,
    ledger_of,
)
from muster.runtime.team_file import Coordination

NEWS_S = 1.0
"""[s] for commits, messages and the recorder's own turn on a busy machine."""


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The `data` of a `run_started` record: what was run, and what it is judged by."""

    title: str
    team: str
    world: str
    """Name or path of the world file."""
    team_file: str
    seed: int
    rate: float
    robots: tuple[RobotId, ...]
    expected_tasks: int
    schedule_capacity: int
    reaward_s: float
    award_s: float

    @property
    def bounds(self) -> ProgressBounds:
        return ProgressBounds(self.robots, self.schedule_capacity, self.reaward_s, self.award_s)


class TaskLine(msgspec.Struct, frozen=True, kw_only=True):
    """A task, as it ended."""

    task_id: TaskId
    request_id: str
    what: str
    state: str
    robot: RobotId
    attempts: int
    waited_s: float | None
    """From submission to the start of the attempt that counts."""
    took_s: float | None
    """From that start to the end."""
    why: str


class FaultLine(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that was injected on purpose."""

    at_s: float
    robot: RobotId
    failure: str
    was_leader: bool
    has_bitten: bool
    detail: str


class Failover(msgspec.Struct, frozen=True, kw_only=True):
    """A leader died and another took over."""

    at_s: float
    died: RobotId
    successor: RobotId
    """Empty when nobody took over."""
    took_s: float | None
    """[s] steady clock, from the end of the process to the news of the election."""


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """A robot whose process died and was started again."""

    robot: RobotId
    away_s: float
    """[s] node clock, from the end of the process to the next start."""
    joined: bool
    """The team took it in again."""
    awards_since: int


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in figures. `shortcomings` is empty exactly when it passed."""

    facts: RunFacts
    lasted_s: float
    """[s] node clock, from ready to the end."""
    tasks: tuple[TaskLine, ...]
    faults: tuple[FaultLine, ...]
    failovers: tuple[Failover, ...]
    returns: tuple[Return, ...]
    verdicts: tuple[Verdict, ...]
    shortcomings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.shortcomings


def progress_bounds(coordination: Coordination) -> tuple[float, float]:
    """How long work may wait, from a team's time constants: `reaward_s` and `award_s`.

    Work of a dead robot is given away once its authority has certainly ended, and a leader elected
    meanwhile counts the silence from its own election. An award takes an auction, which waits for
    the bids of robots that seem alive, and is held again when nobody could bid; the leader may die
    at any moment of it.
    """
    election = 2 * coordination.election_max_s
    auction = coordination.bid_timeout_s + AuctionConfig().retry_s
    membership = MembershipConfig(
        report_s=coordination.report_s,
        detection_s=coordination.detection_s,
        lease_s=coordination.lease_s,
        clock_drift=coordination.clock_drift,
        grace_s=coordination.lease_grace_s,
    )
    reaward = membership.release_wait_s + election + auction + NEWS_S
    return reaward, coordination.detection_s + election + 2 * auction + NEWS_S


def summarise(history: History) -> RunSummary:
    """Judge a run.

    Raises
    ------
    ConfigurationError
        if the history has no `run_started` record, so nobody can say what was run.
    """
    facts = facts_of(history)
    ledger = ledger_of(history)
    start = next((record.at for record in history if record.kind == RUN_READY), 0.0)
    end = history[-1].at
    tasks = tuple(_task_line(task_id, task) for task_id, task in sorted(ledger.items()))
    faults = tuple(_fault_line(one, start) for one in history if one.kind == FAULT_INJECTED)
    failovers = tuple(_failovers(history, start))
    returns = tuple(_returns(history))
    verdicts = check_all(history, facts.bounds)
    return RunSummary(
        facts=facts,
        lasted_s=end - start,
        tasks=tasks,
        faults=faults,
        failovers=failovers,
        returns=returns,
        verdicts=verdicts,
        shortcomings=tuple(
            _shortcomings(history, facts, tasks, faults, failovers, returns, verdicts)
        ),
    )


def facts_of(history: History) -> RunFacts:
    """What was run; ConfigurationError when the history does not say."""
    for record in history:
        if record.kind == RUN_STARTED:
            return msgspec.convert(record.data, RunFacts)
    raise ConfigurationError('the record has no run_started: it is not that of a demo')


def _shortcomings(
    history: History,
    facts: RunFacts,
    tasks: tuple[TaskLine, ...],
    faults: tuple[FaultLine, ...],
    failovers: tuple[Failover, ...],
    returns: tuple[Return, ...],
    verdicts: tuple[Verdict, ...],
) -> Iterable[str]:
    """Everything that keeps a run from having passed, in words."""
    ending = next((record for record in history if record.kind == RUN_ENDED), None)
    if ending is None:
        yield 'the run was cut short'
    elif ending.detail:
        yield ending.detail
    told = ending.detail if ending is not None else ''
    if len(tasks) != facts.expected_tasks:
        yield f'{len(tasks)} tasks are in the ledger, but {facts.expected_tasks} were asked for'
    for task in tasks:
        if task.state != TaskState.DONE.name:
            yield f'{task.task_id} ({task.what}) is {task.state}: {task.why}'
    for answer in history:
        if answer.kind == REQUEST_ANSWERED and not answer.data.get('accepted'):
            yield f'request {answer.data.get("request_id")} was refused: {answer.detail}'
    for fault in faults:
        if not fault.has_bitten:
            yield f'{fault.failure} of {fault.robot} did not bite: {fault.detail}'
    for failover in failovers:
        if failover.took_s is None:
            yield f'nobody took over from {failover.died}'
    for back in returns:
        if not back.joined:
            yield f'{back.robot} came back but was not taken in again'
    for record in history:
        if record.kind == PROCESS_GIVEN_UP and record.detail not in told:
            yield record.detail
    for verdict in verdicts:
        if not verdict.holds:
            yield f'{verdict.invariant} ({verdict.promise}) is broken: {verdict.offences[0].text}'


def _task_line(task_id: TaskId, task: LedgerTask) -> TaskLine:
    # An attempt that ended before its start was written has none: then the award is the start.
    started = task.started_at_s or task.awarded_at_s
    has_started, has_ended = started > 0, task.ended_at_s > 0
    return TaskLine(
        task_id=task_id,
        request_id=task.request_id,
        what=f'{task.kind} {" > ".join(task.stops)}'.rstrip(),
        state=task.state,
        robot=task.robot,
        attempts=task.attempt,
        waited_s=started - task.submitted_at_s if has_started else None,
        took_s=task.ended_at_s - started if has_started and has_ended else None,
        why=task.award_reason if task.state == TaskState.DONE.name else task.detail,
    )


def _fault_line(record: Record, start: float) -> FaultLine:
    data: dict[str, Any] = record.data
    return FaultLine(
        at_s=record.at - start,
        robot=record.subject,
        failure=str(data.get('failure', '')),
        was_leader=bool(data.get('was_leader')),
        has_bitten=bool(data.get('has_bitten')),
        detail=record.detail,
    )


def _failovers(history: History, start: float) -> Iterable[Failover]:
    leader = ''
    died: Record | None = None
    for record in history:
        if record.kind in ('leader_elected', RUN_READY):
            leader = record.subject or record.robot
            if died is not None and leader != died.subject:
                took = record.steady - died.steady
                yield _failover(died, start, leader, took)
                died = None
        elif record.kind == PROCESS_EXITED and leader and record.subject == leader:
            died = record
    if died is not None:
        yield _failover(died, start, '', None)


def _failover(died: Record, start: float, successor: RobotId, took_s: float | None) -> Failover:
    return Failover(at_s=died.at - start, died=died.subject, successor=successor, took_s=took_s)


def _returns(history: History) -> Iterable[Return]:
    exits: dict[RobotId, Record] = {}
    for index, record in enumerate(history):
        if record.kind == PROCESS_EXITED:
            exits[record.subject] = record
        elif record.kind == PROCESS_STARTED and record.subject in exits:
            later = [one for one in history[index:] if record.subject in (one.subject, one.robot)]
            yield Return(
                robot=record.subject,
                away_s=record.at - exits.pop(record.subject).at,
                joined=any(one.kind == 'robot_joined' for one in later),
                awards_since=sum(one.kind == 'task_awarded' for one in later),
            )

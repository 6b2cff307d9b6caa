"""I1: an exclusive task is executed by at most one robot, or one coalition, at any instant.

An execution lasts from the skill server's `execution_started` to its `execution_ended`. A robot
that is killed never tells the end: its body goes on with the last command until the command times
out, so its execution ends that long after the process exited.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from muster.core.types import RobotId, TaskId
from muster.invariants.record import (
    PROCESS_EXITED,
    History,
    LedgerTask,
    Record,
    ledger_of,
)
from muster.invariants.verdict import Offence, Verdict


@dataclass(frozen=True)
class Execution:
    """One robot at work on one attempt of a task, [s] on the node clock."""

    task_id: TaskId
    attempt: int
    robot: RobotId
    begin: float
    end: float
    """`inf` when the history never closes it."""
    opened_by: Record
    closed_by: Record | None
    """The `execution_ended`, or the exit of the killed process."""

    @property
    def was_cut(self) -> bool:
        """The robot's process died at it."""
        return self.closed_by is not None and self.closed_by.kind == PROCESS_EXITED


def executions(history: History, command_timeout_s: float) -> list[Execution]:
    """All executions, in the order in which they began.

    Parameters
    ----------
    command_timeout_s : how long a body goes on after its process has died, on the node clock.
    """
    opened: dict[tuple[RobotId, int, TaskId, int], Record] = {}
    closed: list[Execution] = []
    for record in history:
        key = (record.robot, record.incarnation, record.task_id, record.attempt)
        if record.kind == 'execution_started':
            opened.setdefault(key, record)
        elif record.kind == 'execution_ended' and key in opened:
            closed.append(_execution(opened.pop(key), record.at, record))
        elif record.kind == PROCESS_EXITED:
            # The last words of a dying process may be heard after its exit: an execution that
            # began later belongs to its next life.
            died = [
                key
                for key, begun in opened.items()
                if begun.robot == record.subject and begun.at <= record.at
            ]
            for key in died:
                closed.append(_execution(opened.pop(key), record.at + command_timeout_s, record))
    closed += [_execution(begun, math.inf, None) for begun in opened.values()]
    return sorted(closed, key=lambda one: (one.begin, one.robot))


def check_single_execution(history: History, command_timeout_s: float = 0.5) -> Verdict:
    """Check I1. Tasks that the ledger calls not exclusive are left out."""
    ledger = ledger_of(history)
    by_task: dict[TaskId, list[Execution]] = defaultdict(list)
    for one in executions(history, command_timeout_s):
        if one.task_id not in ledger or ledger[one.task_id].exclusive:
            by_task[one.task_id].append(one)
    offences = [
        _overlap(earlier, later)
        for task in by_task.values()
        for earlier, later in _overlapping(task)
        if not _are_partners(earlier, later, ledger)
    ]
    gaps = [
        (later.begin - earlier.end, later.task_id)
        for task in by_task.values()
        for earlier, later in pairwise(task)
    ]
    count = sum(map(len, by_task.values()))
    evidence = f'{count} executions of {len(by_task)} exclusive tasks, {len(gaps)} handed over'
    if gaps:
        evidence += '; shortest gap {:.2f} s ({})'.format(*min(gaps))
    return Verdict(
        invariant='I1',
        promise='no double execution',
        checked=count,
        evidence=evidence,
        offences=tuple(offences),
    )


def _execution(begun: Record, end: float, closed_by: Record | None) -> Execution:
    return Execution(
        task_id=begun.task_id,
        attempt=begun.attempt,
        robot=begun.robot,
        begin=begun.at,
        end=end,
        opened_by=begun,
        closed_by=closed_by,
    )


def _are_partners(
    earlier: Execution, later: Execution, ledger: Mapping[TaskId, LedgerTask]
) -> bool:
    """Two robots of one coalition, at the same attempt."""
    task = ledger.get(later.task_id)
    is_coalition = task is not None and task.robots_needed > 1
    return is_coalition and earlier.attempt == later.attempt and earlier.robot != later.robot


def _overlapping(task: list[Execution]) -> Iterable[tuple[Execution, Execution]]:
    """Each execution, by begin, against all earlier ones that last into it."""
    under_way: list[Execution] = []
    for one in task:
        under_way = [earlier for earlier in under_way if earlier.end > one.begin]
        yield from ((earlier, one) for earlier in under_way)
        under_way.append(one)


def _overlap(earlier: Execution, later: Execution) -> Offence:
    until = 'and never ended' if math.isinf(earlier.end) else f'until {earlier.end:.2f} s'
    proof = (earlier.opened_by, earlier.closed_by, later.opened_by)
    return Offence(
        f'{later.robot} began {later.task_id} (attempt {later.attempt}) at {later.begin:.2f} s '
        f'while {earlier.robot} was at it (attempt {earlier.attempt}) {until}',
        tuple(record for record in proof if record is not None),
    )

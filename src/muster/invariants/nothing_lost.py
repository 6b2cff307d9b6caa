"""I2: a task whose submission was acknowledged is in the ledger for ever, and comes to an end.

This is judged at the end of a run that was given the time to finish: a task that is still open
then counts as undone.
"""

from __future__ import annotations

from collections import Counter

from muster.core.types import TaskId, TaskState
from muster.invariants.record import REQUEST_ANSWERED, History, Record, ledger_of
from muster.invariants.verdict import Offence, Verdict

_FINAL_EVENTS = {
    'task_done': TaskState.DONE.name,
    'task_failed': TaskState.FAILED.name,
    'task_cancelled': TaskState.CANCELLED.name,
}


def check_nothing_lost(history: History) -> Verdict:
    """Check I2: every acknowledged task is in the ledger, final, with a reason if it failed, and
    stays so."""
    acknowledged: dict[TaskId, Record] = {}
    finals: dict[TaskId, Record] = {}
    offences = []
    for record in history:
        if _is_acknowledgement(record):
            acknowledged.setdefault(record.task_id, record)
        if record.kind in _FINAL_EVENTS:
            before = finals.setdefault(record.task_id, record)
            if before.kind != record.kind:
                offences.append(
                    Offence(
                        f'{record.task_id}: {before.kind}, then {record.kind}', (before, record)
                    )
                )
    ledger = ledger_of(history)
    if not ledger and acknowledged:
        offences.append(Offence('the run ended without a ledger: no leader told it'))
    for task_id, answer in acknowledged.items() if ledger else ():
        if task_id not in ledger:
            offences.append(Offence(f'{task_id}: acknowledged, but not in the ledger', (answer,)))
            continue
        task = ledger[task_id]
        if not TaskState[task.state].is_final:
            offences.append(Offence(f'{task_id}: still {task.state} at the end', (answer,)))
        elif task.state == TaskState.FAILED.name and not task.detail:
            offences.append(Offence(f'{task_id}: FAILED without a reason', (answer,)))
        told = finals.get(task_id)
        if told and _FINAL_EVENTS[told.kind] != task.state:
            offences.append(
                Offence(f'{task_id}: {told.kind}, but {task.state} in the ledger', (told,))
            )
    states = Counter(ledger[task].state for task in acknowledged if task in ledger)
    tally = ', '.join(f'{count} {state}' for state, count in sorted(states.items()))
    return Verdict(
        invariant='I2',
        promise='nothing lost',
        checked=len(acknowledged),
        evidence=f'{len(acknowledged)} acknowledged: {tally or "none ended"}',
        offences=tuple(offences),
    )


def _is_acknowledgement(record: Record) -> bool:
    return (
        record.kind == REQUEST_ANSWERED
        and bool(record.data.get('accepted'))
        and record.data.get('operation', 'submit') == 'submit'
    ) or record.kind == 'task_submitted'

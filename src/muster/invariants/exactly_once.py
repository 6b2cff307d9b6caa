"""I3: submitting the same request id again, to any robot, any number of times, makes one task."""

from __future__ import annotations

from collections import Counter, defaultdict

from muster.core.types import RequestId, TaskId
from muster.invariants.record import (
    LEDGER_TASK,
    REQUEST_ANSWERED,
    REQUEST_SENT,
    History,
    Record,
)
from muster.invariants.verdict import Offence, Verdict

_TELLS_WHICH_TASK = {'task_submitted', LEDGER_TASK, REQUEST_ANSWERED}


def check_exactly_once(history: History) -> Verdict:
    """Check I3: one task per request id, and one request id per task."""
    sent: Counter[RequestId] = Counter()
    tasks: dict[RequestId, dict[TaskId, Record]] = defaultdict(dict)
    requests: dict[TaskId, dict[RequestId, Record]] = defaultdict(dict)
    for record in history:
        request = str(record.data.get('request_id', ''))
        if record.data.get('operation', 'submit') != 'submit' or not request:
            continue
        if record.kind == REQUEST_SENT:
            sent[request] += 1
        elif record.kind in _TELLS_WHICH_TASK and record.task_id:
            tasks[request].setdefault(record.task_id, record)
            requests[record.task_id].setdefault(request, record)
    offences = [
        Offence(
            f'request {request} made {len(made)} tasks: {", ".join(made)}', tuple(made.values())
        )
        for request, made in tasks.items()
        if len(made) > 1
    ] + [
        Offence(f'task {task} stands for {len(by)} requests: {", ".join(by)}', tuple(by.values()))
        for task, by in requests.items()
        if len(by) > 1
    ]
    repeated = sum(count > 1 for count in sent.values())
    return Verdict(
        invariant='I3',
        promise='exactly-once intake',
        checked=len(tasks),
        evidence=f'{sum(sent.values())} sendings of {len(tasks)} requests made '
        f'{len(requests)} tasks; {repeated} requests were repeated',
        offences=tuple(offences),
    )

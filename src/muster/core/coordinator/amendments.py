"""Which changes of a task the team can honour, beyond what holds for any task."""

from __future__ import annotations

from muster.core.ledger.ledger import Ledger
from muster.core.types import Amend

FIXED = ('predecessors', 'starts_with')
"""What a task waits for stays as it was accepted: a change could make tasks wait in a circle."""


def reason_to_refuse_amendment(request: Amend, ledger: Ledger) -> str:
    """Why a task cannot become what is asked for; empty when it can."""
    task = ledger.tasks.get(request.task_id)
    if task is None:
        return f'there is no task {request.task_id!r}; `muster tasks` lists them'
    present = task.amended or task.spec
    for name in FIXED:
        if getattr(request.spec, name) != getattr(present, name):
            return f'{name}: cannot be changed; cancel {task.id}, and submit it anew'
    return ''

"""What of a task can be changed once it is in the ledger.

Whatever may be asked for at submission may be asked for later, but for two things: a task must not
come to wait for itself, and the tasks that set out with one another are a company for good.
"""

from __future__ import annotations

from muster.core.coordinator.company import all_before
from muster.core.ledger.ledger import Ledger
from muster.core.types import Amend


def reason_to_refuse_change(request: Amend, ledger: Ledger) -> str:
    """Why a task cannot become what is asked for, though it might have been submitted so; empty
    when it can."""
    task = ledger.tasks.get(request.task_id)
    if task is None:
        return ''  # the ledger refuses it
    if task.id in all_before(request.spec.predecessors, ledger):
        return (
            f'predecessors: {task.id} would have to be done before itself; leave out what waits '
            'for it'
        )
    if set(request.spec.starts_with) != set(task.spec.starts_with):
        return (
            'starts_with: cannot be changed; cancel the task and submit another that sets out '
            'with those'
        )
    return ''

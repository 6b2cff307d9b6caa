"""Which of the tasks that several robots begin together a robot should stand ready for.

Robots wait idle for each other at these, so no two must wait for each other's partners. They do
not, because all choose by the same rule from the same ledger: of the tasks whose crews are
complete, the one that was awarded first. Where one robot's copy of the ledger is behind, the
choices differ for a moment, until it catches up and changes its mind.
"""

from __future__ import annotations

from collections.abc import Iterable

from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import Task
from muster.core.types import TaskState


def is_complete(ledger: Ledger, task: Task) -> bool:
    """Whether everybody is known who sets out together for a task, nothing is amiss, and nothing
    has to be done first: that may be left to one of those who would stand there and wait."""
    mates = ledger.setting_out_with(task)
    return all(
        mate.state is TaskState.AWARDED
        and not mate.trouble
        and all(ledger.tasks[one].state is TaskState.DONE for one in mate.spec.predecessors)
        for mate in mates
    )


def next_together(ledger: Ledger, able: Iterable[Task]) -> Task | None:
    """The task to stand ready for, of those that the robot could begin; None when there is
    none."""
    complete = (
        (max(mate.rank for mate in ledger.setting_out_with(task)), task.id, task)
        for task in able
        if task.sets_out_together and task.state is TaskState.AWARDED and is_complete(ledger, task)
    )
    best = min(complete, key=lambda one: one[:2], default=None)
    return best[2] if best is not None else None

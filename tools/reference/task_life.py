"""The life of a task, from the table that the ledger enforces."""

from __future__ import annotations

from muster.core.ledger.task import LIFE
from muster.core.types import TaskState

MEANING = {
    TaskState.PENDING: 'Waits for an auction, for the first time or again',
    TaskState.AWARDED: "In a robot's schedule",
    TaskState.EXECUTING: "A robot's body is at it",
    TaskState.DONE: 'Over, done',
    TaskState.FAILED: 'Over, with a reason: its retries are used up, or it can never be done',
    TaskState.CANCELLED: 'Over, taken back by an operator',
}


def describe_task_life() -> str:
    """A table: each state, what it means, and which states may follow."""
    lines = ['| state | meaning | may become |', '|---|---|---|']
    for state in TaskState:
        following = ', '.join(one.name for one in sorted(LIFE[state])) or 'final'
        lines.append(f'| {state.name} | {MEANING[state]} | {following} |')
    return '\n'.join(lines)

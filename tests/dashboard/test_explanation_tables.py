"""An explanation as people see it."""

from __future__ import annotations

import io

from rich.console import Console

from muster.core.coordinator.explanation import Explanation, PricedOffer
from muster.core.types import TaskState
from muster.dashboard.explanation_tables import explanation_tables

WAITING = Explanation(
    task_id='t', state=TaskState.PENDING, attempt=0, crew=(), summary='Nobody has t.'
)


def shown(explanation: Explanation) -> list[list[str]]:
    """Words, line by line."""
    console = Console(width=100, record=True, file=io.StringIO())
    for part in explanation_tables(explanation):
        console.print(part)
    return [line.split() for line in console.export_text().splitlines() if line.split()]


def test_where_nothing_else_is_known_there_is_the_sentence_alone() -> None:
    assert shown(WAITING) == [['Nobody', 'has', 't.']]


def test_terms_stand_in_one_order_and_the_robots_own_come_last() -> None:
    offers = (
        PricedOffer(robot='a', won=True, cost=3.0, terms={'aisle': 1.0, 'work': 2.0}),
        PricedOffer(robot='b', won=False, cost=4.0, terms={'travel': 4.0}),
    )
    told = Explanation(
        task_id='t',
        state=TaskState.AWARDED,
        attempt=1,
        crew=('a',),
        summary='a has t.',
        how='auction',
        offers=offers,
        refusals={'c': 'has fallen'},
        silent=('d',),
    )
    lines = shown(told)
    assert ['offer', 'cost', 'travel', 'work', 'aisle'] in lines
    assert ['a', '3.0', '2.0', '1.0'] in lines
    assert ['b', '4.0', '4.0'] in lines
    assert ['c', 'has', 'fallen'] in lines
    assert ['d', 'did', 'not', 'answer', 'in', 'time'] in lines

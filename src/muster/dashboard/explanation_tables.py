"""An explanation for people: a paragraph, what was offered, and who offered nothing."""

from __future__ import annotations

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from muster.core.allocation.costs import Term
from muster.core.coordinator.explanation import Explanation


def explanation_tables(explanation: Explanation) -> tuple[RenderableType, ...]:
    """The parts that there is something to say in, in the order of reading."""
    parts: list[RenderableType] = [Text(explanation.summary)]
    if explanation.offers:
        parts.append(_offers(explanation))
    if explanation.refusals or explanation.silent:
        parts.append(_others(explanation))
    return tuple(parts)


def _offers(explanation: Explanation) -> Table:
    named = {name for one in explanation.offers for name in one.terms}
    common = [term.name.lower() for term in Term if term.name.lower() in named]
    names = [*common, *sorted(named.difference(common))]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column('offer', no_wrap=True)
    table.add_column('cost', justify='right')
    for name in names:
        table.add_column(name, justify='right')
    for one in explanation.offers:
        terms = [f'{one.terms[name]:.1f}' if name in one.terms else '' for name in names]
        style = 'bold green' if one.won else ''
        table.add_row(one.robot, f'{one.cost:.1f}', *terms, style=style)
    return table


def _others(explanation: Explanation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column('no offer', no_wrap=True)
    table.add_column('because it')
    for robot, reason in explanation.refusals.items():
        table.add_row(robot, reason)
    for robot in explanation.silent:
        table.add_row(robot, 'did not answer in time')
    return table

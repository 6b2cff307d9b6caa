"""The reference of events, alerts and records against what the code can say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from muster.cli.play import summary
from muster.dashboard import recorder
from muster.invariants import record

from .pages import DOCS, REFERENCE, ROOT, table, unquoted

PAGE = REFERENCE / 'events.md'
KIND_ARGUMENT = {'Change': 0, 'Report': 0, 'report': 0, '_of': 1}
"""Calls that name the kind of an event, and which argument it is."""
RECORDS = (record, recorder, summary)


@cache
def calls() -> tuple[ast.Call, ...]:
    trees = (ast.parse(path.read_text(encoding='utf-8')) for path in (ROOT / 'src').rglob('*.py'))
    return tuple(node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ''


def texts(node: ast.expr) -> Iterator[str]:
    """The texts that an argument can be: `'a'`, or `'a' if it else 'b'`."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from texts(body)
            yield from texts(other)


def said(positions: dict[str, int]) -> set[str]:
    return {
        text
        for call in calls()
        if called(call) in positions and len(call.args) > positions[called(call)]
        for text in texts(call.args[positions[called(call)]])
        if re.fullmatch(r'[a-z]+(_[a-z]+)*', text)
    }


def described(heading: str, column: str) -> dict[str, dict[str, str]]:
    return {unquoted(row[column]): row for row in table(PAGE, heading)}


def test_every_kind_of_event_is_described_and_no_other() -> None:
    kinds = said(KIND_ARGUMENT)
    assert {'task_awarded', 'robot_fit', 'robot_unfit', 'execution_ended'} <= kinds
    assert set(described('Events', 'kind')) == kinds


def test_every_alert_is_described_with_a_remedy() -> None:
    codes = said({'Warn': 0, 'leave': 0})
    assert 'storage_failed' in codes
    assert set(described('Alerts', 'code')) == codes
    remedies = table(DOCS / 'operations.md', 'Alerts and remedies')
    assert {unquoted(row['code']) for row in remedies if row['remedy']} == codes


def test_every_record_of_a_run_is_described_and_no_other() -> None:
    noted = {
        call.args[0].id
        for call in calls()
        if called(call) == 'note' and call.args and isinstance(call.args[0], ast.Name)
        if call.args[0].id.isupper()
    }
    constants = {
        name: value
        for module in RECORDS
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    assert noted <= set(constants)
    assert set(described('Records of a run', 'kind')) == set(constants.values())

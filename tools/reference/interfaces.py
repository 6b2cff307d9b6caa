"""Tables of messages, services and actions, from the files of muster_msgs.

The comments of these files are the documentation: one about the whole at the top, one behind each
field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / 'ros2_ws' / 'src' / 'muster_msgs'

_LINE = re.compile(
    r'(?P<type>[A-Za-z0-9_/]+(\[(<=)?\d*\])?)\s+(?P<name>\w+)\s*'
    r'(=\s*(?P<value>"[^"]*"|\S+)|(?P<default>-?[\d.]+|true|false|"[^"]*"))?'
    r'\s*(#\s*(?P<comment>.*))?'
)


@dataclass(frozen=True)
class Field:
    """A field, or a constant when it has a value."""

    type: str
    name: str
    value: str
    default: str
    """What it holds in a message in which nobody has set it, if that is not 0, false or empty."""
    comment: str


@dataclass(frozen=True)
class Interface:
    """One file: what it is for, and its sections: a message has one, a service two, an action
    three."""

    name: str
    purpose: str
    sections: tuple[tuple[Field, ...], ...]


def read_interface(path: Path) -> Interface:
    """Read a .msg, .srv or .action file; ValueError for a line that is no comment and no field."""
    purpose: list[str] = []
    sections: list[list[Field]] = [[]]
    has_begun = False
    for line in path.read_text(encoding='utf-8').splitlines():
        if line == '---':
            sections.append([])
        elif line.startswith('#') and not has_begun:
            purpose.append(line.lstrip('# '))
        elif line:
            found = _LINE.fullmatch(line)
            if found is None:
                raise ValueError(f'{path.name}: {line!r} is no field')
            has_begun = True
            parts = {key: value or '' for key, value in found.groupdict().items()}
            sections[-1].append(
                Field(
                    parts['type'],
                    parts['name'],
                    parts['value'],
                    parts['default'],
                    parts['comment'],
                )
            )
    return Interface(path.stem, ' '.join(purpose), tuple(map(tuple, sections)))


def interfaces(kind: str) -> list[Interface]:
    """All of `msg`, `srv` or `action`, by name."""
    return [read_interface(path) for path in sorted((PACKAGE / kind).glob(f'*.{kind}'))]


def describe_messages() -> str:
    return '\n\n'.join(_described(one, ('',)) for one in interfaces('msg'))


def describe_services() -> str:
    return '\n\n'.join(_described(one, ('Request', 'Response')) for one in interfaces('srv'))


def describe_actions() -> str:
    return '\n\n'.join(
        _described(one, ('Goal', 'Result', 'Feedback')) for one in interfaces('action')
    )


def _described(interface: Interface, headings: Iterable[str]) -> str:
    blocks = [f'### {interface.name}', _cell(interface.purpose)]
    for heading, fields in zip(headings, interface.sections, strict=True):
        if heading:
            blocks.append(f'**{heading}**')
        blocks += _tables(fields)
    return '\n\n'.join(blocks)


def _tables(fields: tuple[Field, ...]) -> list[str]:
    constants = [
        f'| `{one.name}` | `{one.value}` | {_cell(one.comment)} |' for one in fields if one.value
    ]
    rows = [
        f'| `{one.type}` | `{one.name}` | {_cell(one.comment)} |'
        for one in fields
        if not one.value
    ]
    tables = []
    if rows:
        tables.append('\n'.join(['| type | field | meaning |', '|---|---|---|', *rows]))
    if constants:
        tables.append('\n'.join(['| constant | value | meaning |', '|---|---|---|', *constants]))
    return tables


def _cell(comment: str) -> str:
    return comment.replace('|', '\\|').replace('<', '&lt;')

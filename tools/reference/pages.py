"""Finds the generated parts of a page and fills them in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from reference.commands import describe_commands
from reference.interfaces import describe_actions, describe_messages, describe_services
from reference.task_life import describe_task_life

DOCS = Path(__file__).resolve().parents[2] / 'docs'

PARTS: dict[str, Callable[[], str]] = {
    'messages': describe_messages,
    'services': describe_services,
    'actions': describe_actions,
    'commands': describe_commands,
    'task-life': describe_task_life,
}

_PART = re.compile(r'<!-- generated: (?P<name>[a-z-]+) -->\n.*?<!-- end -->', re.DOTALL)


def pages() -> Iterator[Path]:
    """Every page of the documentation."""
    return iter(sorted(DOCS.rglob('*.md')))


def refreshed(text: str) -> str:
    """A page with its generated parts as the code says them now; KeyError for an unknown part."""

    def fill(part: re.Match[str]) -> str:
        name = part['name']
        return f'<!-- generated: {name} -->\n\n{PARTS[name]()}\n\n<!-- end -->'

    return _PART.sub(fill, text)

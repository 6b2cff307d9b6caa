"""Reading the documentation: its pages, their tables, code blocks, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / 'docs'
REFERENCE = DOCS / 'reference'

_FENCE = re.compile(
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]*)")?\n(?P<code>.*?)^```$', re.M | re.S
)
_LINK = re.compile(r'(?<!\\)\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)')
_REFERENCE_LINK = re.compile(r'^\[[^\]]+\]:\s*(?P<target>\S+)$', re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    page: Path
    line: int
    language: str
    title: str
    code: str


def all_pages() -> list[Path]:
    """Everything that is documentation, inside and outside docs/."""
    return [*sorted(ROOT.glob('*.md')), *sorted(DOCS.rglob('*.md'))]


def relative(page: Path) -> str:
    """A page's name for test reports."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding='utf-8')
    for found in _FENCE.finditer(text):
        line = text.count('\n', 0, found.start()) + 1
        yield Block(page, line, found['language'], found['title'] or '', found['code'])


def all_blocks(language: str) -> list[Block]:
    """Every block of one language."""
    return [one for page in all_pages() for one in blocks(page) if one.language == language]


def links(page: Path) -> list[str]:
    text = _FENCE.sub('', page.read_text(encoding='utf-8'))
    return [
        one['target'] for pattern in (_LINK, _REFERENCE_LINK) for one in pattern.finditer(text)
    ]


def anchors(page: Path) -> set[str]:
    """What the headings of a page can be linked to as."""
    text = _FENCE.sub('', page.read_text(encoding='utf-8'))
    return {_slug(title) for title in re.findall(r'^#+ (.+)$', text, re.M)}


def tables(page: Path, heading: str) -> list[list[dict[str, str]]]:
    """Tables between a heading and the next of whatever level, as rows by column title."""
    text = page.read_text(encoding='utf-8')
    start = re.search(rf'^#+ {re.escape(heading)}$', text, re.M)
    assert start, f'{relative(page)} has no heading {heading!r}'
    section = re.split(r'^#+ ', text[start.end() :], maxsplit=1, flags=re.M)[0]
    groups = re.findall(r'(?:^\|.*\|\n?)+', section, re.M)
    return [_rows(group) for group in groups]


def table(page: Path, heading: str) -> list[dict[str, str]]:
    """The first table under a heading."""
    return tables(page, heading)[0]


def unquoted(cell: str) -> str:
    """A cell without the marks of code and of a link."""
    return re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', cell).replace('`', '').strip()


def _rows(group: str) -> list[dict[str, str]]:
    lines = [re.split(r'(?<!\\)\|', line.strip())[1:-1] for line in group.strip().splitlines()]
    titles = [cell.strip() for cell in lines[0]]
    return [dict(zip(titles, (cell.strip() for cell in line), strict=True)) for line in lines[2:]]


def _slug(title: str) -> str:
    return re.sub(r'[\s]+', '-', re.sub(r'[^\w\s-]', '', unquoted(title)).strip().lower())

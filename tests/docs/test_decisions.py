"""Decisions have a form, and are listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .pages import DOCS, ROOT, links, relative

PAGES = sorted((DOCS / 'decisions').glob('[0-9]*.md'))


@pytest.mark.parametrize('page', PAGES, ids=relative)
def test_a_decision_has_context_decision_and_consequences(page: Path) -> None:
    text = page.read_text(encoding='utf-8')
    assert re.match(rf'# {int(page.name[:4])}\. ', text)
    assert re.findall(r'^## (.+)$', text, re.M) == ['Context', 'Decision', 'Consequences']
    assert re.search(r'^Status: (proposed|accepted|superseded by \d+)$', text, re.M)


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    assert [int(page.name[:4]) for page in PAGES] == list(range(1, len(PAGES) + 1))
    names = [page.name for page in PAGES]
    assert links(DOCS / 'decisions' / 'index.md') == names
    navigation = (ROOT / 'mkdocs.yml').read_text(encoding='utf-8')
    assert re.findall(r'decisions/(\d.+\.md)', navigation) == names

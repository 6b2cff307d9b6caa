"""The page that says which mutants there are, and what noticed each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .trial import ROOT, Verdict

PAGE = ROOT / 'docs' / 'reference' / 'mutants.md'
_HEAD = """\
# Mutants

Each row is a fault that `make mutants` plants in a copy of the source, and the first test that
fails because of it. The command ends with status 1 if one is not noticed. `make mutants
MUTANT_ARGS=--write` writes this page anew.

| the broken code | in | noticed by |
|---|---|---|
"""


def draw(verdicts: Sequence[Verdict]) -> str:
    """The page, in Markdown."""
    rows = []
    for verdict in verdicts:
        noticed = verdict.killers[0] if verdict.killers else verdict.fate.value
        short = noticed.removeprefix('tests/').replace('|', '\\|')
        rows.append(f'| {verdict.mutant.name} | `{verdict.mutant.file}` | `{short}` |\n')
    return _HEAD + ''.join(rows)


def write(verdicts: Sequence[Verdict], page: Path = PAGE) -> None:
    page.write_text(draw(verdicts), encoding='utf-8')

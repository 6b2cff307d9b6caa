"""What a check found: well or not, what was measured, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich import box
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    name: str
    is_well: bool
    detail: str
    """What was measured, or what is wrong."""
    remedy: str = ''
    """How to mend it; empty when all is well."""


def findings_table(findings: Iterable[Finding]) -> Table:
    """The findings for people, remedies below what they mend."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ('check', '', 'finding'):
        table.add_column(heading)
    for one in findings:
        sign = Text('ok', style='green') if one.is_well else Text('WRONG', style='bold red')
        detail = Text(one.detail)
        if one.remedy:
            detail.append(f'\nto mend it: {one.remedy}', style='yellow')
        table.add_row(one.name, sign, detail)
    return table

"""The page about allocation against the constants and terms of the core."""

from __future__ import annotations

import dataclasses

import pytest

from muster.core.allocation.config import AuctionConfig, MotionProfile
from muster.core.allocation.costs import Term
from muster.runtime.team_file import Allocation, Coordination, Motion

from .pages import DOCS, table, unquoted

PAGE = DOCS / 'allocation.md'
SECTIONS = {'coordination': Coordination, 'allocation': Allocation, 'motion': Motion}


def tuning() -> dict[str, tuple[str, str]]:
    """Name in the team file and default, by field."""
    found = {}
    for row in table(PAGE, 'Tuning'):
        columns = (row['field'], row['team file'], row['default'])
        names, places, defaults = (cell.split(', ') for cell in columns)
        for name, place, default in zip(names, places, defaults, strict=True):
            found[unquoted(name)] = (unquoted(place) if place else '', default)
    return found


def test_every_constant_is_described_with_its_default() -> None:
    fields = (*dataclasses.fields(AuctionConfig), *dataclasses.fields(MotionProfile))
    assert {name: default for name, (_, default) in tuning().items()} == {
        field.name: str(field.default) for field in fields
    }


@pytest.mark.parametrize('name', tuning())
def test_constants_are_found_where_the_page_says(name: str) -> None:
    place, _ = tuning()[name]
    found = [
        f'{section}.{name}' for section, model in SECTIONS.items() if name in model.model_fields
    ]
    assert found == ([place] if place else [])


def test_every_term_of_a_cost_is_described() -> None:
    described = {unquoted(row['term']) for row in table(PAGE, 'What a plan costs')}
    assert described == {term.name.lower() for term in Term}

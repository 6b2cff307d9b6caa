"""The maps of the source show what is there."""

from __future__ import annotations

import re

import pytest

from .pages import ROOT, table


@pytest.mark.parametrize(
    ('page', 'heading', 'column'),
    [
        ('README.md', 'Where things are', 'folder'),
        ('CONTRIBUTING.md', 'Finding the place for a change', 'look in'),
    ],
)
def test_places_that_are_named_exist(page: str, heading: str, column: str) -> None:
    for row in table(ROOT / page, heading):
        folder = ROOT
        for name in re.findall(r'`([^`]+)`', row[column]):
            path = ROOT / name if '/' in name else folder / name
            assert list(path.parent.glob(path.name)), f'{name} does not exist'
            folder = path.parent


def test_every_package_is_on_the_map() -> None:
    rows = table(ROOT / 'README.md', 'Where things are')
    told = ' '.join(row['folder'] for row in rows)
    packages = {path.parent.name for path in (ROOT / 'src/muster').glob('*/__init__.py')}
    assert packages
    assert not [name for name in packages if f'src/muster/{name}`' not in told]

"""Links lead somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import DOCS, all_pages, anchors, links, relative


@pytest.mark.parametrize('page', all_pages(), ids=relative)
def test_links_lead_to_what_exists(page: Path) -> None:
    for target in links(page):
        if target.startswith('https://'):
            continue
        name, _, anchor = target.partition('#')
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f'{target}: {file} does not exist'
        if anchor and file.suffix == '.md':
            assert anchor in anchors(file), f'{target}: no such heading'


@pytest.mark.parametrize('page', sorted(DOCS.rglob('*.md')), ids=relative)
def test_pages_of_the_site_link_to_nothing_outside_it(page: Path) -> None:
    for target in links(page):
        if not target.startswith(('https://', '#')):
            file = (page.parent / target.partition('#')[0]).resolve()
            assert file.is_relative_to(DOCS), f'{target} is not part of the site'

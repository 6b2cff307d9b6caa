"""Generated parts of the pages say what the code says today."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .pages import DOCS, ROOT, relative

sys.path.insert(0, str(ROOT / 'tools'))

from reference.interfaces import interfaces, read_interface
from reference.pages import PARTS, refreshed


@pytest.mark.parametrize('page', sorted(DOCS.rglob('*.md')), ids=relative)
def test_nothing_generated_is_stale(page: Path) -> None:
    text = page.read_text(encoding='utf-8')
    assert refreshed(text) == text, 'run `python tools/reference`'


def test_every_part_is_on_some_page() -> None:
    text = ''.join(page.read_text(encoding='utf-8') for page in DOCS.rglob('*.md'))
    assert not [name for name in PARTS if f'<!-- generated: {name} -->' not in text]


@pytest.mark.parametrize('kind', ['msg', 'srv', 'action'])
def test_every_interface_that_is_built_is_described(kind: str) -> None:
    cmake = (ROOT / 'ros2_ws/src/muster_msgs/CMakeLists.txt').read_text(encoding='utf-8')
    described = {f'{kind}/{one.name}.{kind}' for one in interfaces(kind)}
    assert described
    assert described == {part.strip('"') for part in cmake.split() if f'.{kind}' in part}
    assert all(one.purpose for one in interfaces(kind))


def test_a_line_that_is_no_field_is_not_passed_over(tmp_path: Path) -> None:
    message = tmp_path / 'Odd.msg'
    message.write_text('# Odd.\nfloat64 x  # [m]\nwhat is this?\n')
    with pytest.raises(ValueError, match='what is this'):
        read_interface(message)

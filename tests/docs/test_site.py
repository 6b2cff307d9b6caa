"""The documentation builds as a web site that needs nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import ROOT

LOADED = re.compile(r'<(?:script|img|iframe)[^>]*\ssrc="([^"]+)"|<link[^>]*\shref="([^"]+)"[^>]*>')
NOT_LOADED = ('rel="canonical"', 'rel="prev"', 'rel="next"')


@pytest.fixture(scope='module')
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('site')
    built = subprocess.run(
        [
            sys.executable,
            '-m',
            'mkdocs',
            'build',
            '--strict',
            '--quiet',
            '--site-dir',
            str(folder),
        ],
        cwd=ROOT,
        env={**os.environ, 'NO_MKDOCS_2_WARNING': '1'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob('*.html'))
    assert len(pages) > 20
    for page in pages:
        for found in LOADED.finditer(page.read_text(encoding='utf-8')):
            if not any(relation in found[0] for relation in NOT_LOADED):
                target = found[1] or found[2]
                assert '//' not in target, f'{page.name} loads {target}'


def test_styles_load_nothing_from_elsewhere(site: Path) -> None:
    for sheet in site.rglob('*.css'):
        text = sheet.read_text(encoding='utf-8')
        assert not re.findall(r'(?:url\(|@import )["\']?https?://[^)"\']+', text), sheet.name


def test_pictures_load_nothing_from_elsewhere(site: Path) -> None:
    pictures = list((site / 'images').glob('*.svg'))
    assert pictures
    for picture in pictures:
        text = picture.read_text(encoding='utf-8')
        assert not re.findall(r'(?:href="|url\(["\']?)https?://', text), picture.name

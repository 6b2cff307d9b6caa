"""The skill of the tutorial is a package that installs, is found and passes its own test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from muster.runtime.team_file import Team

from .pages import DOCS, ROOT, blocks

PAGE = DOCS / 'tutorial.md'


def titled(title: str) -> str:
    (code,) = (block.code for block in blocks(PAGE) if block.title == title)
    return code


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The files of the tutorial, as it names them."""
    for block in blocks(PAGE):
        if block.title.startswith('look_around/'):
            file = tmp_path / block.title
            file.parent.mkdir(exist_ok=True)
            file.write_text(block.code, encoding='utf-8')
    return tmp_path / 'look_around'


def test_the_skill_installs_and_is_found_and_passes_its_test(
    package: Path, tmp_path: Path
) -> None:
    site = tmp_path / 'site'
    install = ('pip', 'install', '--quiet', '--no-deps', '--no-build-isolation', '--no-index')
    run(*install, '--disable-pip-version-check', '--target', str(site), str(package))
    environment = {**os.environ, 'PYTHONPATH': str(site)}
    find = 'from muster.runtime.skills import installed_skills; print(*installed_skills())'
    found = subprocess.run(
        [sys.executable, '-c', find], env=environment, capture_output=True, text=True, check=True
    )
    assert 'look_around' in found.stdout.split()
    tested = subprocess.run(
        [sys.executable, '-m', 'pytest', '-q', '-c', os.devnull, str(package)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert '1 passed' in tested.stdout, tested.stdout


def test_the_lines_for_the_team_file_fit_into_it() -> None:
    team = yaml.safe_load((ROOT / 'config/teams/warehouse.yaml').read_text(encoding='utf-8'))
    added = yaml.safe_load(titled('my_team.yaml'))
    merged = Team.model_validate({**team, 'skills': team['skills'] | added['skills']})
    assert 'look_around' in merged.skills


def run(module: str, *arguments: str) -> None:
    finished = subprocess.run(
        [sys.executable, '-m', module, *arguments], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr

"""Plays every file in `scenarios`. The language is described in `scenarios/README.md`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .datadriven.player import ScenarioError, play
from .datadriven.script import ScriptError

FOLDER = Path(__file__).parent / 'scenarios'
SCENARIOS = {path.relative_to(FOLDER).as_posix(): path for path in sorted(FOLDER.rglob('*.txt'))}

WIDTH = 99
"""Of the code, too."""


def test_scenarios_are_no_wider_than_the_code() -> None:
    wide = [
        f'{name}:{number}'
        for name, path in SCENARIOS.items()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > WIDTH
    ]
    assert not wide


@pytest.mark.parametrize('name', SCENARIOS)
def test_scenario(name: str) -> None:
    report = ''
    try:
        play(name, SCENARIOS[name].read_text())
    except (ScriptError, ScenarioError) as error:
        report = str(error)
    if report:
        pytest.fail(report, pytrace=False)

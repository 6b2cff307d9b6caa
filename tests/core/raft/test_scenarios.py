"""Plays every file in `scenarios`. The language is described in `scenarios/README.md`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .datadriven.player import ScenarioError, play
from .datadriven.script import ScriptError

FOLDER = Path(__file__).parent / 'scenarios'
SCENARIOS = {path.relative_to(FOLDER).as_posix(): path for path in sorted(FOLDER.rglob('*.txt'))}


@pytest.mark.parametrize('name', SCENARIOS)
def test_scenario(name: str) -> None:
    report = ''
    try:
        play(name, SCENARIOS[name].read_text())
    except (ScriptError, ScenarioError) as error:
        report = str(error)
    if report:
        pytest.fail(report, pytrace=False)

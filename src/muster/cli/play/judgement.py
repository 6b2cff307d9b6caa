"""Judges a recorded run, and leaves `summary.json` and the pictures beside its events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from muster.cli.play.summary import RunSummary, facts_of, summarise
from muster.core.types import ConfigurationError
from muster.dashboard.paths import draw_paths
from muster.dashboard.timeline import draw_timeline
from muster.invariants import read_history
from muster.invariants.record import RUN_READY
from muster.runtime.team_file import read_team


def judge_folder(folder: Path) -> RunSummary:
    """Judge the run in a folder.

    Raises
    ------
    ConfigurationError
        if there is no record of a run, or its team file is gone.
    """
    history = read_history(folder / 'events.jsonl')
    if not history:
        raise ConfigurationError(f'{folder}: events.jsonl is empty')
    summary = summarise(history)
    text = msgspec.json.format(msgspec.json.encode(plain(summary)), indent=2)
    (folder / 'summary.json').write_bytes(text + b'\n')
    facts = facts_of(history)
    _, world = read_team(Path(facts.team_file))
    ready = next((record.at for record in history if record.kind == RUN_READY), history[0].at)
    draw_timeline(history, facts.robots, ready, history[-1].at, folder / 'timeline.png')
    draw_paths(history, facts.robots, world, folder / 'paths.png')
    return summary


def plain(summary: RunSummary) -> dict[str, Any]:
    """A summary as it is written: the verdict first."""
    fields: dict[str, Any] = msgspec.to_builtins(summary)
    return {'passed': summary.passed, **fields}

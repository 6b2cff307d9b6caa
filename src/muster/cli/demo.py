"""`muster demo`: play a scenario to a simulated team, faults and all, and judge the run."""

from __future__ import annotations

from pathlib import Path

import click

from muster.cli.exits import ExitCode
from muster.cli.options import gui_option, rate_option
from muster.cli.output import json_option


@click.command()
@click.argument('scenario', default='warehouse')
@click.option(
    '--faults',
    type=click.Choice(['scenario', 'random-kill']),
    default='scenario',
    show_default=True,
    help="The scenario's own faults, or instead one robot killed at random at a random time.",
)
@click.option(
    '--repeat',
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help='Play it so many times.',
)
@click.option('--seed', type=int, default=0, show_default=True, help='Of the world and of chance.')
@rate_option
@gui_option
@click.option('--no-view', is_flag=True, help='Print the final report only.')
@click.option(
    '--runs',
    type=click.Path(file_okay=False, path_type=Path),
    default=Path('runs'),
    show_default=True,
    help='Folder that gets a folder for each run.',
)
@json_option
def demo(
    scenario: str,
    faults: str,
    repeat: int,
    seed: int,
    rate: float,
    gui: bool,
    no_view: bool,
    runs: Path,
    as_json: bool,
) -> None:
    """Play a scenario to a simulated team, and judge the run.

    SCENARIO is a file, or the name of one in config/scenarios. Everything is recorded in a new
    folder: events.jsonl, timeline.png, paths.png, summary.json and the logs of all processes.

    The exit status is 0 only if every task was done, every invariant held, every fault bit and
    every killed robot came back. With --repeat, run N uses seed SEED + N, counted from 0.

    \b
    Examples:
      muster demo
      muster demo --faults random-kill --repeat 20 --no-view
    """
    from muster.cli.play.performance import Performance, play_all

    performance = Performance(
        scenario=scenario,
        is_random_kill=faults == 'random-kill',
        seed=seed,
        rate=rate,
        has_window=gui,
        runs=runs,
        has_view=not no_view,
        as_json=as_json,
    )
    if not play_all(performance, repeat):
        raise SystemExit(ExitCode.FAILED)

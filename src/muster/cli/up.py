"""`muster up`: run a simulated team until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from muster.cli.options import gui_option, rate_option


@click.command()
@click.argument('team', default='warehouse')
@click.option('--seed', type=int, default=0, show_default=True, help='Of the simulated world.')
@rate_option
@gui_option
@click.option('--quiet', is_flag=True, help='Show nothing but where the logs are.')
@click.option(
    '--runs',
    type=click.Path(file_okay=False, path_type=Path),
    default=Path('runs'),
    show_default=True,
    help='Folder that gets a folder for this run.',
)
def up(team: str, seed: int, rate: float, gui: bool, quiet: bool, runs: Path) -> None:
    """Run a simulated team until Ctrl-C.

    TEAM is a file, or the name of one in config/teams. Ask it for work from another terminal with
    `muster submit`: it is found by itself. A robot whose process dies is started again.
    """
    from muster.cli.standing_team import run_until_stopped

    run_until_stopped(team, seed=seed, rate=rate, has_window=gui, is_quiet=quiet, runs=runs)

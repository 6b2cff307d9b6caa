"""What `muster up` does: a simulated team that waits for work until it is stopped."""

from __future__ import annotations

from pathlib import Path

import click

from muster.cli.exits import FailedError
from muster.cli.stop_signals import StopSignals
from muster.cli.team_run import RunPlan, TeamRun, new_folder
from muster.dashboard.views import Board, view_of
from muster.runtime.process_specs import RestartPolicy, SimulatorOptions
from muster.runtime.share import find_config
from muster.runtime.team_file import read_team


def run_until_stopped(
    team_name: str, *, seed: int, rate: float, has_window: bool, is_quiet: bool, runs: Path
) -> None:
    """Start a team and keep it running until a signal comes.

    Raises
    ------
    FailedError
        if the team does not get ready, or the simulator ends.
    """
    team_file = find_config(team_name, 'teams')
    team, _ = read_team(team_file)
    folder = new_folder(runs)
    plan = RunPlan(
        team, team_file, folder, SimulatorOptions(seed, has_window, rate), RestartPolicy()
    )
    with StopSignals() as stop:
        try:
            _run(plan, stop, is_quiet)
        except KeyboardInterrupt:
            click.echo(f'team {team.team}: stopped', err=True)


def _run(plan: RunPlan, stop: StopSignals, is_quiet: bool) -> None:
    team, folder = plan.team, plan.folder
    with TeamRun(plan, stop) as run:
        where = f'logs in {folder}, ROS_DOMAIN_ID={run.live.domain_id}'
        click.echo(f'team {team.team}: starting, {where}', err=True)
        board = Board(f'team {team.team}', run.observer, footer=f'{where}   Ctrl-C stops the team')
        with view_of(board, is_wanted=not is_quiet) as view:
            run.recorder.listen(view.hear)

            def show() -> None:
                board.now = run.now
                view.refresh()

            run.wait_until_ready(show)
            board.started_at = run.now
            if is_quiet:
                click.echo(f'team {team.team}: ready', err=True)
            given_up: set[str] = set()
            while len(run.dead) < len(team.robots):
                run.work()
                show()
                for name in run.dead.keys() - given_up:
                    given_up.add(name)
                    click.echo(run.dead[name], err=True)
        raise FailedError('every robot was given up:\n' + '\n'.join(run.dead.values()))

"""One demo from beginning to end, and several in a row: start the team, play, stop it, judge,
draw, report."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

import click
import msgspec
from rich import box
from rich.table import Table
from rich.text import Text

from muster.cli.exits import FailedError
from muster.cli.output import print_json, print_rich
from muster.cli.play.director import Director, random_kill
from muster.cli.play.judgement import judge_folder, plain
from muster.cli.play.player import Player
from muster.cli.play.report import report
from muster.cli.play.summary import RunFacts, RunSummary, progress_bounds
from muster.cli.stop_signals import StopSignals
from muster.cli.team_run import NEVER_RESTARTED, RunPlan, TeamRun, new_folder
from muster.dashboard.views import Board, View, view_of
from muster.invariants.record import RUN_ENDED, RUN_READY, RUN_STARTED
from muster.runtime.process_specs import SimulatorOptions
from muster.runtime.scenario_file import Scenario, Stage, read_scenario
from muster.runtime.share import find_config


@dataclass(frozen=True)
class Performance:
    """What `muster demo` was asked for."""

    scenario: str
    is_random_kill: bool
    seed: int
    rate: float
    has_window: bool
    runs: Path
    has_view: bool
    as_json: bool


def play_all(performance: Performance, repeat: int) -> bool:
    """Play `repeat` times with seeds that follow each other; whether all passed."""
    stage = read_scenario(find_config(performance.scenario, 'scenarios'))
    summaries: list[tuple[Path, RunSummary]] = []
    for number in range(repeat):
        one = replace(performance, seed=performance.seed + number)
        if repeat > 1:
            click.echo(f'run {number + 1} of {repeat}, seed {one.seed}', err=True)
        folder, summary = _play_once(one, stage)
        summaries.append((folder, summary))
        if not performance.as_json:
            print_rich(*report(summary), Text(f'Recorded in {folder}'))
    if performance.as_json:
        results = [{'folder': str(folder), **plain(summary)} for folder, summary in summaries]
        print_json(results if repeat > 1 else results[0])
    elif repeat > 1:
        print_rich(_series(summaries))
    return all(summary.passed for _, summary in summaries)


def _play_once(performance: Performance, stage: Stage) -> tuple[Path, RunSummary]:
    rng = random.Random(performance.seed)
    scenario = stage.scenario
    if performance.is_random_kill:
        scenario = random_kill(scenario, [robot.name for robot in stage.team.robots], rng)
    folder = new_folder(performance.runs)
    _announce(performance, scenario, folder)
    with StopSignals() as stop:
        plan = RunPlan(
            stage.team,
            stage.team_file,
            folder,
            SimulatorOptions(performance.seed, performance.has_window, performance.rate),
            NEVER_RESTARTED,
        )
        with TeamRun(plan, stop) as run:
            run.recorder.note(
                RUN_STARTED, data=msgspec.to_builtins(_facts(performance, stage, scenario))
            )
            board = Board(
                scenario.title,
                run.observer,
                expected_tasks=len(scenario.tasks),
                footer=f'{folder}   ROS_DOMAIN_ID={run.live.domain_id}   Ctrl-C stops everything',
            )
            with view_of(
                board, is_wanted=performance.has_view, to_stderr=performance.as_json
            ) as view:
                run.recorder.listen(view.hear)
                director = Director(scenario, folder.name, rng)
                _play(run, board, view, director)
        stop.check()
    return folder, judge_folder(folder)


def _play(run: TeamRun, board: Board, view: View, director: Director) -> None:
    """From the start of the processes to the last word of the ledger."""

    def show() -> None:
        board.now = run.now
        view.refresh()

    player = Player(run, director)
    try:
        run.wait_until_ready(show)
        team = run.observer.team
        board.started_at = run.now
        run.recorder.note(RUN_READY, subject=team.leader if team else '')
        in_time = player.play(show)
        ending = '' if in_time else player.what_is_open()
    except FailedError as error:
        ending = str(error)
    run.recorder.note_ledger(run.observer.tasks, run.capable)
    run.recorder.note(RUN_ENDED, detail=ending)


def _announce(performance: Performance, scenario: Scenario, folder: Path) -> None:
    if not performance.has_view and not performance.as_json:
        click.echo(f'{scenario.title}: playing, recorded in {folder} ...', err=True)
    if performance.is_random_kill:
        fault = scenario.faults[0]
        click.echo(
            f'seed {performance.seed}: {fault.target} is killed after {fault.at:.1f} s and '
            f'returns {fault.restart_after_s:.1f} s later',
            err=True,
        )


def _facts(performance: Performance, stage: Stage, scenario: Scenario) -> RunFacts:
    reaward_s, award_s = progress_bounds(stage.team.coordination)
    return RunFacts(
        title=scenario.title,
        team=stage.team.team,
        world=stage.team.world,
        team_file=str(stage.team_file),
        seed=performance.seed,
        rate=performance.rate,
        robots=tuple(robot.name for robot in stage.team.robots),
        expected_tasks=len(scenario.tasks),
        schedule_capacity=stage.team.coordination.schedule_capacity,
        reaward_s=reaward_s,
        award_s=award_s,
    )


def _series(summaries: list[tuple[Path, RunSummary]]) -> Table:
    table = Table(title='Runs', title_justify='left', box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ('run', 'seed', 'verdict', 'tasks done', 'lasted', 'killed', 'failover'):
        table.add_column(heading)
    for folder, summary in summaries:
        done = sum(task.state == 'DONE' for task in summary.tasks)
        kills = [
            f'{fault.robot} at {fault.at_s:.1f} s{" (leader)" if fault.was_leader else ""}'
            for fault in summary.faults
            if fault.failure == 'process_kill'
        ]
        failovers = [f'{one.took_s:.2f} s' for one in summary.failovers if one.took_s is not None]
        table.add_row(
            folder.name,
            str(summary.facts.seed),
            Text('passed', style='green') if summary.passed else Text('FAILED', style='bold red'),
            f'{done} of {summary.facts.expected_tasks}',
            f'{summary.lasted_s:.0f} s',
            ', '.join(kills),
            ', '.join(failovers),
        )
    passed = sum(summary.passed for _, summary in summaries)
    table.caption = f'{passed} of {len(summaries)} passed'
    return table

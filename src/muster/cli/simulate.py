"""`muster simulate`: search the deterministic simulations for a broken promise."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from muster.cli.exits import ExitCode
from muster.cli.output import json_option
from muster.cli.simulation_report import failure_text, group_summary, headline, team_summary
from muster.cli.stop_signals import StopSignals

if TYPE_CHECKING:
    from muster.simulation.campaign import CampaignResult
    from muster.simulation.consensus.campaign import GroupCampaignResult
    from muster.simulation.consensus.run import GroupResult
    from muster.simulation.run import RunResult

DEFAULT_SEEDS = range(200)
TEAM_ROBOTS, TEAM_SECONDS = 5, 60.0
GROUP_SECONDS = 20.0
RANDOM_SEEDS = 10**9
TELL_EVERY_S = 10.0
"""Where there is no terminal to write one line over and over."""


class Seeds(click.ParamType):
    """`7`, or `0:200` for 0 to 199."""

    name = 'FIRST:STOP'

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> range:
        if isinstance(value, range):
            return value
        match = re.fullmatch(r'(\d+)(?::(\d+))?', str(value))
        if match is None:
            self.fail(f'{value!r} is neither a seed (7) nor a range of seeds (0:200)', param, ctx)
        first = int(match[1])
        seeds = range(first, int(match[2]) if match[2] else first + 1)
        if not seeds:
            self.fail(
                f'{value!r} holds no seed: the end must be greater than the start', param, ctx
            )
        return seeds


@click.command()
@click.option(
    '--group',
    type=click.Choice(['team', 'consensus']),
    default='team',
    show_default=True,
    help='Whole coordinators of a team, or bare members of a Raft group with their clients.',
)
@click.option(
    '--seeds',
    type=Seeds(),
    default=None,
    help='Which runs to make.  [default: 0:200; with --forever from a random one on]',
)
@click.option(
    '--forever',
    is_flag=True,
    help='Go on from the first seed until Ctrl-C, or until a run fails.',
)
@click.option(
    '--robots',
    type=click.IntRange(1, 50),
    default=None,
    help='Size of the team or group.  [default: 5; for consensus 1, 3, 5 and 7 in turn]',
)
@click.option(
    '--seconds',
    type=click.FloatRange(10.0),
    default=None,
    help='Virtual time of a run. Faults come in the first 60 % for a team, all the time for a '
    'group, which then gets more time to come together.  [default: 60; for consensus 20]',
)
@click.option(
    '--jobs', type=click.IntRange(1), default=None, help='Processes.  [default: one per core]'
)
@click.option('--trace', is_flag=True, help='Print everything that happened; for a single seed.')
@json_option
def simulate(
    group: str,
    seeds: range | None,
    forever: bool,
    robots: int | None,
    seconds: float | None,
    jobs: int | None,
    trace: bool,
    as_json: bool,
) -> None:
    """Run real coordinators, or real Raft groups, in virtual time under random faults, and check
    muster's invariants.

    A team's robots crash in the middle of writes, fall and stall; networks lose, double, delay and
    reorder messages, and split; disks and clocks run slow. After every event the invariants I1 to
    I6 are checked.

    A Raft group is treated worse: beside all that, members and leaders are exchanged, disks hang,
    break and forget, partitions are one-way or have bridges, and snapshots travel in small pieces.
    After every step Raft's five properties are checked, and that nothing is said before it is
    durable; at the end, that the group has come together, and that what its clients saw is
    linearizable.

    A seed that fails is printed with as few faults as still break the same promise, and with what
    happened: running that seed again repeats it exactly.
    """
    if trace and (forever or len(seeds or DEFAULT_SEEDS) > 1):
        raise click.UsageError('--trace shows one run: give a single seed, e.g. --seeds 7')
    is_team = group == 'team'
    if is_team:
        robots = robots or TEAM_ROBOTS
    seconds = seconds or (TEAM_SECONDS if is_team else GROUP_SECONDS)
    if trace:
        assert seeds is not None
        sys.exit(_trace(is_team, seeds[0], robots, seconds))
    began = time.monotonic()
    shown = _Progress(None if forever else len(seeds or DEFAULT_SEEDS))
    with StopSignals() if forever else nullcontext() as stop:
        wanted = seeds or DEFAULT_SEEDS if stop is None else _endless(seeds, stop)
        result = _search(is_team, wanted, robots, seconds, jobs, shown)
    shown.close()
    took_s = time.monotonic() - began
    failure = result.failure
    if as_json:
        click.echo(json.dumps(_as_json(result, group, robots, seconds, took_s)))
    else:
        click.echo(headline(result.runs, seconds, took_s, failure is not None))
        click.echo(_summary(result))
        if failure is not None:
            click.echo(_failure(failure, seconds), err=True)
    sys.exit(ExitCode.OK if failure is None else ExitCode.FAILED)


def _endless(seeds: range | None, stop: StopSignals) -> Iterator[int]:
    """Seeds until a signal comes; what is under way then is still waited for."""
    first = seeds.start if seeds else random.SystemRandom().randrange(RANDOM_SEEDS)
    return itertools.takewhile(lambda seed: not stop.is_set, itertools.count(first))


def _trace(is_team: bool, seed: int, robots: int | None, seconds: float) -> ExitCode:
    from muster.simulation.consensus.run import GroupRun
    from muster.simulation.run import TeamRun

    run: RunResult | GroupResult
    if is_team and robots is not None:
        run = TeamRun(seed, robots, seconds).run()
    else:
        run = GroupRun(seed, robots, seconds).run()
    click.echo('\n'.join(run.trace))
    return ExitCode.FAILED if run.violation else ExitCode.OK


def _search(
    is_team: bool,
    seeds: Iterable[int],
    robots: int | None,
    seconds: float,
    jobs: int | None,
    shown: _Progress,
) -> CampaignResult | GroupCampaignResult:
    from muster.simulation.campaign import run_campaign
    from muster.simulation.consensus.campaign import run_group_campaign

    jobs = jobs or len(os.sched_getaffinity(0))
    if is_team and robots is not None:
        return run_campaign(seeds, robots, seconds, jobs, shown.after)
    return run_group_campaign(seeds, robots, seconds, jobs, shown.after)


class _Progress:
    """One line that is rewritten on a terminal; a line now and then elsewhere."""

    def __init__(self, total: int | None) -> None:
        self._total = '' if total is None else f' of {total}'
        self._is_terminal = sys.stderr.isatty()
        self._began = self._told_at = time.monotonic()

    def after(self, done: int, result: RunResult | GroupResult) -> None:
        now = time.monotonic()
        if not self._is_terminal and now - self._told_at < TELL_EVERY_S:
            return
        self._told_at = now
        rate = done / max(now - self._began, 1e-3)
        text = f'{done}{self._total} runs, seed {result.seed}, {rate:.1f} runs a second'
        click.echo(f'\r{text}' if self._is_terminal else text, err=True, nl=not self._is_terminal)

    def close(self) -> None:
        if self._is_terminal:
            click.echo('\r\033[K', err=True, nl=False)


def _summary(result: CampaignResult | GroupCampaignResult) -> str:
    from muster.simulation.campaign import CampaignResult

    if isinstance(result, CampaignResult):
        return team_summary(result)
    return group_summary(result)


def _failure(failure: RunResult | GroupResult, seconds: float) -> str:
    from muster.simulation.run import RunResult

    if isinstance(failure, RunResult):
        which = f'--robots {failure.robots}'
    else:
        which = f'--group consensus --robots {failure.members}'
    repeat = f'muster simulate {which} --seeds {failure.seed} --seconds {seconds:g} --trace'
    return failure_text(failure.seed, failure.violation, failure.faults, failure.trace, repeat)


def _as_json(
    result: CampaignResult | GroupCampaignResult,
    group: str,
    robots: int | None,
    seconds: float,
    took_s: float,
) -> dict[str, object]:
    import msgspec

    document: dict[str, object] = msgspec.to_builtins(result)
    return document | {
        'ok': result.failure is None,
        'group': group,
        'robots': robots,
        'seconds': seconds,
        'took_s': round(took_s, 2),
    }

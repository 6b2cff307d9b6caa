"""`muster simulate`: search the deterministic team simulation for a broken promise."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from typing import TYPE_CHECKING

import click

from muster.cli.exits import ExitCode
from muster.cli.output import json_option

if TYPE_CHECKING:
    from muster.simulation.campaign import CampaignResult
    from muster.simulation.run import RunResult

TRACE_LINES = 60


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
    '--seeds', type=Seeds(), default=range(200), show_default='0:200', help='Which runs to make.'
)
@click.option(
    '--robots', type=click.IntRange(1, 50), default=5, show_default=True, help='Size of the team.'
)
@click.option(
    '--seconds',
    type=click.FloatRange(10.0),
    default=60.0,
    show_default=True,
    help='Virtual time of a run. Faults and requests come in its first 60 %.',
)
@click.option(
    '--jobs', type=click.IntRange(1), default=None, help='Processes.  [default: one per core]'
)
@click.option('--trace', is_flag=True, help='Print everything that happened; for a single seed.')
@json_option
def simulate(
    seeds: range, robots: int, seconds: float, jobs: int | None, trace: bool, as_json: bool
) -> None:
    """Run real coordinators in virtual time under random faults, and check muster's invariants.

    Robots crash in the middle of writes, fall and stall; networks lose, double, delay and reorder
    messages, and split; disks and clocks run slow. After every event the invariants I1 to I6 are
    checked. A seed that breaks one is printed with as few faults as still break it, and with what
    happened: running that seed again repeats it exactly.
    """
    from muster.simulation.campaign import run_campaign
    from muster.simulation.run import TeamRun

    if trace and len(seeds) > 1:
        raise click.UsageError('--trace shows one run: give a single seed, e.g. --seeds 7')
    if trace:
        run = TeamRun(seeds[0], robots, seconds).run()
        click.echo('\n'.join(run.trace))
        sys.exit(ExitCode.FAILED if run.violation else ExitCode.OK)
    began = time.monotonic()
    shown = _Progress(len(seeds))
    result = run_campaign(
        seeds, robots, seconds, jobs or len(os.sched_getaffinity(0)), shown.after
    )
    shown.close()
    took = time.monotonic() - began
    if as_json:
        click.echo(json.dumps(_as_json(result, robots, seconds, took)))
    else:
        click.echo(_summary(result, seconds, took))
        if result.failure is not None:
            click.echo(_failure(result.failure), err=True)
    sys.exit(ExitCode.OK if result.failure is None else ExitCode.FAILED)


class _Progress:
    """One line that is rewritten on a terminal; a line now and then elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._is_terminal = sys.stderr.isatty()
        self._told_at = time.monotonic()

    def after(self, done: int, result: RunResult) -> None:
        if not self._is_terminal and time.monotonic() - self._told_at < 10.0:
            return
        self._told_at = time.monotonic()
        text = f'{done} of {self._total} runs, seed {result.seed}'
        click.echo(f'\r{text}' if self._is_terminal else text, err=True, nl=not self._is_terminal)

    def close(self) -> None:
        if self._is_terminal:
            click.echo('\r\033[K', err=True, nl=False)


def _summary(result: CampaignResult, seconds: float, took: float) -> str:
    tasks = ', '.join(f'{count} {state}' for state, count in sorted(result.tasks.items()))
    bites = ', '.join(f'{count} {what}' for what, count in sorted(result.bites.items()))
    verdict = 'all invariants held' if result.failure is None else 'an invariant was BROKEN'
    return (
        f'{result.runs} runs of {seconds:.0f} virtual seconds in {took:.1f} s: {verdict}\n'
        f'  {result.events} events, {result.elections} elections, {result.executions} executions, '
        f'{result.handovers} of them of work taken over\n'
        f'  tasks: {tasks}\n'
        f'  faults: {bites}\n'
        f'  longest that work stood still while the team could move it: {result.worst_wait_s} s'
    )


def _failure(failure: RunResult) -> str:
    faults = '\n'.join(f'  {fault}' for fault in failure.faults) or '  none'
    trace = '\n'.join(f'  {line}' for line in failure.trace[-TRACE_LINES:])
    return (
        f'\nseed {failure.seed}: {failure.violation}\n'
        f'faults that are enough for it:\n{faults}\n'
        f'how it ended ({len(failure.trace)} lines in all):\n{trace}\n'
        f'repeat the whole run: muster simulate --seeds {failure.seed} --robots {failure.robots} '
        f'--seconds {failure.seconds:g} --trace'
    )


def _as_json(
    result: CampaignResult, robots: int, seconds: float, took: float
) -> dict[str, object]:
    import msgspec

    document: dict[str, object] = msgspec.to_builtins(result)
    return document | {
        'ok': result.failure is None,
        'robots': robots,
        'seconds': seconds,
        'took_s': round(took, 2),
    }

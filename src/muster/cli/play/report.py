"""The final report of a run, for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from muster.cli.play.summary import Failover, Return, RunSummary
from muster.core.types import TaskState
from muster.dashboard.tables import STATE_STYLES
from muster.invariants import Verdict

OFFENCES_SHOWN = 5


def report(summary: RunSummary) -> Iterable[RenderableType]:
    """The parts of the report, top to bottom."""
    if summary.tasks:
        yield _tasks(summary)
    if summary.faults:
        yield _faults(summary)
    for failover in summary.failovers:
        yield _failover_line(failover)
    for back in summary.returns:
        yield _return_line(back)
    yield _verdicts(summary.verdicts)
    yield from _offences(summary.verdicts)
    if summary.passed:
        yield Text(
            f'PASSED: {len(summary.tasks)} of {summary.facts.expected_tasks} tasks done in '
            f'{summary.lasted_s:.0f} s, every invariant held',
            style='bold green',
        )
        return
    yield Text('FAILED', style='bold red')
    for shortcoming in summary.shortcomings:
        yield Text(f'  {shortcoming}', style='red')


def _tasks(summary: RunSummary) -> Table:
    table = _table('Tasks')
    for heading in ('task', 'what', 'state', 'robot'):
        table.add_column(heading, no_wrap=True)
    for heading in ('attempts', 'waited', 'took'):
        table.add_column(heading, justify='right')
    table.add_column('why this robot')
    for line in summary.tasks:
        table.add_row(
            line.task_id,
            line.what,
            Text(line.state.lower(), style=STATE_STYLES[TaskState[line.state]]),
            line.robot,
            str(line.attempts),
            _seconds(line.waited_s),
            _seconds(line.took_s),
            Text(line.why, style='dim'),
        )
    return table


def _faults(summary: RunSummary) -> Table:
    table = _table('Faults')
    for heading in ('at', 'robot', 'what', 'bit', 'measured'):
        table.add_column(heading, justify='right' if heading == 'at' else 'left')
    for fault in summary.faults:
        what = fault.failure.replace('_', ' ') + (' (the leader)' if fault.was_leader else '')
        bit = Text('yes', style='green') if fault.has_bitten else Text('NO', style='bold red')
        table.add_row(_seconds(fault.at_s), fault.robot, what, bit, fault.detail)
    return table


def _verdicts(verdicts: Iterable[Verdict]) -> Table:
    table = _table('Invariants, from the recorded events')
    for heading in ('', 'promise', 'verdict', 'evidence'):
        table.add_column(heading)
    for verdict in verdicts:
        told = _verdict_word(verdict)
        table.add_row(
            verdict.invariant, verdict.promise, told, Text(verdict.evidence, style='dim')
        )
    return table


def _verdict_word(verdict: Verdict) -> Text:
    if not verdict.holds:
        return Text('BROKEN', style='bold red')
    if not verdict.checked:
        return Text('not tested', style='yellow')
    return Text('held', style='green')


def _offences(verdicts: Iterable[Verdict]) -> Iterable[Text]:
    for verdict in verdicts:
        for offence in verdict.offences[:OFFENCES_SHOWN]:
            yield Text(f'  {verdict.invariant}: {offence.text}', style='red')
        left = len(verdict.offences) - OFFENCES_SHOWN
        if left > 0:
            yield Text(f'  {verdict.invariant}: and {left} more', style='red')


def _failover_line(failover: Failover) -> Text:
    if failover.took_s is None:
        return Text(f'Failover: nobody took over from {failover.died}', style='bold red')
    return Text(
        f'Failover: {failover.died} died as leader at {failover.at_s:.1f} s; '
        f'{failover.successor} led {failover.took_s:.2f} s later'
    )


def _return_line(back: Return) -> Text:
    ending = 'was not taken in again'
    if back.joined:
        ending = f'joined again and was awarded {back.awards_since} tasks since'
    return Text(f'Return: {back.robot} was away for {back.away_s:.1f} s, {ending}')


def _table(title: str) -> Table:
    return Table(title=title, title_justify='left', box=box.SIMPLE_HEAD, pad_edge=False)


def _seconds(duration: float | None) -> str:
    return '' if duration is None else f'{duration:.1f} s'

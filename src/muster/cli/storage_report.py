"""What `muster storage` tells people: the state of logs, what a repair gives up, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from muster.runtime.wal_report import LogReport, LogState

STYLES = {
    LogState.INTACT: 'green',
    LogState.TORN: 'yellow',
    LogState.DAMAGED: 'bold red',
    LogState.UNREADABLE: 'bold red',
}


def logs_table(reports: Iterable[LogReport]) -> Table:
    """One row for each log."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ('log', 'state'):
        table.add_column(heading)
    for heading in ('term', 'last term', 'snapshot', 'entries', 'incarnation'):
        table.add_column(heading, justify='right')
    table.add_column('voted for')
    for heading in ('segments', 'frames', 'records', 'kB'):
        table.add_column(heading, justify='right')
    for one in reports:
        known = one.contents
        entries = f'{known.first_index}..{known.last_index}' if known.first_index else 'none'
        state = Text(one.state.value, style=STYLES[one.state])
        if one.state is LogState.UNREADABLE:
            table.add_row(one.folder, state)
            continue
        table.add_row(
            one.owner or one.folder,
            state,
            str(known.term),
            str(known.last_term),
            str(known.snapshot_index or 'none'),
            entries,
            str(known.incarnation),
            known.voted_for or 'nobody',
            str(one.segments),
            str(one.frames),
            str(one.records),
            str(one.bytes // 1000),
        )
    return table


def notes(reports: Iterable[LogReport]) -> Iterator[Text]:
    """What does not fit into a row."""
    for one in reports:
        if one.detail:
            yield Text(one.detail, style=STYLES[one.state])
        if one.loss is not None:
            yield Text(f'lost: {_lost(one)}')
        if one.contents.is_forgetful:
            yield Text(
                f'{one.owner}: was repaired; it has no vote until it has an entry of a term after '
                f'{one.contents.forgot_until}'
            )


def loss_text(report: LogReport, is_only_robot: bool) -> str:
    """What a repair would give up, and what that means."""
    return (
        f'{report.detail}\n'
        f'A repair would keep {_kept(report)}, and give up {_lost(report)}.\n'
        f'{_meaning(report, is_only_robot)}'
    )


def repaired_text(before: LogReport, aside: Path, is_only_robot: bool) -> str:
    """What was done, and what follows."""
    return (
        f'{before.detail}\n'
        f'Repaired: kept {_kept(before)}, gave up {_lost(before)}. The files as they were are in '
        f'{aside}.\n'
        f'{_meaning(before, is_only_robot)}'
    )


def recovery_text(survivors: tuple[str, ...]) -> str:
    """What it means to go on without a majority."""
    return (
        f'What it means: {", ".join(survivors)} decide alone from now on, and what only the lost '
        'robots knew is gone, even where it was acknowledged. Do it on one survivor, the one that '
        'knows most, and name none that was repaired and has not caught up: it has no vote. If a '
        'lost robot ever started again with its old data folder, the team would have two '
        'histories: delete that folder first.'
    )


def _kept(report: LogReport) -> str:
    known = report.contents
    parts = [f'the snapshot at entry {known.snapshot_index}'] if known.snapshot_index else []
    if known.first_index:
        parts.append(f'entries {known.first_index} to {known.last_index}')
    return ' and '.join(parts) or 'no entries'


def _lost(report: LogReport) -> str:
    loss = report.loss
    assert loss is not None
    if loss.last_index < loss.first_index:
        return f'entries from {loss.first_index} on, if there were any, and perhaps votes'
    return f'entries {loss.first_index} to {loss.last_index} at least, and perhaps votes'


def _meaning(report: LogReport, is_only_robot: bool) -> str:
    robot = report.owner or 'the robot'
    if is_only_robot:
        return (
            f'What it means: {robot} goes on with what is kept, as if the rest had never been '
            'acknowledged. Were there other robots in its team, they could disagree with it for '
            'ever.'
        )
    return (
        f'What it means for the team: others may rely on something that {robot} no longer knows. '
        'With a vote it could have them agree on something else. So it gets none until an '
        'election that it took no part in is over (its return brings one about) and it has '
        'received again what it lost. Meanwhile it follows and works, but elects nobody. If so '
        'many have forgotten that the others are no majority, they elect nobody any more, and '
        'what only they knew is lost for good: repair one robot at a time.'
    )

"""How each robot fares in its consensus groups, as a rich table."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich import box
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from muster.core.coordinator.views import GroupView, RobotView
from muster.ros.diagnostics import Level, judge

LEVEL_STYLES = {
    Level.OK: 'green',
    Level.WARN: 'yellow',
    Level.ERROR: 'bold red',
    Level.STALE: 'dim',
}


def consensus_table(robots: Iterable[RobotView]) -> Table:
    """A row for each robot and group, by the robot's own word.

    Times are median and 99th percentile: of commits, measured while the robot led, and of syncs of
    its disk.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column('robot')
    table.add_column('group')
    for heading in ('committed', 'applied', 'log', 'on disk', 'elections', 'commit', 'sync'):
        table.add_column(heading, justify='right', no_wrap=True)
    table.add_column('consensus')
    for robot in robots:
        for group in robot.groups:
            table.add_row(Text(robot.robot, style='bold'), *_cells(group))
    return table


def milliseconds(p50_s: float, p99_s: float) -> str:
    """Two percentiles [s] in a few characters: `0.4 / 2.1 ms`; empty when nothing was measured."""
    if math.isnan(p50_s):
        return ''
    return f'{1000 * p50_s:.1f} / {1000 * p99_s:.1f} ms'


def _cells(group: GroupView) -> tuple[Text, ...]:
    level, message = judge(group)
    plain = (
        group.group,
        str(group.commit_index),
        str(group.applied_index),
        f'{group.log_entries} entries',
        decimal(group.disk.size_bytes),
        f'{group.elections_stood} stood, {group.terms_led} won',
        milliseconds(group.commit_p50_s, group.commit_p99_s),
        milliseconds(group.disk.sync_p50_s, group.disk.sync_p99_s),
    )
    return (*map(Text, plain), Text(message, style=LEVEL_STYLES[level]))

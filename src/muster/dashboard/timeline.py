"""A run as a chart over time: one row per robot, a bar per execution, marks where something
broke."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from muster.core.types import RobotId, TaskId
from muster.invariants import History
from muster.invariants.record import (
    FAULT_INJECTED,
    PROCESS_EXITED,
    PROCESS_STARTED,
    RUN_READY,
    ledger_of,
)
from muster.invariants.single_execution import executions

KIND_COLOURS = ('#4477aa', '#ccbb44', '#228833', '#aa3377', '#66ccee', '#ee6677')
"""Told apart by colour-blind people too (Paul Tol's bright scheme)."""
DOWN_COLOUR = '#dddddd'
UNFIT_COLOUR = '#ffdcc8'
ABSENCES = (
    ('robot_unfit', ('robot_fit', PROCESS_EXITED), UNFIT_COLOUR),
    (PROCESS_EXITED, (PROCESS_STARTED,), DOWN_COLOUR),
)
"""What begins an absence, what ends it, and its colour."""
LEADER_COLOUR = '#222222'
FAULT_MARKS = {'process_kill': 'X', 'push': '>', 'torque_loss': 'v'}
COMMAND_TIMEOUT_S = 0.5
BAR_HEIGHT = 0.5


def draw_timeline(
    history: History, robots: tuple[RobotId, ...], start: float, end: float, path: Path
) -> None:
    """Write the chart of node times `start` to `end` as a PNG file."""
    figure = Figure(figsize=(13, 1.6 + 0.75 * len(robots)), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rows = {robot: row for row, robot in enumerate(robots)}
    kinds = _kinds(history)
    colours = {
        kind: KIND_COLOURS[index % len(KIND_COLOURS)]
        for index, kind in enumerate(sorted(set(kinds.values())))
    }
    _draw_absences(axes, history, rows, start, end)
    _draw_executions(axes, history, rows, kinds, colours, start, end)
    _draw_leaders(axes, history, rows, start, end)
    _draw_faults(axes, history, rows, start)
    axes.set_yticks(range(len(robots)), robots)
    axes.set_ylim(len(robots) - 0.5, -0.6)
    axes.set_xlim(0, max(end - start, 1.0))
    axes.set_xlabel('seconds since the team was ready')
    axes.grid(axis='x', color='#eeeeee')
    axes.set_axisbelow(True)
    for side in ('top', 'right', 'left'):
        axes.spines[side].set_visible(False)
    figure.legend(handles=_legend(colours), loc='outside upper center', ncols=10, frameon=False)
    figure.savefig(path, dpi=130)


def _kinds(history: History) -> dict[TaskId, str]:
    """What each task is, from the ledger or from the events about it."""
    kinds = {
        record.task_id: str(record.data['kind'])
        for record in history
        if record.kind == 'task_submitted' and 'kind' in record.data
    }
    return kinds | {task_id: task.kind for task_id, task in ledger_of(history).items()}


def _draw_executions(
    axes: Axes,
    history: History,
    rows: dict[RobotId, int],
    kinds: dict[TaskId, str],
    colours: dict[str, str],
    start: float,
    end: float,
) -> None:
    finished = {
        (record.task_id, record.attempt) for record in history if record.kind == 'task_done'
    }
    for one in executions(history, COMMAND_TIMEOUT_S):
        if one.robot not in rows:
            continue
        is_done = (one.task_id, one.attempt) in finished
        until = end if math.isinf(one.end) else one.end
        axes.barh(
            rows[one.robot],
            until - one.begin,
            left=one.begin - start,
            height=BAR_HEIGHT,
            color=colours.get(kinds.get(one.task_id, ''), '#bbbbbb'),
            edgecolor='white' if is_done else 'red',
            hatch=None if is_done else '///',
            linewidth=1.0,
        )
        axes.text(
            (one.begin + until) / 2 - start,
            rows[one.robot],
            one.task_id.removeprefix('task_').lstrip('0') or one.task_id,
            ha='center',
            va='center',
            fontsize=8,
            color='white',
            clip_on=True,
        )


def _draw_absences(
    axes: Axes, history: History, rows: dict[RobotId, int], start: float, end: float
) -> None:
    """What keeps a robot from working: its process is down, or its body unfit."""
    for begins, ends, colour in ABSENCES:
        since: dict[RobotId, float] = {}
        spans: list[tuple[RobotId, float, float]] = []
        for record in history:
            if record.subject not in rows:
                continue
            if record.kind == begins:
                since.setdefault(record.subject, record.at)
            elif record.kind in ends and record.subject in since:
                spans.append((record.subject, since.pop(record.subject), record.at))
        spans += [(robot, at, end) for robot, at in since.items()]
        for robot, at, until in spans:
            axes.barh(
                rows[robot], until - at, left=at - start, height=0.86, color=colour, zorder=0
            )


def _draw_leaders(
    axes: Axes, history: History, rows: dict[RobotId, int], start: float, end: float
) -> None:
    """A line above the row of whoever leads."""
    leads = [
        (record.at, record.subject or record.robot)
        for record in history
        if record.kind in ('leader_elected', RUN_READY)
    ]
    for index, (since, leader) in enumerate(leads):
        until = leads[index + 1][0] if index + 1 < len(leads) else end
        deaths = [
            record.at
            for record in history
            if record.kind == PROCESS_EXITED and record.subject == leader and record.at >= since
        ]
        until = min([until, *deaths])
        if leader in rows:
            level = rows[leader] - 0.36
            span = [max(since - start, 0.0), until - start]
            axes.plot(
                span, [level, level], color=LEADER_COLOUR, linewidth=3, solid_capstyle='butt'
            )


def _draw_faults(axes: Axes, history: History, rows: dict[RobotId, int], start: float) -> None:
    for record in history:
        if record.kind == FAULT_INJECTED and record.subject in rows:
            failure = str(record.data.get('failure', ''))
            axes.plot(
                record.at - start,
                rows[record.subject] - 0.36,
                marker=FAULT_MARKS.get(failure, 'o'),
                markersize=11,
                color='red',
                markeredgecolor='white',
                linestyle='none',
                zorder=5,
            )


def _legend(colours: dict[str, str]) -> list[Patch | Line2D]:
    entries: list[Patch | Line2D] = [
        Patch(color=colour, label=kind) for kind, colour in colours.items()
    ]
    entries.append(
        Patch(facecolor='white', edgecolor='red', hatch='///', label='attempt cut short')
    )
    entries.append(Patch(color=DOWN_COLOUR, label='process down'))
    entries.append(Patch(color=UNFIT_COLOUR, label='unfit'))
    entries.append(Line2D([], [], color=LEADER_COLOUR, linewidth=3, label='leads'))
    entries += [
        Line2D([], [], color='red', marker=mark, linestyle='none', label=failure.replace('_', ' '))
        for failure, mark in FAULT_MARKS.items()
    ]
    return entries

"""The team as rich tables: who does what, and what became of each task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich import box
from rich.table import Table
from rich.text import Text

from muster.core.coordinator.views import RobotSummary, RobotView, TeamView
from muster.core.ledger.task import Task
from muster.core.types import RobotId, Severity, Stop, TaskSpec, TaskState
from muster.invariants.record import Record

STATE_STYLES = {
    TaskState.PENDING: 'yellow',
    TaskState.AWARDED: 'cyan',
    TaskState.EXECUTING: 'bold blue',
    TaskState.DONE: 'green',
    TaskState.FAILED: 'bold red',
    TaskState.CANCELLED: 'magenta',
}
SEVERITY_STYLES = {
    Severity.DEBUG: 'dim',
    Severity.INFO: '',
    Severity.WARNING: 'yellow',
    Severity.ERROR: 'bold red',
}
BAR_CELLS = 10
TOLD_BY_LEADER = {
    'task_submitted',
    'task_amended',
    'task_taken_back',
    'task_cancelled',
    'tasks_traded',
    'lane_closed',
    'lane_opened',
    'request_refused',
}
"""Events in which the robot that tells them is beside the point."""


def team_line(team: TeamView | None) -> Text:
    """Team, leader and the count of tasks by state, in one line."""
    if team is None:
        return Text('no leader has been heard yet', style='yellow')
    line = Text.assemble(('team ', 'dim'), (team.team, 'bold'), ('   leader ', 'dim'))
    line.append(team.leader or 'none', style='bold green' if team.leader else 'bold red')
    line.append(f'   term {team.term}   log {team.commit_index}   ', style='dim')
    line.append(
        'quorum' if team.has_quorum else 'NO QUORUM', style='green' if team.has_quorum else 'red'
    )
    for state, count in zip(TaskState, _counts(team), strict=True):
        line.append(f'   {state.name.lower()} ', style='dim')
        line.append(str(count), style=STATE_STYLES[state] if count else 'dim')
    return line


def robots_table(
    team: TeamView | None,
    robots: Mapping[RobotId, RobotView],
    tasks: Iterable[Task] = (),
) -> Table:
    """Each robot by its own word, and by its leader's where the robot is silent."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    for heading in ('robot', 'role', 'battery', 'fit', 'task', 'doing', 'progress', 'next'):
        table.add_column(heading, justify='right' if heading == 'battery' else 'left')
    specs = {task.id: task.spec for task in tasks}
    summaries = {one.robot: one for one in team.robots} if team else {}
    for name in sorted({*summaries, *robots}):
        table.add_row(*_robot_row(name, team, summaries.get(name), robots.get(name), specs))
    return table


def tasks_table(
    tasks: Iterable[Task], now: float, *, with_reason: bool = True, is_cut: bool = False
) -> Table:
    """Each task of the ledger at node time `now`, in the order of submission.

    With `is_cut` a row is one line, whatever its reason.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    for heading in ('task', 'what', 'state', 'robot'):
        table.add_column(heading, no_wrap=True)
    for heading in ('attempt', 'waited', 'took'):
        table.add_column(heading, justify='right')
    if with_reason:
        table.add_column('why', no_wrap=is_cut, overflow='ellipsis' if is_cut else 'fold')
    for task in tasks:
        row = [
            Text(task.id),
            Text(what(task.spec)),
            Text(task.state.name.lower(), style=STATE_STYLES[task.state]),
            Text(', '.join(task.crew) or task.robot),
            Text(str(task.attempt or '')),
            Text(waited(task, now)),
            Text(took(task, now)),
        ]
        if with_reason:
            row.append(Text(why(task), style='dim'))
        table.add_row(*row)
    return table


def event_line(record: Record, since: float = 0.0) -> Text:
    """One event in one line; its time counts from node time `since`."""
    style = SEVERITY_STYLES.get(Severity(min(record.severity, Severity.ERROR)), '')
    line = Text.assemble((f'{record.at - since:7.1f} s  ', 'dim'))
    headline = str(record.data.get('failure') or record.kind).replace('_', ' ')
    line.append(headline, style=style or 'bold')
    teller = '' if record.kind in TOLD_BY_LEADER else record.robot
    about = [
        record.task_id,
        record.subject or teller,
        f'attempt {record.attempt}' if record.attempt > 1 else '',
        record.detail or str(record.data.get('request_id', '')),
    ]
    line.append('  ' + '  '.join(part for part in about if part), style=style)
    return line


def what(spec: TaskSpec) -> str:
    """A task in a few words: `carry_parcel pick_north > station_1`."""
    return f'{spec.kind} {" > ".join(map(stop_name, spec.stops))}'.rstrip()


def stop_name(stop: Stop) -> str:
    return stop.place or f'({stop.pose.x:g}, {stop.pose.y:g})'


def waited(task: Task, now: float) -> str:
    """From submission to the start of the attempt that counts, or until now."""
    started = _start(task)
    return _seconds((started or task.ended_at or now) - task.submitted_at)


def took(task: Task, now: float) -> str:
    """From the start of the attempt that counts to its end, or until now."""
    started = _start(task)
    return _seconds((task.ended_at or now) - started) if started else ''


def why(task: Task) -> str:
    """Why this robot; for tasks that nobody has or that went wrong, what happened last."""
    if task.trouble and task.is_held:
        return f'is being stopped: {task.trouble}'
    if task.state in (TaskState.PENDING, TaskState.FAILED, TaskState.CANCELLED):
        return task.detail or task.award_reason
    return task.award_reason


def bar(share: float) -> str:
    """A share from 0 to 1 as a short bar."""
    full = round(min(max(share, 0.0), 1.0) * BAR_CELLS)
    return '█' * full + '░' * (BAR_CELLS - full)


def _counts(team: TeamView) -> tuple[int, ...]:
    return (
        team.tasks_pending,
        team.tasks_awarded,
        team.tasks_executing,
        team.tasks_done,
        team.tasks_failed,
        team.tasks_cancelled,
    )


def _robot_row(
    name: RobotId,
    team: TeamView | None,
    summary: RobotSummary | None,
    view: RobotView | None,
    specs: Mapping[str, TaskSpec],
) -> list[Text]:
    if summary is not None and not summary.is_alive:
        silent = f'silent for {summary.silent_s:.0f} s'
        return [Text(name, style='bold red'), Text('gone', style='bold red'), Text(), Text(silent)]
    is_leader = team is not None and team.leader == name
    role = Text('leader', style='bold green') if is_leader else Text('follower', style='dim')
    if view is None:
        if summary is None:
            return [Text(name), role]
        return [
            Text(name, style='bold'),
            role,
            _battery(summary.battery),
            _fitness(summary.is_fit, summary.unfit_reason),
            Text(summary.task_id),
            Text(),
            Text(),
            Text(f'{summary.queued} queued' if summary.queued else ''),
        ]
    doing = view.activity or (what(specs[view.task_id]) if view.task_id in specs else '')
    return [
        Text(name, style='bold'),
        role,
        _battery(view.battery),
        _fitness(view.is_fit, view.unfit_reason),
        Text(view.task_id),
        Text(doing if view.task_id else 'idle', style='' if view.task_id else 'dim'),
        Text(bar(view.progress) if view.task_id else '', style='blue'),
        Text(', '.join(view.schedule), style='dim'),
    ]


def _battery(share: float) -> Text:
    style = 'red' if share < 0.15 else 'yellow' if share < 0.3 else 'green'
    return Text(f'{share:.1%}', style=style)


def _fitness(is_fit: bool, reason: str) -> Text:
    return Text('yes', style='green') if is_fit else Text(reason or 'no', style='bold red')


def _start(task: Task) -> float:
    """An attempt that was over before its start was written has none: then the award is the
    start."""
    return task.started_at or (task.awarded_at if task.state is TaskState.DONE else 0.0)


def _seconds(duration: float) -> str:
    return f'{max(duration, 0.0):.1f} s'

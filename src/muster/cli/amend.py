"""`muster amend`: change a task."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import click

from muster.cli.exits import RefusedError
from muster.cli.options import asked_again, request_id_option, timeout_option
from muster.cli.output import json_option, print_json
from muster.cli.stops import StopType
from muster.cli.task_options import check_together, given_fields, task_options

if TYPE_CHECKING:
    from muster.core.ledger.task import Task
    from muster.core.types import Stop, TaskSpec

_PLAIN: dict[str, dict[str, Any]] = {
    'deadline': {'deadline_s': 0.0, 'deadline_is_soft': False, 'late_cost': 1.0},
    'duration': {'duration_s': 0.0, 'duration_spread_s': 0.0},
    'capability': {'capabilities': ()},
    'needs': {'quantities': {}},
    'role': {'roles': ()},
    'after': {'predecessors': ()},
    'critical': {'is_critical': False},
    'parameters': {'parameters': ''},
}
"""What a task is without something that may have been asked for."""


@click.command(context_settings={'ignore_unknown_options': True})
@click.argument('task')
@click.argument('stops', type=StopType(), nargs=-1, metavar='[STOP...]')
@task_options
@click.option(
    '--without',
    'dropped',
    type=click.Choice(tuple(_PLAIN)),
    multiple=True,
    help='Ask for it no more; repeatable.',
)
@request_id_option
@timeout_option('How long to wait for the answer.')
@json_option
def amend(
    task: str,
    stops: tuple[Stop, ...],
    dropped: tuple[str, ...],
    request_id: str,
    timeout: float,
    as_json: bool,
    **options: Any,
) -> None:
    """Change a task: what is given replaces what was asked for, the rest stays.

    TASK is its id, such as task_0007. Robots that have it stop, and it is awarded anew. Each STOP
    is a place of the world by name, or x,y or x,y,yaw; without any the task goes where it went.

    \b
    Examples:
      muster amend task_0007 --priority 250
      muster amend task_0007 shelf_b_south --without deadline
      muster amend task_0007 --needs payload_kg=12 --soft-deadline 90 --late-cost 3
    """
    from muster.cli.team_link import TeamLink, team_environment
    from muster.core.types import Amend

    check_together(options)
    if not stops and not dropped and not given_fields(options, 0.0):
        raise click.UsageError(
            'nothing to change: give STOPs, options, or --without what is asked for no more'
        )
    request_id = request_id or uuid.uuid4().hex
    with TeamLink(team_environment()) as link:
        link.find_team()
        spec = _changed(_find(task, link.observer.tasks), stops, dropped, options, link.now)
        response = link.ask(Amend(request_id, task, spec), timeout, asked_again(request_id))
    if as_json:
        print_json(response)
    else:
        click.echo(f'{response.task_id} amended')


def _find(task_id: str, tasks: tuple[Task, ...]) -> Task:
    for task in tasks:
        if task.id == task_id:
            return task
    raise RefusedError(f'there is no task {task_id!r}; `muster tasks` lists them')


def _changed(
    task: Task,
    stops: tuple[Stop, ...],
    dropped: tuple[str, ...],
    options: dict[str, Any],
    now: float,
) -> TaskSpec:
    """What the task is to be; a change that waits for its robots to stop is built upon."""
    import msgspec

    fields: dict[str, Any] = {}
    for name in dropped:
        fields |= _PLAIN[name]
    fields |= given_fields(options, now)
    if stops:
        fields['stops'] = stops
    spec = msgspec.structs.replace(task.amended or task.spec, **fields)
    if options['late_cost'] is not None and not spec.deadline_is_soft:
        raise click.UsageError('--late-cost is the price of missing a --soft-deadline: give one')
    return spec

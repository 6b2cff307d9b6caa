"""`muster submit`: ask the team for a task."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import click

from muster.cli.exits import FailedError, NoTeamError
from muster.cli.options import asked_again, timeout_option
from muster.cli.output import json_option, print_json, print_rich
from muster.cli.stops import StopType
from muster.cli.task_options import check_together, given_fields, synchronised, task_options

if TYPE_CHECKING:
    from muster.cli.team_link import TeamLink
    from muster.core.ledger.task import Task
    from muster.core.types import Stop, TaskSpec

SILENT_S = 30.0
"""[s] without a leader's word after which waiting is given up."""


@click.command(context_settings={'ignore_unknown_options': True})
@click.argument('kind')
@click.argument('stops', type=StopType(), nargs=-1, required=True, metavar='STOP...')
@task_options
@synchronised
@click.option(
    '--request-id',
    default='',
    metavar='ID',
    help='Asking twice with the same id makes one task; made up if not given.',
)
@click.option(
    '--wait', is_flag=True, help='Wait until the task has ended; status 1 unless it is done.'
)
@timeout_option('How long to wait for the answer, not for the work.')
@json_option
def submit(stops: tuple[Stop, ...], request_id: str, **options: Any) -> None:
    """Ask the team for a task.

    KIND is a skill (go_to, inspect, carry_parcel, ...). Each STOP is a place of the world by name,
    or x,y or x,y,yaw in metres and radians.

    The request is sent again under the same id until the team's leader has answered; the answer
    is given once a majority of the robots has stored it.

    \b
    Examples:
      muster submit inspect shelf_a_north
      muster submit go_to 1.5,-3.2 --priority 200 --deadline 60
      muster submit carry_parcel pick_north station_1 --parameters '{"parcel": "parcel_1"}' --wait
      muster submit inspect shelf_a_north --duration 20 --spread 5 --soft-deadline 90 --late-cost 3
      muster submit go_to middle_mid --needs payload_kg=8 --after task_0001 --critical
      muster submit go_to pick_north --role lifter:arms,payload_kg=5 --role guide:camera
    """
    from muster.cli.team_link import TeamLink, team_environment
    from muster.core.types import Submit

    check_together(options)
    if options['late_cost'] is not None and not options['soft_deadline']:
        raise click.UsageError('--late-cost is the price of missing a --soft-deadline: give one')
    request_id = request_id or uuid.uuid4().hex
    with TeamLink(team_environment()) as link:
        link.find_team()
        spec = _spec(stops, options, link.now)
        response = link.ask(Submit(request_id, spec), options['timeout'], asked_again(request_id))
        if not options['wait']:
            if options['as_json']:
                print_json(response)
            else:
                click.echo(f'{response.task_id} accepted (request {request_id})')
            return
        if not options['as_json']:
            click.echo(
                f'{response.task_id} accepted (request {request_id}), waiting ...', err=True
            )
        task = _wait(link, response.task_id)
    _tell(task, link.now, options['as_json'])


def _spec(stops: tuple[Stop, ...], options: dict[str, Any], now: float) -> TaskSpec:
    from muster.core.types import TaskSpec

    return TaskSpec(
        kind=options['kind'],
        stops=stops,
        starts_with=options['starts_with'],
        requester='muster submit',
        **given_fields(options, now),
    )


def _wait(link: TeamLink, task_id: str) -> Task:
    """Until the task has ended, for as long as it takes and somebody leads."""
    while link.silence < SILENT_S:
        for task in link.observer.tasks:
            if task.id == task_id and task.state.is_final:
                return task
        link.session.spin(0.2)
    raise NoTeamError(
        f'no leader has been heard for {SILENT_S:.0f} s; {task_id} stays in the ledger: see '
        '`muster tasks` when the team is back'
    )


def _tell(task: Task, now: float, as_json: bool) -> None:
    from muster.core.types import TaskState
    from muster.dashboard.tables import tasks_table

    if as_json:
        from muster.cli.listing import task_fields

        print_json(task_fields(task))
    else:
        print_rich(tasks_table([task], now))
    if task.state is not TaskState.DONE:
        raise FailedError(f'{task.id} is {task.state.name}: {task.detail}')

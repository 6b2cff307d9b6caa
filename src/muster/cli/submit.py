"""`muster submit`: ask the team for a task."""

from __future__ import annotations

import json
import shlex
import sys
import uuid
from typing import TYPE_CHECKING, Any

import click

from muster.cli.demands import AMOUNT, ROLE
from muster.cli.exits import FailedError, NoTeamError
from muster.cli.options import timeout_option
from muster.cli.output import json_option, print_json, print_rich
from muster.cli.stops import StopType

if TYPE_CHECKING:
    from muster.cli.team_link import TeamLink
    from muster.core.ledger.task import Task
    from muster.core.types import Stop, TaskSpec

SILENT_S = 30.0
"""[s] without a leader's word after which waiting is given up."""


def _json_object(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not value:
        return ''
    try:
        parsed = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f'{value!r} is not JSON: {error}') from error
    if not isinstance(parsed, dict):
        raise click.BadParameter(
            f'{value!r} is not a JSON object, such as {{"parcel": "parcel_1"}}'
        )
    return value


@click.command(context_settings={'ignore_unknown_options': True})
@click.argument('kind')
@click.argument('stops', type=StopType(), nargs=-1, required=True, metavar='STOP...')
@click.option(
    '--priority',
    type=click.IntRange(0, 255),
    default=100,
    show_default=True,
    help='255 is done first.',
)
@click.option(
    '--deadline',
    type=click.FloatRange(min=0, min_open=True),
    metavar='SECONDS',
    help='From now, on the clock of the team; no robot takes the task that cannot make it.',
)
@click.option(
    '--soft-deadline',
    type=click.FloatRange(min=0, min_open=True),
    metavar='SECONDS',
    help='From now; may be missed, at --late-cost.',
)
@click.option(
    '--late-cost',
    type=click.FloatRange(min=0),
    metavar='NUMBER',
    help='Seconds of work that a second after the soft deadline counts for.  [default: 1]',
)
@click.option(
    '--duration',
    type=click.FloatRange(min=0),
    default=0.0,
    metavar='SECONDS',
    help='Of work at the stops, if it is not the usual for this kind.',
)
@click.option(
    '--spread',
    type=click.FloatRange(min=0),
    default=0.0,
    metavar='SECONDS',
    help='Standard deviation of that work; robots then plan with more than the mean.',
)
@click.option(
    '--capability', 'capabilities', multiple=True, help='A robot must have it; repeatable.'
)
@click.option(
    '--needs',
    type=AMOUNT,
    multiple=True,
    metavar='NAME=AMOUNT',
    help='A robot must have so much, e.g. payload_kg=8; repeatable.',
)
@click.option(
    '--robots',
    type=click.IntRange(1, 255),
    metavar='NUMBER',
    help='How many do it together.  [default: 1, or one for each --role]',
)
@click.option(
    '--role',
    'roles',
    type=ROLE,
    multiple=True,
    metavar='NAME[:DEMAND,...]',
    help='One robot of several, and what it must have on top of the rest: capabilities and '
    'amounts; repeatable.',
)
@click.option(
    '--after',
    'predecessors',
    multiple=True,
    metavar='TASK',
    help='Only once it is done; repeatable.',
)
@click.option(
    '--starts-with',
    multiple=True,
    metavar='TASK',
    help='Set out at the same moment, on other robots; repeatable.',
)
@click.option('--critical', is_flag=True, help='Keep a second robot ready for it.')
@click.option(
    '--retries',
    type=click.IntRange(0, 255),
    default=2,
    show_default=True,
    help='Failed attempts that are tried again.',
)
@click.option(
    '--parameters',
    default='',
    callback=_json_object,
    metavar='JSON',
    help='Object for the skill, e.g. \'{"parcel": "parcel_1"}\'.',
)
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

    _check_together(options)
    request_id = request_id or uuid.uuid4().hex
    with TeamLink(team_environment()) as link:
        link.find_team()
        spec = _spec(stops, options, link.now)
        response = link.ask(Submit(request_id, spec), options['timeout'], _again(request_id))
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


def _check_together(options: dict[str, Any]) -> None:
    """Options that contradict one another."""
    if options['deadline'] and options['soft_deadline']:
        raise click.UsageError('--deadline and --soft-deadline: give one of the two')
    if options['late_cost'] is not None and not options['soft_deadline']:
        raise click.UsageError('--late-cost is the price of missing a --soft-deadline: give one')
    roles, robots = options['roles'], options['robots']
    if roles and robots not in (None, len(roles)):
        raise click.UsageError(
            f'--robots {robots}, but {len(roles)} roles: give one --role for each robot, or none'
        )


def _spec(stops: tuple[Stop, ...], options: dict[str, Any], now: float) -> TaskSpec:
    from muster.core.types import TaskSpec

    due = options['deadline'] or options['soft_deadline']
    return TaskSpec(
        kind=options['kind'],
        stops=stops,
        capabilities=options['capabilities'],
        quantities=dict(options['needs']),
        robots_needed=options['robots'] or len(options['roles']) or 1,
        roles=options['roles'],
        duration_s=options['duration'],
        duration_spread_s=options['spread'],
        priority=options['priority'],
        deadline_s=now + due if due else 0.0,
        deadline_is_soft=bool(options['soft_deadline']),
        late_cost=1.0 if options['late_cost'] is None else options['late_cost'],
        predecessors=options['predecessors'],
        starts_with=options['starts_with'],
        is_critical=options['critical'],
        retries=options['retries'],
        parameters=options['parameters'],
        requester='muster submit',
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


def _again(request_id: str) -> str:
    """The command line that was typed, with the id that makes it safe to repeat."""
    arguments = sys.argv[1:]
    if '--request-id' not in arguments:
        arguments = [*arguments, '--request-id', request_id]
    return shlex.join(['muster', *arguments])

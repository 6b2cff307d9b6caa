"""What can be asked of a task on the command line, when it is submitted and when it is changed.

Every option is absent unless it was typed, so that a change touches nothing else; what a new task
then is, is for the core to say.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import click

from muster.cli.demands import AMOUNT, ROLE


def _json_object(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if not value:
        return value
    try:
        parsed = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f'{value!r} is not JSON: {error}') from error
    if not isinstance(parsed, dict):
        raise click.BadParameter(
            f'{value!r} is not a JSON object, such as {{"parcel": "parcel_1"}}'
        )
    return value


_OPTIONS = (
    click.option(
        '--priority',
        type=click.IntRange(0, 255),
        help='255 is done first; a new task has 100.',
    ),
    click.option(
        '--deadline',
        type=click.FloatRange(min=0, min_open=True),
        metavar='SECONDS',
        help='From now, on the clock of the team; no robot takes the task that cannot make it.',
    ),
    click.option(
        '--soft-deadline',
        type=click.FloatRange(min=0, min_open=True),
        metavar='SECONDS',
        help='From now; may be missed, at --late-cost.',
    ),
    click.option(
        '--late-cost',
        type=click.FloatRange(min=0),
        metavar='NUMBER',
        help='Seconds of work that a second after the soft deadline counts for; 1 for a new task.',
    ),
    click.option(
        '--duration',
        type=click.FloatRange(min=0),
        metavar='SECONDS',
        help='Of work at the stops, if it is not the usual for this kind.',
    ),
    click.option(
        '--spread',
        type=click.FloatRange(min=0),
        metavar='SECONDS',
        help='Standard deviation of that work; robots then plan with more than the mean.',
    ),
    click.option(
        '--capability', 'capabilities', multiple=True, help='A robot must have it; repeatable.'
    ),
    click.option(
        '--needs',
        type=AMOUNT,
        multiple=True,
        metavar='NAME=AMOUNT',
        help='A robot must have so much, e.g. payload_kg=8; repeatable.',
    ),
    click.option(
        '--robots',
        type=click.IntRange(1, 255),
        metavar='NUMBER',
        help='How many do it together: 1 for a new task, or one for each --role.',
    ),
    click.option(
        '--role',
        'roles',
        type=ROLE,
        multiple=True,
        metavar='NAME[:DEMAND,...]',
        help='One robot of several, and what it must have on top of the rest: capabilities and '
        'amounts; repeatable.',
    ),
    click.option(
        '--after',
        'predecessors',
        multiple=True,
        metavar='TASK',
        help='Only once it is done; repeatable.',
    ),
    click.option('--critical', is_flag=True, help='Keep a second robot ready for it.'),
    click.option(
        '--retries',
        type=click.IntRange(0, 255),
        help='Failed attempts that are tried again; 2 for a new task.',
    ),
    click.option(
        '--parameters',
        callback=_json_object,
        metavar='JSON',
        help='Object for the skill, e.g. \'{"parcel": "parcel_1"}\'.',
    ),
)

synchronised = click.option(
    '--starts-with',
    multiple=True,
    metavar='TASK',
    help='Set out at the same moment, on other robots; repeatable.',
)

_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    'priority': ('priority', int),
    'late_cost': ('late_cost', float),
    'duration': ('duration_s', float),
    'spread': ('duration_spread_s', float),
    'capabilities': ('capabilities', tuple),
    'needs': ('quantities', dict),
    'robots': ('robots_needed', int),
    'roles': ('roles', tuple),
    'predecessors': ('predecessors', tuple),
    'critical': ('is_critical', bool),
    'retries': ('retries', int),
    'parameters': ('parameters', str),
}
"""Options by name: the field of the task that each sets."""


def task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command all options that say what a task asks for."""
    return functools.reduce(lambda one, option: option(one), reversed(_OPTIONS), command)


def check_together(options: dict[str, Any]) -> None:
    """Options that contradict one another, whatever the task is otherwise."""
    if options['deadline'] and options['soft_deadline']:
        raise click.UsageError('--deadline and --soft-deadline: give one of the two')
    roles, robots = options['roles'], options['robots']
    if roles and robots not in (None, len(roles)):
        raise click.UsageError(
            f'--robots {robots}, but {len(roles)} roles: give one --role for each robot, or none'
        )


def given_fields(options: dict[str, Any], now: float) -> dict[str, Any]:
    """The fields of a task that were asked for, at the team's node time."""
    given = {
        field: convert(options[name])
        for name, (field, convert) in _FIELDS.items()
        if _was_typed(options[name])
    }
    if options['roles']:
        given['robots_needed'] = len(options['roles'])
    due = options['deadline'] or options['soft_deadline']
    if due:
        given |= {'deadline_s': now + due, 'deadline_is_soft': bool(options['soft_deadline'])}
    return given


def _was_typed(value: object) -> bool:
    return value is not None and value is not False and value != ()

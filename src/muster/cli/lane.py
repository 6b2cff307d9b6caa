"""`muster lane`: close and open ways of the roadmap."""

from __future__ import annotations

import uuid

import click

from muster.cli.options import asked_again, request_id_option, timeout_option
from muster.cli.output import json_option, print_json


@click.group()
def lane() -> None:
    """Tell the team that a way is blocked, or free again.

    A and B are neighbouring places of the roadmap, in any order. What goes another way is not
    planned anew.
    """


@lane.command()
@click.argument('a')
@click.argument('b')
@request_id_option
@timeout_option('How long to wait for the answer.')
@json_option
def close(a: str, b: str, request_id: str, timeout: float, as_json: bool) -> None:
    """Plan no way between A and B.

    A robot that is on it walks on: its skill sees what is in the way.
    """
    _set(a, b, True, request_id, timeout, as_json)


@lane.command('open')
@click.argument('a')
@click.argument('b')
@request_id_option
@timeout_option('How long to wait for the answer.')
@json_option
def open_lane(a: str, b: str, request_id: str, timeout: float, as_json: bool) -> None:
    """Plan ways between A and B again."""
    _set(a, b, False, request_id, timeout, as_json)


def _set(a: str, b: str, is_closed: bool, request_id: str, timeout: float, as_json: bool) -> None:
    from muster.cli.team_link import TeamLink, team_environment
    from muster.core.types import SetLane

    request_id = request_id or uuid.uuid4().hex
    with TeamLink(team_environment()) as link:
        link.find_team()
        request = SetLane(request_id, a, b, is_closed)
        response = link.ask(request, timeout, asked_again(request_id))
    if as_json:
        print_json(response)
    else:
        click.echo(f'lane between {a} and {b} {"closed" if is_closed else "open"}')

"""`muster cancel`: take a task back."""

from __future__ import annotations

import uuid

import click

from muster.cli.options import timeout_option
from muster.cli.output import json_option, print_json


@click.command()
@click.argument('task')
@click.option(
    '--request-id', default='', metavar='ID', help='For asking again; made up if not given.'
)
@timeout_option('How long to wait for the answer.')
@json_option
def cancel(task: str, request_id: str, timeout: float, as_json: bool) -> None:
    """Take a task back, wherever it is in its life.

    TASK is its id, such as task_0007. A robot that is at it stops and holds; a task that has ended
    already is refused.
    """
    from muster.cli.team_link import TeamLink, team_environment
    from muster.core.types import Cancel

    request_id = request_id or uuid.uuid4().hex
    with TeamLink(team_environment()) as link:
        link.find_team()
        again = f'muster cancel {task} --request-id {request_id}'
        response = link.ask(Cancel(request_id, task), timeout, again)
    if as_json:
        print_json(response)
    else:
        click.echo(f'{response.task_id} cancelled')

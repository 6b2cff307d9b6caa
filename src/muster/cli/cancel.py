"""`muster cancel`: take a task out of the team's work."""

from __future__ import annotations

import uuid

import click

from muster.cli.options import asked_again, request_id_option, timeout_option
from muster.cli.output import json_option, print_json


@click.command()
@click.argument('task')
@request_id_option
@timeout_option('How long to wait for the answer.')
@json_option
def cancel(task: str, request_id: str, timeout: float, as_json: bool) -> None:
    """Take a task out of the team's work, wherever it is in its life.

    TASK is its id, such as task_0007. A robot that is at it stops and holds; a task that has ended
    already is refused.
    """
    from muster.cli.team_link import TeamLink, team_environment
    from muster.core.types import Cancel

    request_id = request_id or uuid.uuid4().hex
    with TeamLink(team_environment()) as link:
        link.find_team()
        response = link.ask(Cancel(request_id, task), timeout, asked_again(request_id))
    if as_json:
        print_json(response)
    else:
        click.echo(f'{response.task_id} cancelled')

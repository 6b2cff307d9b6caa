"""`muster take-back`: have others do a task."""

from __future__ import annotations

import uuid

import click

from muster.cli.options import asked_again, request_id_option, timeout_option
from muster.cli.output import json_option, print_json


@click.command('take-back')
@click.argument('task')
@request_id_option
@timeout_option('How long to wait for the answer.')
@json_option
def take_back(task: str, request_id: str, timeout: float, as_json: bool) -> None:
    """Take a task from the robots that have it, so that others do it.

    TASK is its id, such as task_0007. Robots that are at it stop and hold, and do not get it
    again. A task that no robot has is refused.
    """
    from muster.cli.team_link import TeamLink, team_environment
    from muster.core.types import TakeBack

    request_id = request_id or uuid.uuid4().hex
    with TeamLink(team_environment()) as link:
        link.find_team()
        response = link.ask(TakeBack(request_id, task), timeout, asked_again(request_id))
    if as_json:
        print_json(response)
    else:
        click.echo(f'{response.task_id} taken back')

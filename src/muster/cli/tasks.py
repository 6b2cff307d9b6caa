"""`muster tasks`: the ledger's tasks."""

from __future__ import annotations

import click

from muster.cli.output import json_option, print_json, print_rich

STATES = ('pending', 'awarded', 'executing', 'done', 'failed', 'cancelled')


@click.command()
@click.option(
    '--state', 'states', type=click.Choice(STATES), multiple=True, help='Only those; repeatable.'
)
@json_option
def tasks(states: tuple[str, ...], as_json: bool) -> None:
    """List the tasks of the team.

    For each: its state, robot and attempts, how long it waited and took, and why that robot.
    """
    from muster.cli.listing import task_fields
    from muster.cli.team_link import TeamLink, team_environment
    from muster.dashboard.tables import tasks_table

    with TeamLink(team_environment()) as link:
        link.find_team()
        shown = [
            task for task in link.observer.tasks if not states or task.state.name.lower() in states
        ]
        now = link.now
    if as_json:
        print_json([task_fields(task) for task in shown])
    elif not shown:
        click.echo('no tasks' if not states else f'no tasks are {" or ".join(states)}')
    else:
        print_rich(tasks_table(shown, now))

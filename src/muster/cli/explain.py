"""`muster explain`: why a robot has a task, or why none has."""

from __future__ import annotations

import click

from muster.cli.exits import NoTeamError, RefusedError
from muster.cli.options import timeout_option
from muster.cli.output import json_option, print_json, print_rich


@click.command()
@click.argument('task')
@timeout_option('How long to wait for an answer of any robot.')
@json_option
def explain(task: str, timeout: float, as_json: bool) -> None:
    """Say why a task is with the robots that have it, or why nobody has it.

    TASK is its id, such as task_0007. For an award: who offered what, in which terms the others
    were dearer, and what ruled out those that made no offer. Any robot answers, whether or not one
    leads; only the leader knows why nobody would take a task that waits.
    """
    from muster.cli.inquiry import Inquiry
    from muster.cli.listing import explanation_fields
    from muster.cli.team_link import TeamLink, team_environment
    from muster.dashboard.explanation_tables import explanation_tables
    from muster.ros.conversions import explanation_from_msg

    with TeamLink(team_environment()) as link:
        inquiry = Inquiry(link.session.node, task)
        link.session.spin_until(inquiry.is_over, timeout)
        answer = inquiry.answer
        if answer is None:
            found = ', '.join(inquiry.robots) or 'none was found'
            raise NoTeamError(
                f'no robot has answered within {timeout:g} s ({found}); is the team running, and '
                'in this domain?'
            )
    if not answer.found:
        behind = '' if answer.is_leader else f', as far as {answer.answered_by} knows'
        raise RefusedError(f'there is no task {task!r}{behind}; `muster tasks` lists them')
    explanation = explanation_from_msg(answer.explanation)
    if as_json:
        print_json(explanation_fields(explanation, answer.answered_by, answer.is_leader))
    else:
        print_rich(*explanation_tables(explanation))

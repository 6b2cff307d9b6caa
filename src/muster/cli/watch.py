"""`muster watch`: the live view of a team that somebody else started."""

from __future__ import annotations

import click


@click.command()
def watch() -> None:
    """Show a running team live until Ctrl-C.

    Who does what, the tasks, the last events; events as lines where there is no terminal.
    """
    from muster.cli.team_link import TeamLink, team_environment
    from muster.dashboard.views import Board, view_of

    with TeamLink(team_environment()) as link:
        team = link.find_team()
        board = Board(
            f'team {team.team}', link.observer, footer='Ctrl-C ends the view, not the team'
        )
        board.started_at = link.now
        with view_of(board) as view:
            link.observer.hear_records(view.hear)
            while True:
                link.session.spin(0.1)
                board.now = link.now
                view.refresh()

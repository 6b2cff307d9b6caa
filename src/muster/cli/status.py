"""`muster status`: the team at a glance."""

from __future__ import annotations

import click

from muster.cli.output import json_option, print_json, print_rich


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show the team at a glance.

    Its leader and term, and for each robot its battery, fitness, work and share in consensus.
    """
    from muster.cli.listing import team_fields
    from muster.cli.team_link import TeamLink, team_environment
    from muster.dashboard.consensus_table import consensus_table
    from muster.dashboard.tables import robots_table, team_line

    with TeamLink(team_environment()) as link:
        link.find_team()
        observer = link.observer
        # Their own words come at 2 Hz; those of a robot that is gone never come.
        link.session.spin_until(lambda: link.has_heard_all, 1.5)
        team = observer.team
        robots = dict(observer.robots)
    assert team is not None
    if as_json:
        print_json(team_fields(team, robots))
    else:
        print_rich(
            team_line(team),
            robots_table(team, robots, observer.tasks),
            consensus_table(robots[name] for name in sorted(robots)),
        )

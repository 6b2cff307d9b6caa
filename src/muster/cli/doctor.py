"""`muster doctor`: is this installation fit to run a team?"""

from __future__ import annotations

import click

from muster.cli.exits import ExitCode
from muster.cli.output import json_option, print_json, print_rich


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check this installation: interfaces, discovery, disk, models, simulator.

    Each check that fails says what is wrong and how to mend it. The exit status is 1 if any does.
    """
    from muster.cli.checkup.findings import findings_table
    from muster.cli.checkup.rounds import examine

    findings = examine(lambda name: None if as_json else click.echo(f'{name} ...', err=True))
    if as_json:
        print_json({'is_fit': all(one.is_well for one in findings), 'checks': findings})
    else:
        print_rich(findings_table(findings))
    if not all(one.is_well for one in findings):
        raise SystemExit(ExitCode.FAILED)

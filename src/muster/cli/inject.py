"""`muster inject`: break something in the simulator on purpose."""

from __future__ import annotations

import time

import click

from muster.cli.exits import FailedError, OutcomeUnknownError, RefusedError
from muster.cli.options import timeout_option
from muster.cli.output import json_option, print_json

FAILURES = ('process_kill', 'push', 'torque_loss')
DEFAULT_SEVERITY = {'process_kill': 0.0, 'push': 20.0, 'torque_loss': 0.5}
SERVICE_S = 6.0
"""[s] in which a simulator that is there is found."""


@click.command()
@click.argument('robot')
@click.argument('failure', type=click.Choice(FAILURES))
@click.option(
    '--severity',
    type=click.FloatRange(min=0),
    help='push: impulse in N s (default 20); torque_loss: share lost, 0 to 1 (default 0.5).',
)
@click.option('--direction', type=float, default=0.0, help='push: radians in the map frame.')
@click.option(
    '--duration',
    type=click.FloatRange(min=0),
    default=0.0,
    metavar='SECONDS',
    help='torque_loss: 0 = for good.',
)
@click.option(
    '--joint', 'joints', multiple=True, help='torque_loss: repeatable; all if not given.'
)
@timeout_option('How long to wait until the simulator has seen it bite.')
@json_option
def inject(
    robot: str,
    failure: str,
    severity: float | None,
    direction: float,
    duration: float,
    joints: tuple[str, ...],
    timeout: float,
    as_json: bool,
) -> None:
    """Break something in the simulator on purpose.

    The exit status is 1 when it did not bite.

    \b
    Examples:
      muster inject g1_2 push --severity 30 --direction 1.57
      muster inject g1_3 torque_loss --severity 0.5 --duration 10
      muster inject g1_1 process_kill
    """
    from muster.cli.requester import Bite, Failure, Injector
    from muster.cli.team_link import TeamLink, team_environment

    wanted = Failure(
        robot,
        failure,
        DEFAULT_SEVERITY[failure] if severity is None else severity,
        direction,
        duration,
        joints,
    )
    answers: list[Bite] = []
    with TeamLink(team_environment()) as link:
        injector = Injector(link.session.node)
        if not link.session.spin_until(lambda: injector.is_ready, SERVICE_S):
            raise RefusedError('no simulator was found: failures are injected in simulation only')
        injector.inject(wanted, answers.append)
        started = time.monotonic()
        if not link.session.spin_until(lambda: bool(answers), timeout):
            raise OutcomeUnknownError(
                f'the simulator did not answer within {time.monotonic() - started:.0f} s: '
                f'{failure} may have been done to {robot}; see `muster status`'
            )
    bite = answers[0]
    if as_json:
        print_json(bite)
    elif bite.accepted and bite.has_bitten:
        click.echo(f'{failure} bit {robot}: {bite.detail}')
    if not bite.accepted:
        raise RefusedError(f'refused: {bite.detail}')
    if not bite.has_bitten:
        raise FailedError(f'{failure} did not bite {robot}: {bite.detail}')

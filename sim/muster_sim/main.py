"""muster_sim: the simulated world of a team, on ROS 2."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from muster.core.types import ConfigurationError, MusterError

NEEDED = {
    'pybullet': 'run `make setup`, or `pip install pybullet`',
    'onnxruntime': 'run `make setup`, or `pip install onnxruntime`',
    'rclpy': "source ROS 2's setup file, or run `make setup`",
    'muster_msgs': "source the workspace's setup file, or run `make setup`",
}
"""What may be missing, and the remedy."""


@click.command(context_settings={'help_option_names': ['-h', '--help']})
@click.option(
    '--team', required=True, metavar='FILE', help='Team file, or the name of one that ships.'
)
@click.option('--world', metavar='FILE', help="World file, instead of the team's own.")
@click.option('--seed', default=0, show_default=True, help='Of everything that is random.')
@click.option(
    '--rate',
    default=1.0,
    show_default=True,
    type=click.FloatRange(min=0.0),
    help='Simulated seconds per second; 0 = as fast as possible.',
)
@click.option('--gui', is_flag=True, help="Show PyBullet's window.")
@click.option(
    '--hoist-after',
    default=8.0,
    show_default=True,
    type=click.FloatRange(min=0.0),
    metavar='SECONDS',
    help='An assistant hoists a fallen robot upright after so long; 0 = never.',
)
def cli(
    team: str, world: str | None, seed: int, rate: float, gui: bool, hoist_after: float
) -> None:
    """Simulate a team of humanoids: walls, shelves, parcels, batteries, sensors and failures.

    Each robot's topics are in its namespace (odom, joint_states, imu, battery, cmd_vel, grip,
    ...). Failures are injected through /sim/inject_failure. Ctrl-C ends the simulation.
    """
    for module, remedy in NEEDED.items():
        if importlib.util.find_spec(module) is None:
            raise ConfigurationError(f'the Python module {module!r} is not installed: {remedy}')
    if gui and not os.environ.get('DISPLAY'):
        raise ConfigurationError(
            '--gui needs a display, and DISPLAY is not set: leave the option out'
        )
    # Imported here, so that --help and mistakes in the options need no ROS.
    from muster_sim.setup_file import read_setup
    from muster_sim.simulation import Simulation

    setup = read_setup(team, world, seed, hoist_after, with_window=gui)
    Simulation(setup, rate).run()


def main() -> None:
    """Console entry: mistakes are told in a sentence (status 2), a lost physics process likewise
    (1)."""
    options = sys.argv[1:]
    if '--ros-args' in options:
        options = options[: options.index('--ros-args')]
    try:
        cli.main(args=options, prog_name='muster_sim')
    except MusterError as error:
        click.echo(f'muster_sim: {error}', err=True)
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)

"""muster_sim: the simulated world of a team, on ROS 2.

Three threads and one more process: the physics ticks in a process of its own; a reader thread
publishes each tick as it comes; the main thread takes velocities; the services wait on threads of
theirs.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading

import click

from muster.core.types import ConfigurationError, MusterError

NEEDED = {
    'pybullet': 'run `make setup`, or `pip install pybullet`',
    'onnxruntime': 'run `make setup`, or `pip install onnxruntime`',
    'rclpy': "source ROS 2's setup file, or run `make setup`",
    'muster_msgs': "source the workspace's setup file (`. install/setup.bash`), or run `make setup`",
}
"""What may be missing, and the remedy."""
POLL_S = 0.1


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
    help='A fallen robot is hoisted upright by an assistant after so long; 0 = never.',
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
    sys.exit(simulate(team, world, seed, rate, gui, hoist_after))


def simulate(
    team: str, world: str | None, seed: int, rate: float, gui: bool, hoist_after: float
) -> int:
    """Run until a signal comes (0) or the physics ends (1)."""
    # Imported here, so that --help and mistakes in the options need no ROS.
    import rclpy
    from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
    from rclpy.experimental import EventsExecutor
    from rclpy.signals import SignalHandlerOptions

    from muster_sim.physics_link import PhysicsEndedError, PhysicsLink
    from muster_sim.service_node import ServiceNode
    from muster_sim.setup_file import read_setup
    from muster_sim.simulator_node import SimulatorNode

    setup = read_setup(team, world, seed, hoist_after, gui)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    link = PhysicsLink(setup, rate)
    failure: list[str] = []
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    node = SimulatorNode(link, setup, rate)
    services = ServiceNode(link, tuple(robot.name for robot in setup.robots))
    waiting = MultiThreadedExecutor(num_threads=4)
    waiting.add_node(services)

    def publish() -> None:
        try:
            while not stop.is_set():
                node.frame(link.receive())
        except PhysicsEndedError as error:
            if not stop.is_set():
                failure.append(str(error))
                stop.set()

    def serve() -> None:
        while not stop.is_set():
            try:
                waiting.spin_once(timeout_sec=POLL_S)
            except ExternalShutdownException:
                return

    threads = [threading.Thread(target=job, name=job.__name__) for job in (publish, serve)]
    executor = EventsExecutor()
    executor.add_node(node)
    for thread in threads:
        thread.start()
    node.get_logger().info(f'{len(setup.robots)} robots in {setup.world.name!r}, rate {rate:g}')
    try:
        while not stop.is_set():
            executor.spin_once(timeout_sec=POLL_S)
    finally:
        stop.set()
        link.close()
        for thread in threads:
            thread.join()
        waiting.shutdown()
        executor.shutdown()
        services.destroy_node()
        node.destroy_node()
        rclpy.shutdown()
    for line in failure:
        click.echo(f'muster_sim: {line}', err=True)
    return 1 if failure else 0


def main() -> None:
    """Console entry: mistakes are told in a sentence, without a traceback."""
    options = sys.argv[1:]
    if '--ros-args' in options:
        options = options[: options.index('--ros-args')]
    try:
        cli.main(args=options, prog_name='muster_sim', standalone_mode=True)
    except MusterError as error:
        click.echo(f'muster_sim: {error}', err=True)
        sys.exit(2)

"""Which processes a team consists of, as data: a pure function from team file to specs.

`ros2 launch` (launch/*.launch.py) maps the specs to launch actions, `muster up` and `muster demo`
to the children of a `Supervisor`. Both therefore start the very same processes, and neither knows
what a team file holds.

    team = read_team(path)[0]
    world = SimulatorOptions(seed=3)
    specs = process_specs(team, path, data_folder, simulator=world, inherited=os.environ)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from muster.core.types import ConfigurationError
from muster.runtime.team_file import Team

SIMULATOR = 'simulator'
"""Name of the simulator's process; robots' processes have the names of the robots."""

DISCOVERY_RANGES = {'localhost': 'LOCALHOST', 'subnet': 'SUBNET'}
"""ROS_AUTOMATIC_DISCOVERY_RANGE by a team's `network`."""


@dataclass(frozen=True)
class RestartPolicy:
    """What is done about a process that ends by itself."""

    delay_s: float = 1.0
    """[s] from the end to the next start. Smaller: back sooner, but a process that cannot start
    spins."""
    limit: int = 5
    """Restarts within `window_s`; beyond them the process is given up. 0: never restarted."""
    window_s: float = 60.0


@dataclass(frozen=True)
class ProcessSpec:
    """One process to start."""

    name: str
    """Unique among the specs; also the name of its log file."""
    package: str
    """ROS package that installs the executable."""
    executable: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Set on top of what the process inherits."""
    robot: str = ''
    """The robot it is; empty for the simulator."""
    restart: RestartPolicy = RestartPolicy()


@dataclass(frozen=True)
class SimulatorOptions:
    """How the simulated world is run."""

    seed: int = 0
    has_window: bool = False
    """Show the PyBullet window; needs a display."""
    rate: float = 1.0
    """Simulated seconds per second."""


def process_specs(
    team: Team,
    team_file: Path,
    data_folder: Path,
    *,
    robots: Sequence[str] = (),
    simulator: SimulatorOptions | None = None,
    use_sim_time: bool | None = None,
    domain_id: int | None = None,
    parameter_file: Path | None = None,
    restart: RestartPolicy = RestartPolicy(),
    inherited: Mapping[str, str] | None = None,
) -> tuple[ProcessSpec, ...]:
    """The processes of a team, the simulator first.

    Parameters
    ----------
    team, team_file : the team, and the file that it was read from, which every process reads
        again.
    data_folder : where robots keep their logs of consensus, one folder per robot.
    robots : the robots to start; empty means all of the team.
    simulator : start the simulated world too; None on real robots.
    use_sim_time : follow `/clock`; by default exactly when the simulator is started here.
    domain_id : ROS_DOMAIN_ID of the processes; None leaves the inherited one.
    parameter_file : ROS parameters for the nodes of the robots.
    restart : policy for robots. The simulator is never restarted: the world would begin anew.
    inherited : environment that the processes will inherit. A discovery range set there wins over
        the team file's `network`.

    Raises
    ------
    ConfigurationError
        if a robot is not in the team.
    """
    names = [robot.name for robot in team.robots]
    for robot in robots:
        if robot not in names:
            raise ConfigurationError(
                f'{robot!r} is not in team {team.team!r}, whose robots are {", ".join(names)}'
            )
    follows_clock = simulator is not None if use_sim_time is None else use_sim_time
    environment = _environment(team, domain_id, inherited or {})
    specs = []
    if simulator is not None:
        specs.append(_simulator_spec(team_file, simulator, environment))
    ros_arguments = _ros_arguments(follows_clock, parameter_file)
    for name in robots or names:
        arguments = ('--team', str(team_file), '--robot', name, '--data', str(data_folder))
        specs.append(
            ProcessSpec(
                name=name,
                package='muster',
                executable='muster_robot',
                arguments=(*arguments, *ros_arguments),
                environment=environment,
                robot=name,
                restart=restart,
            )
        )
    return tuple(specs)


def _simulator_spec(
    team_file: Path, options: SimulatorOptions, environment: Mapping[str, str]
) -> ProcessSpec:
    window = ('--gui',) if options.has_window else ()
    world = ('--seed', str(options.seed), '--rate', str(options.rate), *window)
    return ProcessSpec(
        name=SIMULATOR,
        package='muster_sim',
        executable='muster_sim',
        arguments=('--team', str(team_file), *world),
        environment=environment,
        restart=RestartPolicy(limit=0),
    )


def _environment(
    team: Team, domain_id: int | None, inherited: Mapping[str, str]
) -> Mapping[str, str]:
    environment = {'PYTHONUNBUFFERED': '1'}
    if domain_id is not None:
        environment['ROS_DOMAIN_ID'] = str(domain_id)
    if 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in inherited:
        environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] = DISCOVERY_RANGES[team.network]
    return environment


def _ros_arguments(follows_clock: bool, parameter_file: Path | None) -> tuple[str, ...]:
    """What goes after `--ros-args`. Standard error is the log: rcl writes no file of its own."""
    arguments = ['--ros-args', '--disable-external-lib-logs']
    if parameter_file is not None:
        arguments += ['--params-file', str(parameter_file)]
    if follows_clock:
        arguments += ['-p', 'use_sim_time:=true']
    return tuple(arguments)

"""Whether the simulator starts, and its clock runs."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from muster.cli.checkup.discovery import private_environment
from muster.cli.checkup.findings import Finding
from muster.core.types import MusterError
from muster.runtime.process_specs import SimulatorOptions, process_specs
from muster.runtime.share import find_config
from muster.runtime.supervisor import GivenUp, Supervisor
from muster.runtime.team_file import read_team

NAME = 'simulator'
START_S = 30.0
REMEDY = 'run `make setup` in the checkout; if it persists, please report it with the log'


def check_world() -> Finding:
    """Start the simulator with the team that ships, and watch its clock for a simulated second."""
    try:
        with tempfile.TemporaryDirectory(prefix='muster-doctor-') as folder:
            return _start(Path(folder))
    except MusterError as error:
        return Finding(NAME, False, str(error), REMEDY)


def _start(folder: Path) -> Finding:
    from muster.dashboard.ros_session import RosSession

    team_file = find_config('warehouse', 'teams')
    team, _ = read_team(team_file)
    environment = private_environment()
    specs = process_specs(
        team,
        team_file,
        folder,
        simulator=SimulatorOptions(),
        domain_id=int(environment['ROS_DOMAIN_ID']),
        inherited={**os.environ, **environment},
    )
    started = time.monotonic()
    with (
        RosSession('muster_doctor', environment, use_sim_time=True) as session,
        Supervisor(specs[:1], folder) as supervisor,
    ):
        supervisor.start()
        while time.monotonic() < started + START_S:
            if session.spin_until(lambda: session.now() >= 1.0, 0.2):
                took = time.monotonic() - started
                return Finding(NAME, True, f'{team.team}: a simulated second after {took:.1f} s')
            for change in supervisor.poll():
                if isinstance(change, GivenUp):
                    last = change.log_tail.strip().splitlines()[-1:] or ['no word']
                    return Finding(NAME, False, f'it ended: {last[0]}', REMEDY)
    return Finding(NAME, False, f'its clock was not heard in {START_S:.0f} s', REMEDY)

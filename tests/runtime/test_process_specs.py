"""From a team file to the processes that make it up."""

from __future__ import annotations

from pathlib import Path

import pytest

from muster.core.types import ConfigurationError
from muster.runtime.process_specs import SIMULATOR, SimulatorOptions, process_specs
from muster.runtime.share import find_config
from muster.runtime.team_file import Team, read_team

FILE = find_config('warehouse', 'teams')
DATA = Path('data')


@pytest.fixture(scope='module')
def team() -> Team:
    return read_team(FILE)[0]


def test_a_real_team_has_one_process_per_robot_and_keeps_wall_time(team: Team) -> None:
    specs = process_specs(team, FILE, DATA)
    assert [spec.name for spec in specs] == ['g1_1', 'g1_2', 'g1_3', 'g1_4']
    assert {spec.executable for spec in specs} == {'muster_robot'}
    assert specs[1].arguments[:6] == ('--team', str(FILE), '--robot', 'g1_2', '--data', 'data')
    assert 'use_sim_time:=true' not in specs[1].arguments


def test_a_simulated_team_starts_its_world_first_and_follows_its_clock(team: Team) -> None:
    options = SimulatorOptions(seed=3, has_window=True, rate=2.5)
    simulator, *robots = process_specs(team, FILE, DATA, simulator=options)
    assert (simulator.name, simulator.executable) == (SIMULATOR, 'muster_sim')
    assert simulator.arguments == (
        *('--team', str(FILE), '--seed', '3'),
        *('--rate', '2.5', '--gui'),
    )
    assert simulator.restart.limit == 0
    assert all(spec.arguments[-1] == 'use_sim_time:=true' for spec in robots)


def test_one_robot_of_the_team_can_be_started_alone(team: Team) -> None:
    (spec,) = process_specs(team, FILE, DATA, robots=['g1_3'])
    assert spec.robot == 'g1_3'
    with pytest.raises(ConfigurationError, match=r"'g1_9' is not in team 'warehouse'.*g1_1"):
        process_specs(team, FILE, DATA, robots=['g1_9'])


@pytest.mark.parametrize(
    ('network', 'inherited', 'expected'),
    [
        ('localhost', {}, 'LOCALHOST'),
        ('subnet', {}, 'SUBNET'),
        ('localhost', {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'}, None),
    ],
)
def test_discovery_reaches_as_far_as_the_team_file_says(
    team: Team, network: str, inherited: dict[str, str], expected: str | None
) -> None:
    wanted = team.model_copy(update={'network': network})
    spec = process_specs(wanted, FILE, DATA, domain_id=42, inherited=inherited)[0]
    assert spec.environment.get('ROS_AUTOMATIC_DISCOVERY_RANGE') == expected
    assert spec.environment['ROS_DOMAIN_ID'] == '42'


def test_parameters_reach_every_robot(team: Team) -> None:
    for spec in process_specs(team, FILE, DATA, parameter_file=Path('robot.yaml')):
        position = spec.arguments.index('--params-file')
        assert position > spec.arguments.index('--ros-args')
        assert spec.arguments[position + 1] == 'robot.yaml'

"""What a team file says reaches the machines that it is meant for."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from muster.core.allocation.config import AuctionConfig
from muster.core.types import ConfigurationError
from muster.runtime.configure import coordinator_config
from muster.runtime.share import find_config
from muster.runtime.team_file import Allocation, Coordination, Motion, Team, read_team
from muster.runtime.world_file import World

TIMES = Coordination(
    heartbeat_s=0.11,
    election_min_s=0.71,
    election_max_s=1.31,
    report_s=0.21,
    detection_s=1.51,
    lease_s=3.01,
    clock_drift=0.02,
    lease_grace_s=0.61,
    bid_timeout_s=1.01,
    schedule_capacity=3,
)


@pytest.fixture
def files() -> tuple[Team, World]:
    team, world = read_team(find_config('warehouse', 'teams'))
    return team.model_copy(update={'coordination': TIMES}), world


def test_every_time_constant_arrives(files: tuple[Team, World]) -> None:
    config = coordinator_config(*files, 'g1_2')
    raft, members, auction = config.raft, config.membership, config.auction
    assert (raft.heartbeat_s, raft.election_min_s, raft.election_max_s) == (0.11, 0.71, 1.31)
    assert (members.report_s, members.detection_s, members.lease_s) == (0.21, 1.51, 3.01)
    assert members.grace_s == 0.61
    assert (auction.bid_timeout_s, auction.schedule_capacity) == (1.01, 3)


def test_leases_of_robots_and_of_leaders_rest_on_the_same_drift(
    files: tuple[Team, World],
) -> None:
    config = coordinator_config(*files, 'g1_2')
    assert config.membership.clock_drift == config.raft.clock_drift == 0.02


def test_a_leader_grants_no_longer_than_it_leads_without_a_quorum(
    files: tuple[Team, World],
) -> None:
    config = coordinator_config(*files, 'g1_2')
    assert config.membership.quorum_window_s == config.raft.election_max_s


def test_a_robot_that_is_not_in_the_team_is_named_with_those_that_are(
    files: tuple[Team, World],
) -> None:
    with pytest.raises(ConfigurationError, match=r"'g1_9' is not in team 'warehouse'.*g1_1"):
        coordinator_config(*files, 'g1_9')


def test_a_profile_gives_the_times_that_are_not_given() -> None:
    plain, wifi = Coordination(), Coordination.model_validate({'timing': 'wifi'})
    assert (plain.heartbeat_s, plain.election_min_s, plain.election_max_s) == (0.075, 0.16, 0.32)
    assert (wifi.heartbeat_s, wifi.election_min_s, wifi.election_max_s) == (0.1, 0.6, 1.2)
    mixed = Coordination.model_validate({'timing': 'wifi', 'election_max_s': 2.0})
    assert (mixed.election_min_s, mixed.election_max_s) == (0.6, 2.0)


def test_an_unknown_profile_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValidationError, match="'lan' or 'wifi'"):
        Coordination.model_validate({'timing': 'mesh'})


def entry(name: str, **fields: object) -> dict[str, object]:
    return {'name': name, 'squad': 'alpha', 'start': [0.0, 0.0, 0.0], **fields}


TEAM = {
    'team': 'tests',
    'world': 'tests',
    'robots': [entry('ann', capabilities=['walk'], quantities={'payload_kg': 8}), entry('bob')],
    'skills': {'lift': {'needs': {'payload_kg': 5.0}}},
    'motion': {'charge_w': 300.0, 'charge_below': 0.4},
    'allocation': {
        'weight_sum': 0.25,
        'weight_max': 0.5,
        'weight_latency': 0.0,
        'duration_quantile': 0.9,
        'stability_s': 7.0,
        'trade_budget_s': 0.2,
    },
}
WORLD = {
    'name': 'tests',
    'bounds': [0, 0, 9, 9],
    'places': {
        'west': {'x': 1, 'y': 1, 'kind': 'dock'},
        'hall': {'x': 4, 'y': 1},
        'east': {'x': 8, 'y': 1, 'kind': 'dock'},
    },
}


def test_amounts_docks_and_objectives_arrive() -> None:
    config = coordinator_config(Team.model_validate(TEAM), World.model_validate(WORLD), 'ann')
    assert config.quantities == {'ann': {'payload_kg': 8.0}, 'bob': {}}
    assert config.skills['lift'].needs == {'payload_kg': 5.0}
    assert config.docks == ('east', 'west')
    assert (config.motion.charge_w, config.motion.charge_below) == (300.0, 0.4)
    auction = config.auction
    assert (auction.weight_sum, auction.weight_max, auction.weight_latency) == (0.25, 0.5, 0.0)
    assert (auction.duration_quantile, auction.stability_s, auction.trade_budget_s) == (
        0.9,
        7.0,
        0.2,
    )


def test_defaults_of_the_file_are_those_of_the_core() -> None:
    plain = {name: value for name, value in TEAM.items() if name not in ('motion', 'allocation')}
    team, world = Team.model_validate(plain), World.model_validate(WORLD)
    assert coordinator_config(team, world, 'ann').auction == AuctionConfig()


def test_a_cost_that_is_not_installed_is_named() -> None:
    team = Team.model_validate({**TEAM, 'costs': ['moon_phase']})
    with pytest.raises(ConfigurationError, match=r"costs\[0\] is 'moon_phase', .*take it out"):
        coordinator_config(team, World.model_validate(WORLD), 'ann')


@pytest.mark.parametrize(
    ('model', 'fields', 'words'),
    [
        (Allocation, {'weight_latency': 0}, 'are all 0; give one that counts'),
        (Allocation, {'duration_quantile': 1}, 'less than 1'),
        (Motion, {'charge_w': 100, 'charge_below': 0.1}, r'more than battery_reserve \(0.1\)'),
        (Team, {**TEAM, 'robots': [entry('ann', quantities={'kg': -1})]}, 'greater than 0'),
        (Team, {**TEAM, 'robots': [entry('ann', quantities={'kg': float('inf')})]}, 'finite'),
    ],
)
def test_values_that_make_no_sense_are_refused(
    model: type[BaseModel], fields: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        model.model_validate(fields)

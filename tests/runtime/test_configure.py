"""What a team file says reaches the machines that it is meant for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from muster.core.types import ConfigurationError
from muster.runtime.configure import coordinator_config
from muster.runtime.share import find_config
from muster.runtime.team_file import Coordination, Team, read_team
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

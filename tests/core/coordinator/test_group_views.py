"""What a coordinator shows of its share in consensus."""

from __future__ import annotations

import math

from muster.core.coordinator.events import StorageFailed
from muster.core.coordinator.views import DiskView, GroupView, Role

from .team import Team, team_at_work

DISK = DiskView(size_bytes=4096, segments=2, sync_p50_s=0.001, sync_p99_s=0.004)


def group_of(team: Team, name: str) -> GroupView:
    (group,) = team[name].machine.group_views(team.instant, DISK)
    return group


def test_leader_and_follower_show_the_same_log_and_their_own_roles() -> None:
    team = team_at_work(3)
    leader, follower = team.leader, team.others(team.leader)[0]
    before = group_of(team, leader)
    team.submit('q1')
    team.run(2.0)
    led, followed = group_of(team, leader), group_of(team, follower)
    assert (led.group, led.role, led.leader) == ('alpha', Role.LEADER, leader)
    assert (followed.group, followed.role, followed.leader) == ('alpha', Role.FOLLOWER, leader)
    assert led.commit_index > before.commit_index
    assert led.commit_index == led.last_index == led.durable_index == led.applied_index
    assert led.commit_index == followed.commit_index
    assert (led.elections_stood, led.terms_led) == (1, 1)
    assert (followed.elections_stood, followed.terms_led) == (0, 0)
    assert led.log_entries == led.last_index
    assert led.log_bytes > 0
    assert led.disk == DISK


def test_who_has_never_led_has_measured_no_commit() -> None:
    team = team_at_work(3)
    leader, follower = team.leader, team.others(team.leader)[0]
    led, followed = group_of(team, leader), group_of(team, follower)
    assert 0 <= led.commit_p50_s <= led.commit_p99_s
    assert math.isnan(followed.commit_p50_s)
    assert math.isnan(followed.commit_p99_s)
    assert 0 <= followed.write_p50_s <= followed.write_p99_s


def test_a_write_that_hangs_is_shown_with_its_age() -> None:
    team = team_at_work(3)
    follower = team.others(team.leader)[0]
    assert group_of(team, follower).write_pending_s == 0
    team[follower].is_disk_slow = True
    team.submit('q1')
    team.run(1.0)
    hanging = group_of(team, follower)
    assert 0.8 < hanging.write_pending_s <= 1.0
    assert hanging.durable_index < hanging.last_index
    team[follower].is_disk_slow = False
    team.run(0.5)
    assert group_of(team, follower).write_pending_s == 0
    assert group_of(team, follower).write_p99_s >= hanging.write_pending_s


def test_a_robot_is_starting_until_its_first_record_is_durable() -> None:
    team = Team(1)
    team['r1'].is_disk_slow = True
    team.boot('r1')
    team.run(1.0)
    assert group_of(team, 'r1').is_starting
    team['r1'].is_disk_slow = False
    team.run(2.0)
    assert not group_of(team, 'r1').is_starting
    assert group_of(team, 'r1').leader == 'r1'


def test_a_robot_that_has_left_says_why() -> None:
    team = team_at_work(3)
    former = team.leader
    assert group_of(team, former).left_because == ''
    team.step(former, StorageFailed('disk full'))
    group = group_of(team, former)
    assert group.left_because.startswith('disk full; mend the disk')
    assert not group.is_starting
    assert (group.role, group.leader) == (Role.FOLLOWER, '')


def test_a_leader_that_hands_over_says_so() -> None:
    team = team_at_work(3)
    leader, successor = team.leader, team.others(team.leader)[0]
    assert not group_of(team, leader).is_handing_over
    team.loses = lambda sender, recipient, kind: recipient == successor
    team[leader].machine.replica.raft.transfer(successor, team.now)
    assert group_of(team, leader).is_handing_over


def test_snapshots_are_counted() -> None:
    team = Team(1)
    team.boot('r1')
    team.run(2.0)
    assert group_of(team, 'r1').snapshots_taken == 0
    raft = team['r1'].machine.replica.raft
    raft.compact(raft.commit_index, team['r1'].machine.ledger.encode())
    group = group_of(team, 'r1')
    assert (group.snapshots_taken, group.snapshots_installed) == (1, 0)
    assert group.snapshot_index == raft.commit_index
    assert group.log_entries == 0

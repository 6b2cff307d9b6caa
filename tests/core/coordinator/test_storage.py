"""A robot whose disk fails leaves the team at once, and its work goes to others."""

from __future__ import annotations

import pytest

from muster.core.coordinator.effects import Reply, Send, Warn
from muster.core.coordinator.events import StorageFailed
from muster.core.coordinator.machine import Coordinator
from muster.core.types import StorageError, TaskState

from .team import Team, team_at_work, with_task


def test_nothing_is_said_before_the_boot_is_durable() -> None:
    team = Team(3)
    for name in team.robots:
        team[name].is_disk_slow = True
        team.boot(name)
    team.run(5.0)
    assert not any(team[name].asked_for(Send) for name in team.robots)
    for name in team.robots:
        team[name].is_disk_slow = False
    team.run(3.0)
    assert team.leader


@pytest.mark.parametrize('record', [b'', b'nonsense', b'\x81\xa1\xff\x00'])
def test_a_log_of_another_version_is_refused_with_the_remedy(record: bytes) -> None:
    team = Team(1)
    team.boot('r1')
    team.run(2.0)
    team.kill('r1')
    team['r1'].disk[1:1] = [record]
    with pytest.raises(StorageError, match=r'record 2 of the log .* start the version that wrote'):
        team.boot('r1')


def test_a_boot_that_was_lost_before_it_was_durable_was_never_heard_of() -> None:
    team = Team(3)
    team['r1'].is_disk_slow = True
    team.boot('r1')
    team.run(1.0)
    team.kill('r1')
    team['r1'].is_disk_slow = False
    team.boot('r1')
    assert team['r1'].machine.incarnation == 1


def test_incarnations_grow_with_every_boot() -> None:
    team = Team(1)
    seen = []
    for _ in range(3):
        team.boot('r1')
        team.run(2.0)
        seen.append(team['r1'].machine.incarnation)
        team.kill('r1')
    assert seen == [1, 2, 3]


def test_a_robot_whose_disk_fails_says_no_more_and_alerts_people() -> None:
    team = team_at_work()
    follower = team.others(team.leader)[0]
    team.step(follower, StorageFailed('disk full'))
    (alert,) = [one for one in team[follower].asked_for(Warn) if one.code == 'storage_failed']
    assert alert.is_critical
    assert 'disk full' in alert.text
    team[follower].effects.clear()
    team.submit('q1')
    team.run(10.0)
    assert team[follower].asked_for(Send) == []
    assert team[follower].asked_for(Reply) == []
    assert team.task(team.reply('q1').task_id).robot != follower


def test_work_of_a_robot_whose_disk_fails_goes_to_another() -> None:
    team = team_at_work()
    team[team.leader].report = None
    task_id, robot = with_task(team)
    team.step(robot, StorageFailed('disk full'))
    team.run_until(lambda: (task_id, 1) in team[robot].stopped, within_s=3.5)
    team.end(robot, task_id, 1)
    team.run_until(lambda: team.task(task_id).attempt == 2, within_s=8.0)
    assert team.task(task_id).robot != robot


def test_the_body_is_stopped_in_time_although_nothing_but_the_clock_calls() -> None:
    """The lease must end the work even if body, peers and disk are all silent."""
    team = team_at_work()
    task_id, robot = with_task(team)
    machine = team[robot].machine
    team.step(robot, StorageFailed('disk full'))
    expires_at = team.now + machine.robot_view(team.instant).lease_remaining_s
    assert machine.next_tick() <= expires_at
    team.now = expires_at
    team.tick(robot)
    assert (task_id, 1) in team[robot].stopped


def test_a_leader_whose_disk_fails_is_replaced() -> None:
    team = team_at_work()
    former = team.leader
    team.step(former, StorageFailed('disk full'))
    assert team[former].machine.team_view(team.instant) is None
    assert team[former].machine.robot_view(team.instant).leader == ''
    team.run(3.0)
    assert team.leader != former
    team.submit('q1')
    team.run(0.5)
    assert team.reply('q1').accepted


def test_a_ledger_that_this_version_cannot_read_stops_it_from_taking_part() -> None:
    """Skipping a command that others apply would make two ledgers of one."""
    team = team_at_work()
    leader = team[team.leader].machine
    (index,) = leader.replica.raft.propose([b'of a later version'], team.now)
    team.run(8.0)
    alerts = {
        name: [one.text for one in robot.asked_for(Warn) if one.is_critical]
        for name, robot in team.robots.items()
    }
    who_left = [name for name, texts in alerts.items() if texts]
    assert len(who_left) == 2, 'the third cannot know: nobody is left to agree with it'
    for name in who_left:
        assert alerts[name][0].startswith(f'entry {index} of the ledger is of a later version')
        assert not team[name].machine.replica.is_awake
        assert team[name].machine.replica.applied_index == index - 1


def test_all_that_was_acknowledged_is_there_after_a_power_cut() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.work(robot, task_id, 1)
    team.settle()
    for name in team.robots:
        team.kill(name)
    for name in team.robots:
        team.boot(name)
    team.run(5.0)
    task = team.task(task_id)
    assert task.state in (TaskState.AWARDED, TaskState.EXECUTING)
    assert task.attempt == 2, 'a restarted robot does not remember what it was at'
    assert isinstance(team['r1'].coordinator, Coordinator)


def test_people_are_not_told_again_of_all_that_happened_before_a_power_cut() -> None:
    team = team_at_work()
    for number in range(20):
        team.submit(f'q{number}')
        team.run(0.1)
    for name in team.robots:
        team.kill(name)
        team[name].effects.clear()
    for name in team.robots:
        team.boot(name)
    team.run(5.0)
    assert len(team[team.leader].machine.tasks()) == 20
    told = [one.task_id for name in team.robots for one in team[name].reports('task_submitted')]
    assert len(told) <= 1, 'but for the last, of which nobody may have been told'
    assert len([one for name in team.robots for one in team[name].asked_for(Reply)]) <= 1

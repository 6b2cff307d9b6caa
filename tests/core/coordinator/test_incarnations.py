"""A robot is only believed in its newest life."""

from __future__ import annotations

import pytest

from muster.core.coordinator.events import EnvelopeReceived
from muster.core.coordinator.wire import encode_message
from muster.core.membership.messages import Heartbeat
from muster.core.raft import Append, Entry
from muster.core.types import ProtocolError, RobotReport

from .team import STEP_S, Team, cut_off, team_at_work, with_task


def heartbeat(sender: str, incarnation: int, sent_at: float, battery: float) -> EnvelopeReceived:
    beat = Heartbeat(sent_at=sent_at, report=RobotReport(battery=battery))
    return EnvelopeReceived(sender, incarnation, 1, *encode_message(beat))


def battery_of(team: Team, robot: str) -> float:
    view = team[team.leader].machine.team_view(team.instant)
    assert view is not None
    return next(one.battery for one in view.robots if one.robot == robot)


def test_mail_of_an_earlier_life_is_dropped() -> None:
    team = team_at_work()
    other = team.others(team.leader)[0]
    team.kill(other)
    team.boot(other)
    team.run(3.0)
    team.step(team.leader, heartbeat(other, 1, team.now, battery=0.123))
    assert battery_of(team, other) == 1.0
    team.step(team.leader, heartbeat(other, 2, team.now, battery=0.456))
    assert battery_of(team, other) == 0.456


def test_a_robot_that_has_restarted_is_released_of_its_work_at_once() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.kill(robot)
    team.boot(robot)
    team.run_until(lambda: team.task(task_id).attempt == 2, within_s=4.0)
    assert team[robot].started.count((task_id, 1)) == 1, 'the new life went on with the old work'


def test_a_robot_that_has_restarted_is_silent_until_its_body_has_stopped() -> None:
    team = team_at_work()
    other = team.others(team.leader)[0]
    team.kill(other)
    before = len(team.carried)
    team.boot(other)
    grace_s = team[other].config.membership.grace_s
    team.run(grace_s - 2 * STEP_S)
    kinds = {
        envelope.kind for sender, _, envelope in list(team.carried)[before:] if sender == other
    }
    assert 'raft.append_reply' in kinds
    assert 'team.heartbeat' not in kinds
    team.run(1.0)
    assert team[team.leader].machine.ledger.roster[other].incarnation == 2


def test_a_robot_whose_memory_was_wiped_is_not_taken_for_the_one_it_was() -> None:
    """It may have voted, acknowledged and promised what it now knows nothing of."""
    team = team_at_work()
    other = team.others(team.leader)[0]
    for _ in range(2):
        team.kill(other)
        team.boot(other)
        team.run(3.0)
    assert team[other].machine.incarnation == 3
    team.kill(other)
    team[other].disk.clear()
    team.boot(other)
    for name in team.others(other):
        team.kill(name)
        team.boot(name)
    team.run(20.0)
    leader = team[team.leader].machine
    assert team.leader != other
    assert leader.ledger.roster[other].incarnation == 3
    assert not leader.ledger.is_present(other)
    entries = leader.replica.raft.commit_index
    team.run(10.0)
    assert leader.replica.raft.commit_index == entries, 'the ledger grows without end'


def test_a_refused_message_does_not_shut_its_sender_out() -> None:
    team = team_at_work()
    other = team.others(team.leader)[0]
    nonsense = Append(
        term=99, prev_index=5, prev_term=9, commit_index=0, round=1, entries=(Entry(99, 9),)
    )
    envelope = EnvelopeReceived(other, 1000, 1, *encode_message(nonsense))
    with pytest.raises(ProtocolError, match='out of order'):
        team.step(team.leader, envelope)
    team.step(team.leader, heartbeat(other, 1, team.now, battery=0.5))
    assert battery_of(team, other) == 0.5


@pytest.mark.parametrize('sender', ['r1', 'stranger', ''])
def test_only_other_robots_of_the_team_are_heard(sender: str) -> None:
    team = team_at_work()
    with pytest.raises(ProtocolError, match='no other robot of this team'):
        team.step('r1', heartbeat(sender, 1, team.now, battery=0.5))


def test_a_robot_that_comes_back_from_silence_joins_again_with_its_old_work_gone() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.loses = cut_off(robot)
    team.run(7.0)
    leader = team.leader
    assert leader != robot
    assert not team[leader].machine.ledger.is_present(robot)
    assert team.task(task_id).attempt == 2
    assert (task_id, 1) in team[robot].stopped
    team.loses = lambda sender, recipient, kind: False
    team.run(4.0)
    assert team[team.leader].machine.ledger.is_present(robot)

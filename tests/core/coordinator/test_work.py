"""From an award to its end: claims, leases, auctions, and robots that cannot go on."""

from __future__ import annotations

import pytest

from muster.core.allocation.messages import Bids, Call
from muster.core.coordinator.effects import StartTask
from muster.core.coordinator.events import EnvelopeReceived, SkillEnded
from muster.core.coordinator.wire import ClaimMade, decode_message, encode_message
from muster.core.ledger.commands import EndTask
from muster.core.membership.messages import Grant
from muster.core.types import Cancel, Outcome, Pose2D, RobotReport, Stop, TaskState

from .team import STEP_S, WALL_S, Team, cut_off, team_at_work, with_task

CARRY = {'kind': 'carry', 'stops': (Stop(place='shelf'), Stop(place='bench'))}
UNFIT = RobotReport(is_fit=False, unfit_reason='it has fallen')


def sent(team: Team, kind: str, sender: str = '') -> list[EnvelopeReceived]:
    return [mail for who, _, mail in team.carried if mail.kind == kind and sender in ('', who)]


# A task's life


def test_a_task_is_awarded_begun_and_done() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.work(robot, task_id, 1)
    team.settle()
    assert team.task(task_id).state is TaskState.EXECUTING
    team.end(robot, task_id, 1)
    team.settle()
    for name in team.robots:
        team.run(0.2)
        assert team.task(task_id, seen_by=name).state is TaskState.DONE
    assert 'cost' in team.task(task_id).award_reason


def test_the_nearest_robot_gets_the_work() -> None:
    team = Team(3)
    for name, x in (('r1', 0.0), ('r2', 20.0), ('r3', 10.0)):
        team[name].report = RobotReport(pose=Pose2D(x, 0.0))
        team.boot(name)
    team.run(2.5)
    _, robot = with_task(team, stops=(Stop(place='bench'),))
    assert robot == 'r2'


@pytest.mark.parametrize('outcome', [Outcome.ROBOT_FAILED, Outcome.STOPPED, Outcome.TASK_FAILED])
def test_work_that_did_not_succeed_is_offered_again(outcome: Outcome) -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.end(robot, task_id, 1, outcome)
    team.run_until(lambda: team.task(task_id).attempt == 2, within_s=8.0)


def test_a_task_fails_for_good_after_its_retries() -> None:
    team = team_at_work()
    task_id, robot = with_task(team, retries=1)
    team.end(robot, task_id, 1, Outcome.TASK_FAILED)
    team.run_until(lambda: team.task(task_id).attempt == 2, within_s=3.0)
    assert team.task(task_id).robot != robot, 'others are preferred after a failure'
    team.end(team.task(task_id).robot, task_id, 2, Outcome.TASK_FAILED)
    team.settle()
    assert team.task(task_id).state is TaskState.FAILED
    assert 'failed 2 times' in team.task(task_id).detail


def test_what_a_skill_says_is_kept_short() -> None:
    team = team_at_work()
    task_id, robot = with_task(team, retries=0)
    team.step(robot, SkillEnded(task_id, 1, Outcome.TASK_FAILED, 'Traceback ' * 10_000))
    team.run(0.3)
    assert 'Traceback' in team.task(task_id).detail
    assert len(team.task(task_id).detail) < 1000


def test_a_body_that_refuses_every_attempt_does_not_fill_the_ledger() -> None:
    """A robot without a skill server is idle, near and cheap: it would win over and over."""
    team = team_at_work(1)
    with_task(team)
    before = team['r1'].machine.replica.raft.commit_index
    answered = 0
    until = team.now + 30.0
    while team.now < until:
        started = team['r1'].started
        if len(started) > answered:
            answered = len(started)
            team.end('r1', *started[-1], Outcome.ROBOT_FAILED)
        team.run(STEP_S)
    assert 3 < answered < 40
    assert team['r1'].machine.replica.raft.commit_index - before < 160


def test_a_body_that_refuses_its_attempt_leaves_the_work_to_another() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.end(robot, task_id, 1, Outcome.ROBOT_FAILED)
    team.run_until(lambda: team.task(task_id).attempt == 2, within_s=5.0)
    assert team.task(task_id).robot != robot


def test_a_cancelled_task_is_stopped_where_it_is_under_way() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.ask(Cancel('c1', task_id))
    team.run(0.3)
    assert team.reply('c1').accepted
    assert (task_id, 1) in team[robot].stopped
    team.end(robot, task_id, 1, Outcome.STOPPED)
    team.run(2.0)
    assert team.task(task_id).state is TaskState.CANCELLED


def test_the_body_is_at_one_attempt_at_a_time() -> None:
    team = team_at_work(1)
    first, _ = with_task(team, 'q1')
    team.submit('q2')
    team.run(1.0)
    second = team.reply('q2').task_id
    assert team['r1'].started == [(first, 1)]
    assert team['r1'].machine.robot_view(team.instant).schedule == (second,)
    team.end('r1', first, 1)
    team.run(0.2)
    assert team['r1'].started == [(first, 1), (second, 1)]


# Claims


def test_a_claim_is_repeated_until_the_ledger_shows_it() -> None:
    team = team_at_work()
    leader = team.leader
    team[leader].report = UNFIT
    team.run(0.3)
    task_id, robot = with_task(team)
    assert robot != leader
    team.loses = lambda sender, recipient, kind: kind == 'ledger.claim'
    team.end(robot, task_id, 1)
    team.run(2.0)
    assert team.task(task_id).state is not TaskState.DONE
    team.loses = lambda sender, recipient, kind: False
    team.run_until(lambda: team.task(task_id).state is TaskState.DONE, within_s=1.0)
    before = len(sent(team, 'ledger.claim'))
    team.run(3.0)
    assert len(sent(team, 'ledger.claim')) == before, 'claimed on, though the ledger shows it'


def test_a_claim_survives_a_change_of_the_leader() -> None:
    team = team_at_work()
    former = team.leader
    team[former].report = UNFIT
    team.run(0.3)
    task_id, robot = with_task(team)
    team.loses = lambda sender, recipient, kind: kind == 'ledger.claim'
    team.end(robot, task_id, 1)
    team.settle()
    team.kill(former)
    team.loses = lambda sender, recipient, kind: False
    team.run_until(lambda: any(one for one in team.others(former) if leads(team, one)), 4.0)
    team.run_until(lambda: team.task(task_id).state is TaskState.DONE, within_s=1.0)
    assert team.task(task_id).attempt == 1


def leads(team: Team, name: str) -> bool:
    return team[name].machine.team_view(team.instant) is not None


def test_a_claim_for_another_robot_is_not_believed() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    liar = team.others(robot, team.leader)[0]
    claim = ClaimMade(EndTask(task_id, 1, robot, Outcome.SUCCEEDED))
    team.step(team.leader, EnvelopeReceived(liar, 1, 1, *encode_message(claim)))
    team.run(0.3)
    assert team.task(task_id).state is TaskState.AWARDED


def test_with_a_claim_to_make_and_no_leader_a_robot_does_not_spin() -> None:
    team = team_at_work()
    leader = team.leader
    team[leader].report = UNFIT
    team.run(0.3)
    task_id, robot = with_task(team)
    for name in team.others(robot):
        team.kill(name)
    team.run(2.0)
    team.end(robot, task_id, 1)
    machine = team[robot].machine
    assert machine.robot_view(team.instant).leader == ''
    team.run_until(lambda: machine.next_tick() > team.now, within_s=1.0)


# Authority


def test_a_robot_that_hears_no_leader_stops_exclusive_work_when_its_lease_ends() -> None:
    team = team_at_work()
    team[team.leader].report = UNFIT
    team.run(0.3)
    task_id, robot = with_task(team)
    team.loses = cut_off(robot)
    lease_s = team[robot].config.membership.lease_s
    team.run(lease_s - 0.5)
    assert team[robot].stopped == []
    team.run(0.6)
    assert team[robot].stopped == [(task_id, 1)]
    assert len(team[robot].reports('lease_lapsed')) == 1


def test_a_robot_that_hears_no_leader_goes_on_with_work_that_others_may_double() -> None:
    team = team_at_work()
    team[team.leader].report = UNFIT
    team.run(0.3)
    task_id, robot = with_task(team, exclusive=False)
    team.loses = cut_off(robot)
    team.run(4.0)
    assert team[robot].stopped == []
    assert team.task(task_id).robot == robot


def test_exclusive_work_is_awarded_again_only_after_its_body_was_told_to_stop() -> None:
    team = team_at_work()
    team[team.leader].report = UNFIT
    team.run(0.3)
    task_id, robot = with_task(team)
    team[team.leader].report = RobotReport()
    team.loses = cut_off(robot)
    cut_at = team.now
    stopped_at = awarded_at = 0.0
    while not awarded_at:
        team.run(STEP_S)
        if team[robot].stopped and not stopped_at:
            stopped_at = team.now
        if team.task(task_id).attempt == 2:
            awarded_at = team.now
        assert team.now < cut_at + 10.0
    config = team[robot].config.membership
    assert awarded_at >= stopped_at + config.grace_s
    assert awarded_at >= cut_at + config.release_wait_s - config.report_s - 2 * STEP_S


def test_a_leader_without_a_quorum_grants_nothing() -> None:
    team = team_at_work(5)
    leader = team.leader
    friend = team.others(leader)[0]
    team.loses = cut_off(leader, friend)
    quorum_window_s = team[leader].config.membership.quorum_window_s
    team.run(quorum_window_s + 0.1)
    before = len(sent(team, 'team.grant', leader))
    team.run(2.0)
    assert len(sent(team, 'team.grant', leader)) == before


def test_a_robot_that_is_being_given_up_is_granted_nothing() -> None:
    """Once its loss is proposed it may be committed at any moment, and its work awarded."""
    team = team_at_work()
    leader = team.leader
    robot, other = team.others(leader)
    team.loses = cut_off(robot)
    release_wait_s = team[leader].config.membership.release_wait_s
    team.run(release_wait_s - 0.5)
    assert team[leader].machine.ledger.is_present(robot)
    for name in (leader, other):
        team[name].is_disk_slow = True
    team.run(0.7)
    assert team[leader].machine.ledger.is_present(robot), 'proposed, but not committed'
    team.loses = lambda sender, recipient, kind: sender == robot and kind.startswith('raft')
    before = len(team.carried)
    team.run(0.4)
    mail = team.carried[before:]
    assert any(one.kind == 'team.heartbeat' and who == robot for who, _, one in mail)
    assert not any(one.kind == 'team.grant' and to == robot for _, to, one in mail)


def test_a_frozen_leader_grants_nothing_to_what_has_piled_up() -> None:
    """Its queue holds heartbeats and answers from before it froze."""
    team = team_at_work()
    leader = team.leader
    team.run(0.1)
    beats = [mail for who, to, mail in team.carried if mail.kind == 'team.heartbeat']
    team.now += 10.0
    team[leader].effects.clear()
    team.mail.clear()
    for mail in beats[-4:]:
        team.step(leader, mail)
    assert not any(mail.kind == 'team.grant' for _, _, mail in team.mail)


def test_a_grant_counts_only_from_the_leader_of_the_present_term() -> None:
    team = team_at_work()
    follower, other = team.others(team.leader)
    machine = team[follower].machine
    term = machine.replica.raft.term
    before = machine.robot_view(team.instant).lease_remaining_s
    team.now += 1.0
    for sender, of_term in ((other, term), (team.leader, term - 1), (team.leader, term + 1)):
        grant = Grant(term=of_term, heard_at=team.now, commit_index=0)
        team.step(follower, EnvelopeReceived(sender, 1, 1, *encode_message(grant)))
        assert machine.robot_view(team.instant).lease_remaining_s < before
    grant = Grant(term=term, heard_at=team.now, commit_index=0)
    team.step(follower, EnvelopeReceived(team.leader, 1, 1, *encode_message(grant)))
    assert machine.robot_view(team.instant).lease_remaining_s == pytest.approx(3.0)


# Robots that cannot go on


def test_an_unfit_robot_gives_back_what_it_has_not_begun() -> None:
    team = team_at_work(2)
    team['r2'].report = UNFIT
    team.run(0.3)
    first, _ = with_task(team, 'q1')
    team.submit('q2')
    team.run(0.3)
    second = team.reply('q2').task_id
    assert {team.task(one).robot for one in (first, second)} == {'r1'}
    team['r2'].report = RobotReport()
    team['r1'].report = UNFIT
    team.run(0.5)
    assert team.task(second).robot == 'r2'
    assert team['r1'].stopped == [(first, 1)]
    assert team.task(first).robot == 'r1', 'its body has not stopped yet'
    team.end('r1', first, 1, Outcome.ROBOT_FAILED)
    team.run(4.0)
    assert team.task(first).robot == 'r2'
    assert len(team['r1'].reports('robot_unfit')) == 1


def test_a_robot_whose_body_has_not_been_heard_bids_for_nothing() -> None:
    team = Team(2)
    team['r1'].report = None
    for name in team.robots:
        team.boot(name)
    team.run(2.5)
    _, robot = with_task(team)
    assert robot == 'r2'
    team['r2'].report = UNFIT
    team.run(0.3)
    team.submit('q2')
    team.run(2.0)
    assert team.task(team.reply('q2').task_id).state is TaskState.PENDING


# Auctions


def test_a_call_is_answered_once_the_ledger_is_as_far_as_it_says() -> None:
    """A robot that does not know yet what it has just won would bid as if it were free."""
    team = team_at_work()
    follower = team.others(team.leader)[0]
    team.submit('q1')
    team.run(0.3)
    call = decode_message('auction.call', sent(team, 'auction.call')[-1].payload)
    assert isinstance(call, Call)
    raft = team[follower].machine.replica.raft
    team.loses = lambda sender, recipient, kind: kind == 'auction.call' and recipient == follower
    ahead = Call(
        auction=77,
        term=raft.term,
        at=WALL_S + team.now,
        commit_index=raft.commit_index + 1,
        lots=call.lots,
    )
    team.mail.clear()
    team.step(follower, EnvelopeReceived(team.leader, 1, 1, *encode_message(ahead)))
    assert not any(mail.kind == 'auction.bids' for _, _, mail in team.mail)
    team.submit('q2')
    team.run(0.3)
    answers = [decode_message(mail.kind, mail.payload) for mail in sent(team, 'auction.bids')]
    assert any(isinstance(one, Bids) and one.auction == 77 for one in answers)


def test_a_call_leaves_out_what_only_the_skill_needs() -> None:
    team = team_at_work()
    parameters = '{"note": "' + 'x' * 10_000 + '"}'
    _, robot = with_task(team, parameters=parameters)
    calls = sent(team, 'auction.call')
    assert calls
    assert all(len(mail.payload) < 1000 for mail in calls)
    (start,) = team[robot].asked_for(StartTask)
    assert start.spec.parameters == parameters


def test_an_auction_closes_when_all_live_robots_have_answered() -> None:
    team = team_at_work()
    team.submit('q1')
    team.run(0.1)
    (closed,) = team[team.leader].reports('auction_closed')
    assert closed.data['took_s'] <= 2 * STEP_S
    assert closed.data['answered'] == ['r1', 'r2', 'r3']


def test_an_auction_does_not_wait_for_ever_for_a_robot_that_does_not_answer() -> None:
    team = team_at_work()
    mute = team.others(team.leader)[0]
    team.loses = lambda sender, recipient, kind: kind == 'auction.bids' and sender == mute
    team.submit('q1')
    team.run(team[mute].config.auction.bid_timeout_s + 0.3)
    assert team.task(team.reply('q1').task_id).state is TaskState.AWARDED


def test_no_robot_is_given_more_than_its_schedule_holds() -> None:
    team = team_at_work(2)
    for number in range(20):
        team.submit(f'q{number}')
    team.run(3.0)
    capacity = team['r1'].config.auction.schedule_capacity
    for name in team.robots:
        assert len(team[team.leader].machine.ledger.held_by(name)) == capacity + 1


def test_urgent_work_that_nobody_can_take_does_not_starve_the_rest() -> None:
    """More of it than one call holds, and the only robots able to do it are down."""
    team = team_at_work(5, with_arms=('r5',))
    team.kill('r5')
    team.run(6.0)
    for number in range(40):
        team.submit(f'heavy {number}', priority=200, **CARRY)
    team.submit('light', priority=10)
    team.run(5.0)
    assert team.task(team.reply('light').task_id).state is TaskState.AWARDED


def test_urgent_work_goes_first() -> None:
    team = team_at_work(1)
    first, _ = with_task(team, 'q0')
    for number in range(1, 6):
        team.submit(f'q{number}', priority=50 * (number == 5) + 100)
    team.run(1.0)
    assert team.task(team.reply('q5').task_id).state is TaskState.AWARDED
    assert team.task(first).attempt == 1


def test_a_task_waits_for_its_predecessors() -> None:
    team = team_at_work()
    first, robot = with_task(team, 'q1')
    team.submit('q2', predecessors=(first,))
    team.run(2.0)
    second = team.reply('q2').task_id
    holder = team.task(second).robot
    assert holder, 'it is planned ahead'
    assert (second, 1) not in team[holder].started
    team.end(robot, first, 1)
    team.run(0.5)
    assert (second, 1) in team[holder].started


def test_a_task_whose_predecessor_failed_fails_with_that_reason() -> None:
    team = team_at_work()
    first, robot = with_task(team, 'q1', retries=0)
    team.submit('q2', predecessors=(first,))
    team.run(0.3)
    team.end(robot, first, 1, Outcome.TASK_FAILED)
    team.run(0.5)
    second = team.task(team.reply('q2').task_id)
    assert second.state is TaskState.FAILED
    assert second.detail == f'its predecessor {first} is FAILED'


def test_a_task_whose_deadline_passes_while_it_waits_fails_with_that_reason() -> None:
    team = team_at_work(1)
    team['r1'].report = UNFIT
    team.run(0.2)
    team.submit('q1', deadline_s=WALL_S + team.now + 2.0)
    team.run(2.5)
    task = team.task(team.reply('q1').task_id)
    assert task.state is TaskState.FAILED
    assert 'deadline passed' in task.detail


def test_a_task_is_not_started_before_its_time() -> None:
    team = team_at_work(1)
    start = WALL_S + team.now + 5.0
    team.submit('q1', earliest_start_s=start)
    team.run(4.0)
    task_id = team.reply('q1').task_id
    assert team.task(task_id).state is TaskState.AWARDED
    assert team['r1'].started == []
    team.run_until(lambda: team['r1'].started == [(task_id, 1)], within_s=1.5)
    assert WALL_S + team.now >= start

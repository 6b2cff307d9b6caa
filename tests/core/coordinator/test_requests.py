"""Operators' requests: what is refused, and that every one gets one answer."""

from __future__ import annotations

from typing import Any

import pytest

from muster.core.coordinator.effects import Reply
from muster.core.types import Cancel, Pose2D, RobotReport, Stop, Submit, TaskSpec, TaskState

from .team import WALL_S, Team, cut_off, team_at_work, with_task

SHELF = (Stop(place='shelf'),)


@pytest.fixture(scope='module')
def team() -> Team:
    """One team for all refusals: none of them may change anything."""
    return team_at_work()


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    'unknown skill': (
        {'kind': 'swim'},
        "kind: no robot has a skill 'swim'; known: carry, fly, go_to",
    ),
    'capability of the skill that nobody has': (
        {'kind': 'fly'},
        'capabilities: no robot of the team has all; the nearest lacks wings',
    ),
    'capability of the task that nobody has': (
        {'capabilities': ('walk', 'crane')},
        'capabilities: no robot of the team has all; the nearest lacks crane',
    ),
    'too few stops': ({'stops': ()}, 'stops: go_to takes 1 to 3, not 0'),
    'too many stops': ({'stops': SHELF * 4}, 'stops: go_to takes 1 to 3, not 4'),
    'unknown place': (
        {'stops': (*SHELF, Stop(place='attic'))},
        "stops[1]: the roadmap has no place 'attic'",
    ),
    'off the roadmap': (
        {'stops': (Stop(pose=Pose2D(5.0, 50.0)),)},
        'stops[0]: (5.0, 50.0) is more than 3.0 m from every place of the roadmap',
    ),
    'coordinates that are none': (
        {'stops': (Stop(pose=Pose2D(float('nan'), 0.0)),)},
        'stops[0]: the coordinates are not finite',
    ),
    'no way between stops': (
        {'stops': (*SHELF, Stop(place='island'))},
        'stops[1]: the roadmap has no way to it from stops[0]',
    ),
    'no way from any robot': (
        {'stops': (Stop(place='island'),)},
        'stops[0]: the roadmap has no way to it from where any capable robot stands',
    ),
    'no robots': ({'robots_needed': 0}, 'robots_needed: 0, but the team has 3 robots; '),
    'more robots than there are': (
        {'robots_needed': 4},
        'robots_needed: 4, but the team has 3 robots; ask for 1 to 3',
    ),
    'negative duration': (
        {'duration_s': -1.0},
        'duration_s: -1.0, but must be finite and not negative',
    ),
    'endless duration': (
        {'duration_s': float('inf')},
        'duration_s: inf, but must be finite and not negative',
    ),
    'energy that is no number': (
        {'energy_j': float('nan')},
        'energy_j: nan, but must be finite and not negative',
    ),
    'spread that is no time': (
        {'duration_spread_s': float('nan')},
        'duration_spread_s: nan, but must be finite and not negative',
    ),
    'negative cost of lateness': (
        {'late_cost': -2.0},
        'late_cost: -2.0, but must be finite and not negative',
    ),
    'soft deadline that is none': (
        {'deadline_is_soft': True},
        'deadline_is_soft: true, but there is no deadline; give deadline_s',
    ),
    'start that is no time': (
        {'earliest_start_s': float('inf')},
        'earliest_start_s: inf, but must be finite and not negative',
    ),
    'priority out of range': ({'priority': 256}, 'priority: 256, but must be within 0 to 255'),
    'retries out of range': ({'retries': -1}, 'retries: -1, but must be within 0 to 255'),
    'deadline past': (
        {'deadline_s': 12.0},
        'deadline_s: 12.0 is past; it is 1002.5 now; give a later',
    ),
    'deadline before start': (
        {'deadline_s': 5000.0, 'earliest_start_s': 6000.0},
        'deadline_s: 5000.0 is not after earliest_start_s (6000.0)',
    ),
    'parameters that are no JSON': (
        {'parameters': '{"speed": '},
        'parameters: not a JSON object: Input data was truncated',
    ),
    'parameters that are no object': (
        {'parameters': '[1, 2]'},
        'parameters: not a JSON object: Expected `object`, got `array`',
    ),
    'parameters nested without end': (
        {'parameters': '{"a":' * 2000 + '1' + '}' * 2000},
        'parameters: not a JSON object: ',
    ),
    'unknown predecessor': (
        {'predecessors': ('task_9999',)},
        "predecessors: there is no task 'task_9999'",
    ),
    'more energy than a battery holds': (
        {'energy_j': 1e7},
        'energy_j: 1e+07, but a full battery yields 2.7e+06',
    ),
}


@pytest.mark.parametrize('case', REFUSALS)
def test_what_cannot_be_honoured_is_refused_by_name_and_value(team: Team, case: str) -> None:
    fields, reason = REFUSALS[case]
    tasks = len(team[team.leader].machine.tasks())
    team.submit(case, **fields)
    team.settle()
    answer = team.reply(case)
    assert not answer.accepted
    assert answer.reason.startswith(reason)
    assert len(team[team.leader].machine.tasks()) == tasks


def test_a_refusal_is_definite_even_when_the_reason_is_gone() -> None:
    team = team_at_work()
    team.submit('q1', deadline_s=WALL_S)
    team.run(0.2)
    for name in team.others(team.leader):
        team.kill(name)
        team.boot(name)
    team.kill(team.leader)
    team.run(4.0)
    team.submit('q1')
    team.run(0.5)
    assert len(team.replies('q1')) >= 2
    assert 'deadline_s' in team.reply('q1').reason


@pytest.mark.parametrize(
    ('request_id', 'parameters', 'words'),
    [
        ('', '', 'request_id must have 1 to 128 characters, not 0'),
        ('x' * 129, '', 'request_id must have 1 to 128 characters, not 129'),
        ('large', '{"a": "' + 'x' * 20_000 + '"}', 'hand large data to the skill by reference'),
        ('odd \ud800', '', 'the request cannot be encoded'),
        ('odd', '{"a": "\ud800"}', 'the request cannot be encoded'),
    ],
)
def test_what_cannot_even_be_recorded_is_refused_at_once(
    team: Team, request_id: str, parameters: str, words: str
) -> None:
    requests = len(team[team.leader].machine.ledger.requests)
    team[team.leader].effects.clear()
    spec = TaskSpec(kind='go_to', stops=SHELF, parameters=parameters)
    team.ask(Submit(request_id, spec))
    (reply,) = team[team.leader].asked_for(Reply)
    assert words in reply.response.reason
    team.run(0.2)
    assert len(team[team.leader].machine.ledger.requests) == requests


def test_a_deadline_or_a_predecessor_that_can_be_met_is_accepted(team: Team) -> None:
    team.submit('before')
    team.run(0.2)
    team.submit(
        'after',
        predecessors=(team.reply('before').task_id,),
        deadline_s=WALL_S + team.now + 500.0,
        parameters='{"speed": 0.5}',
    )
    team.run(0.2)
    assert team.reply('after').accepted


def test_a_place_is_not_called_unreachable_while_a_robot_may_stand_beside_it() -> None:
    """A body that has not been sensed reports no pose; a robot may also come back later."""
    team = Team(3)
    for name in team.robots:
        team[name].report = RobotReport()
    team['r3'].report = None
    for name in team.robots:
        team.boot(name)
    team.run(2.5)
    team.submit('q1', stops=(Stop(place='island'),))
    team.run(0.5)
    assert team.reply('q1').accepted
    team['r3'].report = RobotReport(pose=Pose2D(100.0, 0.0))
    team.run(2.0)
    assert team.task(team.reply('q1').task_id).robot == 'r3'


def test_a_repeated_request_makes_one_task_whoever_hears_it() -> None:
    team = team_at_work()
    for name in (*team.robots, *team.robots):
        team.submit('q1', name)
        team.run(0.7)
    assert team.reply('q1').accepted
    assert len(team[team.leader].machine.tasks()) == 1


def test_a_request_that_only_a_follower_heard_is_forwarded() -> None:
    team = team_at_work()
    team.submit('q1', team.others(team.leader)[0])
    team.run(1.0)
    assert team.reply('q1').accepted


def test_a_request_heard_while_nobody_leads_is_answered_by_the_next_leader() -> None:
    team = team_at_work()
    former = team.leader
    heard_by = team.others(former)[0]
    team.kill(former)
    team.submit('q1', heard_by)
    team.run(5.0)
    assert team.reply('q1').accepted


def test_a_leader_that_is_not_settled_answers_each_request_once_it_is() -> None:
    """It does not know yet what its predecessor promised."""
    team = team_at_work()
    former = team.leader
    team.kill(former)
    team.loses = lambda sender, recipient, kind: kind == 'raft.append_reply'
    others = team.others(former)

    def elected() -> list[str]:
        return [one for one in others if team[one].machine.team_view(team.instant) is not None]

    team.run_until(lambda: bool(elected()), within_s=3.0)
    leader = elected()[0]
    for _ in range(50):
        team.submit('q1', leader)
    assert team[leader].asked_for(Reply) == []
    team.loses = lambda sender, recipient, kind: False
    team.run_until(lambda: bool(team[leader].asked_for(Reply)), within_s=1.0)
    assert len(team[leader].asked_for(Reply)) == 1


def test_a_request_is_not_forwarded_in_circles_nor_for_ever() -> None:
    team = team_at_work()
    follower = team.others(team.leader)[0]
    team.loses = lambda sender, recipient, kind: kind == 'request.forward'
    team.submit('q1', follower)
    team.run(40.0)
    assert team.replies('q1') == []
    team.loses = lambda sender, recipient, kind: False
    before = len(team.carried)
    team.run(5.0)
    assert not any(mail.kind == 'request.forward' for _, _, mail in team.carried[before:])


def test_a_robot_keeps_a_bounded_number_of_requests() -> None:
    team = team_at_work()
    follower = team.others(team.leader)[0]
    team.loses = cut_off(follower)
    for number in range(3000):
        team.submit(f'q{number}', follower)
    team.loses = lambda sender, recipient, kind: False
    team.run(4.0)
    assert 1 <= len(team[team.leader].machine.tasks()) <= 2048
    assert team.replies('q2999')


def test_cancelling() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.ask(Cancel('c1', 'task_0099'))
    team.ask(Cancel('c2', task_id))
    team.run(0.2)
    team.ask(Cancel('c3', task_id))
    team.run(0.2)
    assert "there is no task 'task_0099'" in team.reply('c1').reason
    assert team.reply('c2').accepted
    assert team.reply('c3').reason == f'{task_id} is CANCELLED already'
    assert team.task(task_id).state is TaskState.CANCELLED
    assert team[robot].stopped == [(task_id, 1)]


def test_an_answer_is_out_only_when_a_quorum_has_it_on_disk() -> None:
    team = team_at_work()
    for name in team.robots:
        team[name].is_disk_slow = True
    team.submit('q1')
    team.run(0.2)
    assert team.replies('q1') == []
    for name in team.others(team.leader):
        team[name].is_disk_slow = False
    team.run(0.2)
    assert team.reply('q1').accepted

"""What an operator is told of why a task is where it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from muster.core.allocation.account import Account, Offer, encode_account
from muster.core.allocation.bidder import REFUSALS
from muster.core.allocation.costs import TERMS, Reason, Term
from muster.core.coordinator.explanation import Explanation, explain
from muster.core.ledger.commands import Award, AwardTasks, JoinRobot, SetLane, SubmitTask
from muster.core.ledger.ledger import Ledger
from muster.core.types import Outcome, RobotReport, Stop, TaskSpec, TaskState

from .team import Team, cut_off, team_at_work, with_task

TASK = 'task_0001'


def offer(robot: str, extra: dict[str, float] | None = None, **terms: float) -> Offer:
    cents = [0] * TERMS
    for name, cost in terms.items():
        cents[Term[name.upper()]] = round(100 * cost)
    return Offer(robot, tuple(cents), extra or {})


def ledger_with(*specs: TaskSpec) -> Ledger:
    ledger = Ledger()
    for robot in ('a', 'b', 'c'):
        ledger.apply(JoinRobot(robot, 1, 0.0))
    for number, spec in enumerate(specs or (TaskSpec(kind='go_to'),)):
        ledger.apply(SubmitTask(f'q{number}', spec, 10.0))
    return ledger


def award(ledger: Ledger, account: Account, robot: str = 'a', **fields: Any) -> Explanation:
    one = Award(TASK, 1, robot, 9.0, 'why', encode_account(account), **fields)
    ledger.apply(AwardTasks((one,), 12.5))
    return explained(ledger)


def explained(ledger: Ledger, task_id: str = TASK, **about: Any) -> Explanation:
    found = explain(ledger, task_id, 20.0, **about)
    assert found is not None
    return found


def test_a_task_that_is_not_known_has_no_explanation() -> None:
    assert explain(Ledger(), TASK, 0.0) is None


def test_an_award_is_told_with_its_runner_up_and_where_that_was_dearer() -> None:
    winner = offer('a', travel=5.0, work=4.0)
    second = offer('b', travel=9.0, work=4.0, wait=1.5, energy=0.02)
    third = offer('c', travel=30.0)
    told = award(ledger_with(), Account('auction', 3, 2, (winner, second, third)))
    assert told.summary == (
        'a has task_0001, awarded 2.5 s after it was submitted (auction 3 of term 2). '
        'Cost on top of what was planned: 9.0. '
        'Runner-up: b with 14.5, dearer in travel (+4.0), wait (+1.5).'
    )
    assert [(one.robot, one.won, one.cost) for one in told.offers] == [
        ('a', True, 9.0),
        ('b', False, 14.52),
        ('c', False, 30.0),
    ]
    assert told.offers[1].terms == {'travel': 9.0, 'wait': 1.5, 'work': 4.0, 'energy': 0.02}


def test_a_winner_that_was_not_the_cheapest_is_accounted_for() -> None:
    offers = (offer('a', travel=9.0), offer('b', travel=5.0, wait=1.0))
    told = award(ledger_with(), Account('auction', 3, 2, offers))
    assert told.summary.endswith(
        'Runner-up: b with 6.0, dearer in wait (+1.0) and cheaper in travel (-4.0); '
        'yet the auctioned tasks together cost the team least so.'
    )


def test_costs_that_only_the_robot_knows_have_their_own_names() -> None:
    offers = (offer('a', travel=1.0), offer('b', {'glare': 7.0}, travel=1.0, private=7.0))
    told = award(ledger_with(), Account('auction', 1, 1, offers))
    assert told.offers[1].terms == {'travel': 1.0, 'glare': 7.0}
    assert 'dearer in glare (+7.0)' in told.summary


def test_the_only_one_able_and_what_ruled_out_the_others() -> None:
    account = Account(
        'auction', 1, 1, (offer('a', work=2.0),), {'c': 'lacks arms', 'b': 'is not heard'}, ('d',)
    )
    told = award(ledger_with(), account)
    assert 'Nobody else made an offer.' in told.summary
    assert list(told.refusals.items()) == [('b', 'is not heard'), ('c', 'lacks arms')]
    assert told.silent == ('d',)


def test_a_coalition_is_named_whole() -> None:
    offers = (offer('a', travel=5.0), offer('b', travel=6.0), offer('c', travel=8.0))
    told = award(
        ledger_with(TaskSpec(kind='carry', robots_needed=2)),
        Account('auction', 1, 1, offers),
        crew=('a', 'b'),
    )
    assert told.summary.startswith('a and b have task_0001')
    assert 'a 5.0, b 6.0' in told.summary
    assert 'Runner-up: c with 8.0, dearer in travel (+2.0).' in told.summary
    assert told.waits_for == ('a to stand ready for task_0001', 'b to stand ready for task_0001')
    assert told.summary.endswith(
        'It waits for a to stand ready for task_0001; for b to stand ready for task_0001.'
    )


def test_a_trade_tells_what_it_saved() -> None:
    offers = (offer('a', travel=5.0), offer('b', travel=12.0))
    told = award(ledger_with(), Account('trade', 2, 4, offers, gain=11.25))
    assert '(trade 2 of term 4)' in told.summary
    assert (
        'It was with b, where it cost 12.0, dearer in travel (+7.0); here it costs 5.0. '
        'The whole trade saved the team 11.2.'
    ) in told.summary
    assert told.gain == 11.25


def test_a_task_that_is_dearer_where_it_went_was_traded_for_others() -> None:
    offers = (offer('a', travel=12.0, stability=5.0), offer('b', travel=12.0))
    told = award(ledger_with(), Account('trade', 2, 4, offers, gain=30.0))
    assert (
        'It was with b, where it cost 12.0; here it costs 17.0, and other tasks of the trade gain '
        'more. The whole trade saved the team 30.0.'
    ) in told.summary


def test_an_award_whose_account_cannot_be_read_falls_back_on_its_reason() -> None:
    ledger = ledger_with()
    ledger.apply(AwardTasks((Award(TASK, 1, 'a', 9.0, 'nearest', b'\xff'),), 12.5))
    assert explained(ledger).summary == 'a has task_0001. Reason given: nearest.'


def test_a_task_that_waits_names_what_it_waits_for() -> None:
    ledger = ledger_with(
        TaskSpec(kind='go_to'),
        TaskSpec(kind='go_to', predecessors=(TASK,), earliest_start_s=80.0),
        TaskSpec(kind='go_to', starts_with=('task_0002',)),
    )
    assert explained(ledger, 'task_0002').waits_for == (
        'task_0001 to be done first; it is PENDING',
        'its earliest start, 60 s from now',
        'task_0003, with which it sets out, to be awarded as well',
    )
    assert explained(ledger, 'task_0003').summary == (
        'Nobody has task_0003. It waits for task_0002, with which it sets out, to be awarded as '
        'well.'
    )


def test_a_closed_lane_is_named_where_there_is_no_way() -> None:
    ledger = ledger_with()
    ledger.apply(SetLane('close', 'hall', 'door', True, 11.0))
    unplaced = Account('auction', 5, 1, refusals={'a': REFUSALS[Reason.UNREACHABLE]})
    told = explained(ledger, unplaced=unplaced)
    assert told.waits_for == ('a way to it: the lane between door and hall is closed',)
    assert told.refusals == {'a': 'there is no way to it on the roadmap'}


@pytest.mark.parametrize(
    ('unplaced', 'words'),
    [
        (None, 'No auction of it is known here: the leader may know more.'),
        (
            Account('auction', 5, 1, refusals={'a': 'lacks arms'}),
            'No robot would take it when it was last offered.',
        ),
        (
            Account('auction', 5, 1, (offer('a', work=1.0),), obstacle='schedule is full'),
            'In auction 5 a made an offer, but schedule is full.',
        ),
    ],
)
def test_why_nobody_has_a_task_that_could_begin(unplaced: Account | None, words: str) -> None:
    told = explained(ledger_with(), unplaced=unplaced)
    assert told.summary == f'Nobody has task_0001. {words}'
    assert not any(one.won for one in told.offers)


# As real coordinators tell it


def told_by(team: Team, robot: str, task_id: str) -> Explanation:
    found = team[robot].machine.explain(task_id)
    assert found is not None
    return found


def test_every_robot_tells_the_same_of_an_award_and_its_leader_need_not_live() -> None:
    team = team_at_work()
    team['r2'].report = RobotReport(pose=team['r2'].config.roadmap.places['shelf'])
    team.run(0.5)
    task_id, robot = with_task(team, kind='carry', stops=(Stop(place='shelf'), Stop(place='dock')))
    assert robot == 'r2'
    team.run(0.5)
    told = [told_by(team, name, task_id) for name in team.robots]
    assert told[0] == told[1] == told[2]
    assert [one.robot for one in told[0].offers if one.won] == ['r2']
    assert len(told[0].offers) == 3
    assert re.search(
        r'Runner-up: r[13] with [\d.]+, dearer in time to finish \(\+', told[0].summary
    )
    leader = team.leader
    team.kill(leader)
    (other, *_) = team.others(leader)
    assert told_by(team, other, task_id).offers == told[0].offers


def test_the_leader_tells_what_rules_everybody_out_of_a_task_that_waits() -> None:
    team = team_at_work(with_arms=('r3',))
    leader = team.leader
    team['r3'].report = RobotReport(is_fit=False, unfit_reason='has fallen')
    team.run(0.5)
    team.submit('q1', kind='carry', stops=(Stop(place='shelf'), Stop(place='dock')))
    team.run(1.5)
    told = told_by(team, leader, 'task_0001')
    assert told.state is TaskState.PENDING
    assert told.refusals == {'r1': 'lacks arms', 'r2': 'lacks arms', 'r3': 'has fallen'}
    assert told.summary.endswith('No robot would take it when it was last offered.')
    (other, *_) = team.others(leader)
    assert 'the leader may know more' in told_by(team, other, 'task_0001').summary
    team['r3'].report = RobotReport()
    team.run(1.5)
    assert told_by(team, leader, 'task_0001').crew == ('r3',)


def test_a_robot_that_is_not_heard_is_named_when_others_win() -> None:
    team = team_at_work()
    (gone, other) = team.others(team.leader)
    team.loses = cut_off(gone)
    team.run(2.0)
    task_id, robot = with_task(team)
    assert robot != gone
    assert told_by(team, other, task_id).refusals == {gone: 'is not heard'}


def test_a_critical_task_names_its_backup_and_a_promotion_says_why() -> None:
    team = team_at_work()
    task_id, robot = with_task(team, is_critical=True)
    backup = team.task(task_id).backup
    assert backup
    told = told_by(team, team.leader, task_id)
    assert told.summary.endswith(f'{backup} takes over at once should {robot} fail.')
    team.work(robot, task_id, 1)
    team.end(robot, task_id, 1, Outcome.ROBOT_FAILED)
    team.run(1.0)
    told = told_by(team, team.leader, task_id)
    assert (told.how, told.crew, told.attempt) == ('backup', (backup,), 2)
    assert 'It had stood by as the second best, and then outcome ROBOT_FAILED.' in told.summary

"""What changes while robots are at work: their bodies, the tasks, the floor, and operators'
minds."""

from __future__ import annotations

from typing import Any

import pytest

from muster.core.allocation.messages import Bids
from muster.core.coordinator.wire import decode_message
from muster.core.types import (
    Amend,
    Outcome,
    RobotReport,
    SetLane,
    Stop,
    TakeBack,
    TaskSpec,
    TaskState,
)

from .bodies import Bodies
from .team import Team, team_at_work

CARRY = {'kind': 'carry', 'stops': (Stop(place='shelf'), Stop(place='bench'))}


def submit(team: Team, request_id: str, **spec: Any) -> str:
    """Submit a task to all robots; its id."""
    team.submit(request_id, **spec)
    team.run(0.1)
    return team.reply(request_id).task_id


def under_way(count: int = 3, **spec: Any) -> tuple[Team, Bodies, str, str]:
    """A task that a body, not the leader's, is at and will not end by itself in its first attempt;
    its id and its robot."""
    team = team_at_work(count)
    bodies = Bodies(team, stop_s=0.5)
    bodies.works = lambda shift: shift.attempt > 1
    leader = team.leader
    team[leader].report = RobotReport(lost_capabilities=('walk',))
    team.run(0.5)
    task_id = submit(team, 'q1', **spec)
    bodies.run_until(lambda: team.task(task_id).state is TaskState.EXECUTING, 2.0)
    team[leader].report = RobotReport()
    return team, bodies, task_id, team.task(task_id).robot


def stops_first(bodies: Bodies, task_id: str) -> None:
    """I6: the body of the first attempt had stopped before any of a later one began."""
    first = [one for one in bodies.shifts if (one.task_id, one.attempt) == (task_id, 1)]
    later = [one for one in bodies.shifts if one.task_id == task_id and one.attempt > 1]
    assert first
    assert later
    for one in first:
        assert one.outcome is Outcome.STOPPED
        assert one.ended is not None
        assert one.ended <= min(other.began for other in later)


def test_a_robot_that_can_do_less_gives_back_what_it_has_not_begun() -> None:
    team = team_at_work(3, with_arms=('r1', 'r2'))
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    tasks = [submit(team, f'q{number}', **CARRY) for number in range(6)]
    bodies.run(3.0)
    weak = team.others(team.leader)[0]
    weak = weak if weak != 'r3' else team.others(team.leader)[1]
    has = [one for one in tasks if team.task(one).robot == weak]
    assert len(has) > 1
    team[weak].report = RobotReport(lost_capabilities=('arms',))
    bodies.run(1.0)
    assert {team.task(one).robot for one in has} == {'r1', 'r2'}
    kept = [one for one in has if team.task(one).robot == weak]
    assert [team.task(one).state for one in kept] == [TaskState.EXECUTING], 'its body says when'


def test_a_robot_that_can_do_more_again_is_offered_what_waited_for_it() -> None:
    team = team_at_work(3, with_arms=('r1',))
    team['r1'].report = RobotReport(lost_capabilities=('arms',))
    team.run(0.5)
    task_id = submit(team, 'q1', **CARRY)
    team.run(1.0)
    assert team.task(task_id).state is TaskState.PENDING
    team['r1'].report = RobotReport()
    team.run_until(lambda: team.task(task_id).is_held, within_s=0.4)


def test_an_amended_task_stops_and_is_begun_anew_as_it_is_now() -> None:
    team, bodies, task_id, _ = under_way()
    team.ask(Amend('a1', task_id, TaskSpec(kind='go_to', stops=(Stop(place='bench'),))))
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, 6.0)
    assert team.reply('a1').accepted
    stops_first(bodies, task_id)
    assert team.task(task_id).spec.stops == (Stop(place='bench'),)
    assert team.task(task_id).failures == 0


def test_a_change_that_the_team_could_not_do_is_refused_and_changes_nothing() -> None:
    team, bodies, task_id, _ = under_way()
    team.ask(Amend('a1', task_id, TaskSpec(kind='swim')))
    bodies.run(0.5)
    assert not team.reply('a1').accepted
    assert team.task(task_id).trouble == ''
    assert team.task(task_id).spec.kind == 'go_to'


@pytest.mark.parametrize('after', [('q1',), ('q2',)])
def test_tasks_cannot_be_changed_to_wait_for_themselves(after: tuple[str, ...]) -> None:
    """Neither at once nor in a circle: such a task could never start."""
    team = team_at_work(2)
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    first = submit(team, 'q1', earliest_start_s=5000.0)
    submit(team, 'q2', predecessors=(first,), earliest_start_s=5000.0)
    ids = tuple(team.reply(one).task_id for one in after)
    spec = TaskSpec(kind='go_to', stops=(Stop(place='bench'),), predecessors=ids)
    team.ask(Amend('a1', first, spec))
    bodies.run(0.5)
    assert not team.reply('a1').accepted
    assert 'predecessors' in team.reply('a1').reason
    assert team.task(first).spec.predecessors == ()


def test_a_task_that_is_taken_back_goes_to_another_robot() -> None:
    team, bodies, task_id, robot = under_way()
    team.ask(TakeBack('t1', task_id))
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, 6.0)
    stops_first(bodies, task_id)
    assert team.task(task_id).robot != robot


def test_a_task_that_is_taken_back_returns_only_where_nobody_else_could_do_it() -> None:
    team, bodies, task_id, robot = under_way(2)
    (other,) = team.others(robot)
    team[other].report = RobotReport(is_fit=False, unfit_reason='it has fallen')
    team.run(0.5)
    team.ask(TakeBack('t1', task_id))
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, 6.0)
    stops_first(bodies, task_id)
    assert team.task(task_id).robot == robot
    assert 'the only one able' in team.task(task_id).award_reason


def test_the_backup_of_a_critical_task_takes_over_without_an_auction() -> None:
    team, bodies, task_id, robot = under_way(is_critical=True)
    backup = team.task(task_id).backup
    assert backup not in ('', robot)
    calls = [one for _, _, one in team.carried if one.kind == 'auction.call']
    team.kill(robot)
    bodies.run_until(lambda: team.task(task_id).attempt == 2, within_s=8.0)
    assert team.task(task_id).robot == backup
    assert 'stood by' in team.task(task_id).award_reason
    assert [one for _, _, one in team.carried if one.kind == 'auction.call'] == calls
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, within_s=2.0)


def test_a_backup_that_is_no_longer_able_does_not_take_over() -> None:
    team, bodies, task_id, robot = under_way(4, is_critical=True)
    backup = team.task(task_id).backup
    team[backup].report = RobotReport(lost_capabilities=('walk',))
    bodies.run(0.5)
    team.kill(robot)
    bodies.run_until(lambda: team.task(task_id).attempt == 2, within_s=8.0)
    assert team.task(task_id).robot not in (robot, backup)


def test_a_lane_that_closes_is_counted_in_by_all_and_after_a_restart() -> None:
    team = team_at_work(3)
    follower = team.others(team.leader)[0]
    team.ask(SetLane('l1', 'bench', 'shelf', True))
    team.run(0.3)
    assert team.reply('l1').accepted
    task_id = submit(team, 'q1', stops=(Stop(place='bench'),))
    team.run(0.5)
    reply = team.reply('q1')
    if reply.accepted:
        assert team.task(task_id).state is TaskState.PENDING
        answers = [
            decode_message(one.kind, one.payload)
            for _, _, one in team.carried
            if one.kind == 'auction.bids'
        ]
        refusals = {bid.refusal for one in answers if isinstance(one, Bids) for bid in one.bids}
        assert refusals == {'there is no way to it on the roadmap'}
    else:
        assert 'no way to it' in reply.reason
    team.kill(follower)
    team.run(0.2)
    team.boot(follower)
    team.run(1.0)
    assert team[follower].machine.config.roadmap.closed == {('bench', 'shelf')}
    team.ask(SetLane('l2', 'shelf', 'bench', False))
    team.run(0.3)
    again = submit(team, 'q2', stops=(Stop(place='bench'),))
    team.run_until(lambda: team.task(again).is_held, within_s=1.5)
    for name in team.robots:
        assert team[name].machine.config.roadmap.closed == frozenset()


def test_work_that_a_closed_lane_has_cut_off_waits_until_it_opens() -> None:
    team = team_at_work(2)
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    blockers = [submit(team, f'q{number}') for number in range(2)]
    bodies.run(0.5)
    team[team.leader].report = RobotReport()
    task_id = submit(team, 'far', stops=(Stop(place='bench'),))
    bodies.run(0.3)
    assert team.task(task_id).is_held
    team.ask(SetLane('l1', 'bench', 'shelf', True))
    bodies.run(0.5)
    team.ask(TakeBack('t1', task_id))
    bodies.run(3.0)
    assert team.task(task_id).state is TaskState.PENDING
    team.ask(SetLane('l2', 'bench', 'shelf', False))
    bodies.works = lambda shift: True
    everything = (task_id, *blockers)
    bodies.run_until(
        lambda: all(team.task(one).state is TaskState.DONE for one in everything), within_s=4.0
    )


def test_a_predecessor_on_another_robot_is_waited_for_and_its_failure_passed_on() -> None:
    team, bodies, first, robot = under_way(retries=0)
    second = submit(team, 'q2', predecessors=(first,))
    third = submit(team, 'q3', predecessors=(second,))
    bodies.run(1.0)
    assert team.task(second).is_held, 'it is planned ahead'
    assert second not in {one.task_id for one in bodies.shifts}
    bodies._leave(robot, Outcome.TASK_FAILED)
    bodies.run(1.0)
    assert team.task(second).state is TaskState.FAILED
    assert team.task(second).detail == f'its predecessor {first} is FAILED'
    assert team.task(third).detail == f'its predecessor {second} is FAILED'
    assert {one.task_id for one in bodies.shifts} == {first}


def test_one_auction_may_give_a_robot_several_tasks_to_do_in_its_order() -> None:
    team = team_at_work(1)
    bodies = Bodies(team)
    team.loses = lambda sender, recipient, kind: False
    team['r1'].report = RobotReport(lost_capabilities=('walk',))
    team.run(0.5)
    for number, place in enumerate(('bench', 'dock', 'shelf', 'dock')):
        team.submit(f'q{number}', stops=(Stop(place=place),))
    team.run(0.5)
    team['r1'].report = RobotReport()
    before = len(team['r1'].reports('auction_closed'))
    bodies.run_until(lambda: team['r1'].machine.ledger.count_held('r1') == 4, within_s=2.0)
    closed = [one for one in team['r1'].reports('auction_closed')[before:] if one.data['awarded']]
    assert [len(one.data['awarded']) for one in closed] == [4]
    path = team['r1'].machine.ledger.paths['r1']
    bodies.run(4.0)
    assert tuple(one.task_id for one in bodies.shifts) == path
    places = [team.task(one).spec.stops[0].place for one in path]
    assert places == ['dock', 'dock', 'shelf', 'bench']

"""Coalitions and tasks that set out together: all at once, or nobody."""

from __future__ import annotations

from typing import Any

import pytest

from muster.core.types import Cancel, Outcome, Role, Stop, TaskState

from .bodies import Bodies
from .team import STEP_S, Team, team_at_work

CARRY = {'kind': 'carry', 'stops': (Stop(place='shelf'), Stop(place='bench'))}


def submit(team: Team, request_id: str, **spec: Any) -> str:
    """Submit a task to all robots; its id."""
    team.submit(request_id, **spec)
    team.run(0.1)
    return team.reply(request_id).task_id


def started_at(bodies: Bodies, task_id: str) -> dict[str, float]:
    return {one.robot: one.began for one in bodies.shifts if one.task_id == task_id}


@pytest.mark.parametrize('size', [2, 3])
def test_a_coalition_starts_at_the_same_moment_and_ends_as_one(size: int) -> None:
    team = team_at_work(4)
    bodies = Bodies(team)
    task_id = submit(team, 'q1', robots_needed=size)
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, within_s=3.0)
    began = started_at(bodies, task_id)
    assert len(began) == size
    assert max(began.values()) - min(began.values()) <= STEP_S
    assert len(bodies.done(task_id)) == size
    assert team.task(task_id).attempt == 1


def test_roles_go_to_robots_that_can_take_them() -> None:
    team = team_at_work(4, with_arms=('r3',))
    bodies = Bodies(team)
    roles = (Role(name='walks'), Role(name='lifts', capabilities=('arms',)))
    task_id = submit(team, 'q1', robots_needed=2, roles=roles)
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, within_s=3.0)
    assert team.task(task_id).crew[1] == 'r3'


def test_nobody_of_a_coalition_starts_while_one_is_busy() -> None:
    team = team_at_work(2)
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    first = submit(team, 'q1')
    second = submit(team, 'q2', robots_needed=2)
    bodies.run(3.0)
    assert team.task(second).state is TaskState.AWARDED
    assert started_at(bodies, second) == {}
    bodies.works = lambda shift: True
    bodies.run_until(lambda: team.task(second).state is TaskState.DONE, within_s=3.0)
    began = started_at(bodies, second).values()
    assert max(began) - min(began) <= STEP_S
    assert team.task(first).state is TaskState.DONE


@pytest.mark.parametrize('is_under_way', [False, True])
def test_a_coalition_that_loses_a_robot_stops_and_is_formed_anew(is_under_way: bool) -> None:
    team = team_at_work(4)
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    blockers = [] if is_under_way else [submit(team, f'q{n}') for n in range(4)]
    bodies.run(0.5)
    task_id = submit(team, 'team', robots_needed=2)
    bodies.run(1.0)
    crew = team.task(task_id).crew
    wanted = TaskState.EXECUTING if is_under_way else TaskState.AWARDED
    assert (team.task(task_id).state, len(crew)) == (wanted, 2)
    victim = next(name for name in crew if name != team.leader)
    (survivor,) = set(crew) - {victim}
    team.kill(victim)
    bodies.works = lambda shift: shift.attempt > 1 or shift.task_id in blockers
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, within_s=20.0)
    assert victim not in team.task(task_id).crew
    assert team.task(task_id).attempt == 2
    if is_under_way:
        assert (task_id, 1) in team[survivor].stopped
        (stopped,) = (one for one in bodies.shifts if one.outcome is Outcome.STOPPED)
        again = [one.began for one in bodies.shifts if one.attempt == 2]
        assert stopped.ended is not None
        assert stopped.ended <= min(again), 'I6: stopped before anybody starts anew'


def test_a_failure_of_one_stops_the_others_before_anybody_tries_again() -> None:
    team = team_at_work(4)
    bodies = Bodies(team, stop_s=1.0)
    bodies.works = lambda shift: shift.attempt > 1
    task_id = submit(team, 'q1', robots_needed=2)
    bodies.run(0.5)
    crew = team.task(task_id).crew
    bodies._leave(crew[1], Outcome.TASK_FAILED)
    bodies.run(0.8)
    task = team.task(task_id)
    assert task.is_held
    assert task.trouble
    assert (task_id, 1) in team[crew[0]].stopped
    bodies.run_until(lambda: team.task(task_id).state is TaskState.DONE, within_s=5.0)
    assert team.task(task_id).failed_on == (crew[1],)


@pytest.mark.parametrize('seed', range(4))
def test_coalitions_over_the_same_robots_do_not_wait_for_each_other(seed: int) -> None:
    """Five tasks that each take both robots, and one robot whose ledger is behind for a while."""
    team = team_at_work(3, with_arms=('r1', 'r2'))
    bodies = Bodies(team)
    behind = ('r1', 'r2', 'r1', 'r2')[seed]
    if behind == team.leader:
        behind = next(one for one in ('r1', 'r2') if one != team.leader)
    for number in range(5):
        team.submit(f'q{number}', robots_needed=2, **CARRY)
    lost = []
    since = team.now + 0.04 * seed

    def loses(sender: str, recipient: str, kind: str) -> bool:
        is_lost = recipient == behind and kind == 'raft.append' and since < team.now < since + 0.4
        lost.append(is_lost)
        return is_lost

    team.loses = loses
    bodies.run(0.5)
    assert any(lost)
    ids = [team.reply(f'q{number}').task_id for number in range(5)]
    bodies.run_until(lambda: all(team.task(one).state is TaskState.DONE for one in ids), 30.0)
    for task_id in ids:
        began = started_at(bodies, task_id)
        assert set(began) == {'r1', 'r2'}
        assert team.task(task_id).attempt == 1


def test_coalitions_that_share_one_robot_each_are_all_done() -> None:
    """A ring of three: r1 with r2, r2 with r3, r3 with r1, all at once."""
    team = team_at_work(3)
    bodies = Bodies(team)
    for number in range(6):
        team.submit(f'q{number}', robots_needed=2)
        team.submit(f's{number}')
    bodies.run(0.2)
    bodies.run_until(
        lambda: all(task.state is TaskState.DONE for task in team[team.leader].machine.tasks()),
        within_s=40.0,
    )
    assert len(team[team.leader].machine.tasks()) == 12


def test_tasks_that_start_with_each_other_start_at_the_same_moment() -> None:
    team = team_at_work(3)
    bodies = Bodies(team)
    first = submit(team, 'q1', earliest_start_s=1000.0 + team.now + 2.0)
    second = submit(team, 'q2', starts_with=(first,))
    bodies.run(1.5)
    assert bodies.shifts == [], 'the one waits for the other, and that for its time'
    bodies.run_until(lambda: team.task(second).state is TaskState.DONE, within_s=4.0)
    (one,) = set(started_at(bodies, first).items())
    (two,) = set(started_at(bodies, second).items())
    assert one[0] != two[0]
    assert abs(one[1] - two[1]) <= STEP_S


def test_a_task_whose_mate_is_cancelled_goes_on_alone() -> None:
    team = team_at_work(2)
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    blocker = submit(team, 'q0')
    bodies.run(0.3)
    first = submit(team, 'q1')
    second = submit(team, 'q2', starts_with=(first,))
    bodies.run(1.0)
    ready = [team.task(one) for one in (first, second) if team.task(one).ready]
    assert len(ready) == 1, 'one stands ready, and the other robot is busy'
    (other,) = {first, second} - {ready[0].id}
    team.ask(Cancel('c1', other))
    bodies.run(0.5)
    assert len(started_at(bodies, ready[0].id)) == 1
    assert team.task(blocker).state is TaskState.EXECUTING


def test_a_robot_that_waits_for_a_mate_does_its_mates_predecessor_first() -> None:
    """Its robot failed, and the one that has it now would wait for itself for ever."""
    team = team_at_work(2)
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    before = submit(team, 'q0', retries=3)
    bodies.run(0.3)
    former = team.task(before).robot
    first = submit(team, 'q1', predecessors=(before,))
    second = submit(team, 'q2', starts_with=(first,))
    bodies.run(1.0)
    bodies.works = lambda shift: True
    bodies._leave(former, Outcome.ROBOT_FAILED)
    bodies.run_until(lambda: team.task(second).state is TaskState.DONE, within_s=20.0)
    assert bodies.done(before)[0].ended <= started_at(bodies, first).popitem()[1] + STEP_S


def test_who_holds_the_robots_that_a_later_partner_takes_makes_room_for_it() -> None:
    team = team_at_work(3, with_arms=('r1', 'r2'))
    bodies = Bodies(team)
    bodies.works = lambda shift: False
    busy = submit(team, 'q0', capabilities=('arms',), duration_s=5.0)
    bodies.run(0.2)
    first = submit(team, 'q1', predecessors=(busy,), capabilities=('walk',))
    team.run_until(lambda: team.task(first).state is TaskState.AWARDED)
    second = submit(team, 'q2', robots_needed=2, starts_with=(first,), **CARRY)
    bodies.works = lambda shift: True
    bodies.run_until(lambda: team.task(second).state is TaskState.DONE, within_s=8.0)
    assert {one.robot for one in bodies.done(second)} == {'r1', 'r2'}
    assert [one.robot for one in bodies.done(first)] == ['r3']

"""Robots that charge: when they want a dock, whose turn it is, and what becomes of their work."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from muster.core.allocation.config import MotionProfile, SkillProfile
from muster.core.coordinator import charging
from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.coordinator.wire import decode_message
from muster.core.ledger.commands import LeaveDock
from muster.core.membership.messages import Heartbeat
from muster.core.types import Cancel, Outcome, Outlook, Pose2D, SetLane, Stop, TaskState

from .team import SKILLS, Team, cut_off

MOTION = MotionProfile(
    speed=1.0,
    battery_j=1e5,
    idle_w=100.0,
    walking_w=300.0,
    battery_reserve=0.1,
    charge_w=2000.0,
    charge_below=0.3,
)
CHARGE = {'charge': SkillProfile(requires=('walk',))}
EAST, WEST = 'bench', 'dock'
LONG: dict[str, Any] = {'duration_s': 320.0, 'capabilities': ('arms',)}
"""Takes 32 % of a battery, and some for the way."""


def chargers(
    count: int = 1,
    docks: tuple[str, ...] = (WEST,),
    skills: dict[str, SkillProfile] = CHARGE,
    **batteries: float,
) -> Team:
    """A team at work, all at the shelf between the docks; the last one can do long work."""
    team = Team(count, with_arms=(f'r{count}',))
    for name, robot in team.robots.items():
        robot.config = dataclasses.replace(
            robot.config, docks=docks, motion=MOTION, skills=SKILLS | skills
        )
        assert robot.report is not None
        robot.report = msgspec.structs.replace(robot.report, pose=Pose2D(10.0, 0.0))
        set_battery(team, name, batteries.get(name, 1.0))
        team.boot(name)
    team.run(2.5)
    return team


def set_battery(team: Team, name: str, battery: float) -> None:
    report = team[name].report
    assert report is not None
    team[name].report = msgspec.structs.replace(report, battery=battery)


def place(team: Team, name: str, x: float) -> None:
    report = team[name].report
    assert report is not None
    team[name].report = msgspec.structs.replace(report, pose=Pose2D(x, 0.0))


def queue(team: Team, dock: str = WEST) -> tuple[str, ...]:
    return team[team.leader].machine.ledger.queues().get(dock, ())


def submit(team: Team, request_id: str = 'q1', **spec: Any) -> str:
    team.submit(request_id, **spec)
    team.run(0.3)
    return team.reply(request_id).task_id


def charges(team: Team, name: str) -> list[tuple[str, int]]:
    return [one for one in team[name].started if one[0].startswith('charge@')]


def last_outlook(team: Team, name: str) -> Outlook:
    """As the robot last told its leader."""
    other = next(mail for who, _, mail in reversed(team.carried) if who == name)
    beats = [
        message
        for who, _, mail in team.carried
        if who == name
        and isinstance(message := decode_message(mail.kind, mail.payload), Heartbeat)
    ]
    assert beats, other
    return beats[-1].outlook


# When it wants a dock


def test_an_idle_robot_charges_when_its_battery_is_low_and_not_before() -> None:
    team = chargers(r1=0.31)
    team.run(1.0)
    assert charges(team, 'r1') == []
    set_battery(team, 'r1', 0.29)
    team.run(0.5)
    assert charges(team, 'r1') == [('charge@dock', 1)]
    spec = team['r1'].asked_for(StartTask)[-1].spec
    assert (spec.kind, spec.stops) == ('charge', (Stop(place='dock'),))
    assert msgspec.json.decode(spec.parameters) == {'until': 1.0}
    assert queue(team) == ('r1',)


def test_a_robot_that_has_charged_leaves_and_does_not_come_back() -> None:
    team = chargers(r1=0.2)
    set_battery(team, 'r1', 1.0)
    team.run(0.1)
    team.end('r1', 'charge@dock', 1)
    team.run(2.0)
    assert queue(team) == ()
    assert charges(team, 'r1') == [('charge@dock', 1)]
    assert [one.detail for one in team['r1'].reports('charging_ended')] == ['outcome SUCCEEDED']


@pytest.mark.parametrize(
    'options',
    [{'docks': ()}, {'skills': {}}, {'skills': {'charge': SkillProfile(requires=('plug',))}}],
)
def test_a_robot_that_cannot_charge_never_queues(options: dict[str, Any]) -> None:
    team = chargers(r1=0.15, **options)
    team.run(3.0)
    assert charges(team, 'r1') == []
    assert queue(team) == ()


def test_a_robot_goes_to_the_nearest_dock_that_is_free() -> None:
    team = chargers(2, docks=(EAST, WEST))
    place(team, 'r1', 18.0)
    place(team, 'r2', 18.0)
    set_battery(team, 'r1', 0.2)
    team.run(0.5)
    set_battery(team, 'r2', 0.2)
    team.run(0.5)
    assert charges(team, 'r1') == [('charge@bench', 1)]
    assert charges(team, 'r2') == [('charge@dock', 2)]


def test_a_closed_way_leads_to_another_dock() -> None:
    team = chargers(docks=(EAST, WEST))
    team.ask(SetLane('lane', 'dock', 'shelf', is_closed=True))
    team.run(0.5)
    place(team, 'r1', 8.0)
    set_battery(team, 'r1', 0.2)
    team.run(0.5)
    assert charges(team, 'r1') == [('charge@bench', 1)]


# Before work


def test_a_robot_charges_before_work_that_would_use_up_its_battery() -> None:
    team = chargers(r1=0.4)
    task_id = submit(team, **LONG)
    team.run(0.5)
    assert team.task(task_id).state is TaskState.AWARDED
    assert team['r1'].started == [('charge@dock', 1)]
    set_battery(team, 'r1', 0.45)
    team.run(0.5)
    assert team['r1'].stopped == [], 'not yet enough'
    place(team, 'r1', 0.0)
    set_battery(team, 'r1', 0.55)
    team.run(0.5)
    assert team['r1'].stopped == [('charge@dock', 1)]
    team.end('r1', 'charge@dock', 1, Outcome.STOPPED)
    team.run(0.5)
    assert team['r1'].started == [('charge@dock', 1), (task_id, 1)]
    assert queue(team) == ()


def test_a_robot_that_waits_for_its_turn_does_what_it_can() -> None:
    team = chargers(2, r1=0.2)
    set_battery(team, 'r2', 0.4)
    team.run(0.3)
    assert queue(team) == ('r1',)
    long = submit(team, 'q1', **LONG)
    short = submit(team, 'q2', capabilities=('arms',))
    team.run(0.5)
    assert team.task(long).robot == team.task(short).robot == 'r2'
    assert 'r2' in queue(team)
    assert team['r2'].started == [(short, 1)]
    team.end('r2', short, 1)
    team.run(1.0)
    assert team['r2'].started == [(short, 1)]
    set_battery(team, 'r1', 1.0)
    team.run(0.1)
    team.end('r1', 'charge@dock', 1)
    team.run(0.5)
    assert team['r2'].started == [(short, 1), ('charge@dock', 2)]


def test_work_that_is_taken_back_needs_no_dock_any_more() -> None:
    team = chargers(2, r1=0.2, r2=0.4)
    task_id = submit(team, **LONG)
    assert queue(team) == ('r1', 'r2')
    team.ask(Cancel('c1', task_id))
    team.run(0.5)
    assert queue(team) == ('r1',)


def test_work_beyond_the_battery_is_given_back() -> None:
    """The only way to a dock closes after the award."""
    team = chargers(r1=0.4)
    task_id = submit(team, **LONG)
    team.ask(SetLane('lane', 'dock', 'shelf', is_closed=True))
    team.end('r1', 'charge@dock', 1, Outcome.ROBOT_FAILED)
    team.run(0.5)
    assert team.task(task_id).state is TaskState.PENDING
    assert 'its battery does not last for it' in team.task(task_id).detail
    assert (task_id, 1) not in team['r1'].started


# Work while it charges


def test_an_idle_robot_is_called_away_once_it_has_some_charge() -> None:
    team = chargers(r1=0.2)
    assert charges(team, 'r1') == [('charge@dock', 1)]
    task_id = submit(team)
    team.run(1.0)
    assert team.task(task_id).robot == 'r1'
    assert team['r1'].stopped == [], 'it has too little'
    set_battery(team, 'r1', 0.36)
    team.run(0.3)
    assert team['r1'].stopped == [('charge@dock', 1)]
    team.end('r1', 'charge@dock', 1, Outcome.STOPPED)
    team.run(0.3)
    assert team['r1'].started[-1] == (task_id, 1)
    team.end('r1', task_id, 1)
    team.run(0.5)
    assert charges(team, 'r1') == [('charge@dock', 1), ('charge@dock', 2)], 'it was not full'


def test_a_robot_with_plenty_makes_room_for_those_who_wait() -> None:
    team = chargers(2, r1=0.2)
    set_battery(team, 'r2', 0.2)
    set_battery(team, 'r1', 0.79)
    team.run(0.5)
    assert team['r1'].stopped == []
    set_battery(team, 'r1', 0.81)
    team.run(0.5)
    assert team['r1'].stopped == [('charge@dock', 1)]
    team.end('r1', 'charge@dock', 1, Outcome.STOPPED)
    team.run(0.5)
    assert charges(team, 'r2') == [('charge@dock', 2)]
    assert charges(team, 'r1') == [('charge@dock', 1)], 'it does not ask for more'


def test_the_outlook_of_a_charging_robot_says_when_it_is_free() -> None:
    team = chargers(3)
    robot = team.others(team.leader)[0]
    set_battery(team, robot, 0.23)
    team.run(1.0)
    outlook = last_outlook(team, robot)
    assert outlook.task_id == 'charge@dock'
    assert outlook.pose == Pose2D(0.0, 0.0)
    assert outlook.battery == pytest.approx(0.35)
    way_s = 10.0
    assert outlook.free_in_s == pytest.approx(way_s + (0.35 - 0.20) * 1e5 / 2000.0, abs=0.1)
    set_battery(team, robot, 0.6)
    place(team, robot, 0.0)
    team.run(0.5)
    assert last_outlook(team, robot).free_in_s == 0.0
    assert last_outlook(team, robot).battery == pytest.approx(0.6)


# Whose dock it is


def test_two_robots_take_turns_at_one_dock() -> None:
    team = chargers(2, r1=0.2)
    set_battery(team, 'r2', 0.2)
    team.run(2.0)
    assert queue(team) == ('r1', 'r2')
    assert charges(team, 'r2') == []
    set_battery(team, 'r1', 1.0)
    team.end('r1', 'charge@dock', 1)
    team.run(0.3)
    assert charges(team, 'r2') == [('charge@dock', 2)]
    waited = [one.data['waited_s'] for one in team['r2'].reports('charging_began')]
    assert waited == [pytest.approx(2.0, abs=0.3)]


def test_a_robot_without_authority_stops_before_others_have_its_dock() -> None:
    team = chargers(3)
    cut = team.others(team.leader)[0]
    other = team.others(team.leader, cut)[0]
    set_battery(team, cut, 0.2)
    team.run(0.5)
    set_battery(team, other, 0.2)
    team.run(0.5)
    assert queue(team) == (cut, other)
    team.loses = cut_off(cut)
    team.run_until(lambda: bool(team[cut].asked_for(StopTask)), within_s=5.0)
    stop = team[cut].asked_for(StopTask)[0]
    assert (stop.task_id, stop.attempt) == ('charge@dock', 1)
    assert 'authority has lapsed' in stop.reason
    assert charges(team, other) == []
    team.end(cut, 'charge@dock', 1, Outcome.STOPPED)
    team.run_until(lambda: charges(team, other) == [('charge@dock', 2)], within_s=10.0)
    team.loses = lambda *_: False
    team.run(2.0)
    assert charges(team, cut) == [('charge@dock', 1)], "it is the other robot's turn"
    assert queue(team) == (other, cut)


def test_a_robot_that_has_restarted_asks_for_another_turn() -> None:
    team = chargers(3)
    robot = team.others(team.leader)[0]
    set_battery(team, robot, 0.2)
    team.run(0.5)
    team.kill(robot)
    team.run(0.3)
    team.boot(robot)
    team.run(3.0)
    assert charges(team, robot) == [('charge@dock', 1), ('charge@dock', 2)]


def test_a_place_in_the_queue_that_it_gave_up_is_not_used_again() -> None:
    """The leader does not hear that the robot leaves."""
    team = chargers(3)
    robot = team.others(team.leader)[0]
    set_battery(team, robot, 0.2)
    team.run(0.5)
    team.loses = lambda sender, _, kind: sender == robot and kind == 'ledger.claim'
    team.end(robot, 'charge@dock', 1, Outcome.STOPPED)
    team.run(2.0)
    assert queue(team) == (robot,)
    assert charges(team, robot) == [('charge@dock', 1)]
    team.loses = lambda *_: False
    team.run(5.0)
    assert charges(team, robot) == [('charge@dock', 1), ('charge@dock', 2)]
    stale = LeaveDock(robot, 'dock', 1)
    assert team[team.leader].machine.ledger.apply(stale).changes == ()


def test_an_unfit_robot_leaves() -> None:
    team = chargers(2, r1=0.2)
    report = team['r1'].report
    assert report is not None
    team['r1'].report = msgspec.structs.replace(report, is_fit=False, unfit_reason='fallen')
    team.run(0.3)
    assert team['r1'].stopped == [('charge@dock', 1)]
    team.end('r1', 'charge@dock', 1, Outcome.STOPPED)
    team.run(0.3)
    assert queue(team) == ()


# Docks that fail


def test_a_dock_that_fails_is_left_for_another_and_tried_again_later() -> None:
    team = chargers(docks=(EAST, WEST))
    place(team, 'r1', 2.0)
    set_battery(team, 'r1', 0.2)
    team.run(0.3)
    team.end('r1', 'charge@dock', 1, Outcome.ROBOT_FAILED)
    team.run(0.5)
    assert charges(team, 'r1') == [('charge@dock', 1), ('charge@bench', 2)]
    failed = team['r1'].reports('charging_failed')
    assert [(one.data['dock'], one.detail) for one in failed] == [('dock', 'outcome ROBOT_FAILED')]
    team.end('r1', 'charge@bench', 2, Outcome.TASK_FAILED)
    team.run(0.3)
    assert queue(team, WEST) == queue(team, EAST) == ()
    team.run(1.0)
    assert charges(team, 'r1')[2:] == [('charge@dock', 3)]
    team.end('r1', 'charge@dock', 3, Outcome.ROBOT_FAILED)
    rests = [one.data['rests_s'] for one in team['r1'].reports('charging_failed')]
    assert rests == [1.0, 1.0, 2.0], 'longer each time in a row'


def test_a_robot_whose_docks_all_fail_takes_no_work_that_needs_them() -> None:
    team = chargers(r1=0.2)
    for number in range(1, 6):
        team.run_until(lambda n=number: len(charges(team, 'r1')) == n, within_s=30.0)  # type: ignore[misc]
        team.end('r1', 'charge@dock', number, Outcome.ROBOT_FAILED)
    set_battery(team, 'r1', 0.4)
    team.run(0.3)
    long, short = submit(team, 'q1', **LONG), submit(team, 'q2')
    team.run(1.0)
    assert team.task(long).state is TaskState.PENDING
    assert (short, 1) in team['r1'].started


# Thrift


def test_the_schedule_is_looked_at_only_when_something_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = []
    real = charging.endurance

    def counted(*args: Any) -> Any:
        looks.append(args)
        return real(*args)

    monkeypatch.setattr(charging, 'endurance', counted)
    team = chargers(2, r1=0.2)
    set_battery(team, 'r2', 0.403)
    team.run(0.2)
    submit(team, **LONG)
    team.run(0.5)
    assert queue(team) == ('r1', 'r2')
    before = len(looks)
    assert before
    set_battery(team, 'r2', 0.401)
    team.run(5.0)
    assert len(looks) == before
    set_battery(team, 'r2', 0.38)
    team.run(0.5)
    assert len(looks) == before + 1


# Work with others


def test_a_robot_charges_for_what_others_wait_for_before_it_stands_ready_for_anything() -> None:
    """Its mates may wait at the first task for it, while it would wait at the second for them."""
    team = chargers(2, r1=0.4)
    first = submit(team, 'q1', robots_needed=2, duration_s=320.0)
    second = submit(team, 'q2', robots_needed=2)
    team.run(1.0)
    assert team.task(first).state is TaskState.AWARDED
    assert 'r1' not in team.task(second).ready
    assert charges(team, 'r1') == [('charge@dock', 1)]
    set_battery(team, 'r1', 0.7)
    place(team, 'r1', 0.0)
    team.run(0.5)
    assert team['r1'].stopped == [('charge@dock', 1)]
    team.end('r1', 'charge@dock', 1, Outcome.STOPPED)
    team.run(0.5)
    begun = {one for name in team.robots for one in team[name].started if one[0] == first}
    assert begun == {(first, team.task(first).attempt)}


def test_a_robot_whose_battery_sinks_while_it_waits_for_others_charges_after_all() -> None:
    team = chargers(2, r1=0.6)
    busy = submit(team, 'q1', capabilities=('arms',))
    assert team['r2'].started == [(busy, 1)]
    task_id = submit(team, 'q2', robots_needed=2, duration_s=320.0)
    team.run(0.5)
    assert team.task(task_id).ready == ('r1',)
    set_battery(team, 'r1', 0.35)
    team.run_until(lambda: charges(team, 'r1') != [], within_s=5.0)
    assert (task_id, 1) not in team['r1'].started
    assert team.task(task_id).attempt > 1
    assert 'r1' not in team.task(task_id).ready


def test_nobody_can_ask_for_a_charge() -> None:
    team = chargers()
    team.submit('q1', kind='charge', stops=(Stop(place='dock'),))
    team.run(0.3)
    assert 'robots do by themselves' in team.reply('q1').reason

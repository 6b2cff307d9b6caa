"""carry_parcel on bodies without physics: the parcel arrives, whoever had it before and wherever
it was left."""

import math

import pytest

from muster.core.types import ConfigurationError, Outcome
from muster.runtime.world_file import World
from muster_sim.skills.carry_parcel import CarryParcel

from .puppets import Puppet, Puppets
from .stage import warehouse
from .tasks import task

PICK, PLACE = (6.0, 0.0), (-2.2, 0.4)
NAMED = '{"parcel": "parcel_3"}'


@pytest.fixture(scope='module')
def world() -> World:
    return warehouse()


def _carry(world: World, parameters: str = NAMED) -> CarryParcel:
    return CarryParcel(
        task('carry_parcel', 'pick_middle', 'shelf_a_south', parameters=parameters), world
    )


def _lies_at_place(puppets: Puppets, parcel: str = 'parcel_3') -> bool:
    at = puppets.objects[parcel]
    held = any(body.holds == parcel for body in puppets.bodies.values())
    return not held and math.hypot(at.x - PLACE[0], at.y - PLACE[1]) < 1.0


def _run_until(puppets: Puppets, body: Puppet, activity: str) -> None:
    while not body.step.activity.startswith(activity):
        assert not puppets.run(0.05), body.step.detail
        assert puppets.now_s < 90.0


@pytest.mark.parametrize('parameters', ['', '{}', NAMED])
def test_the_parcel_at_the_pick_is_brought_to_the_place(world: World, parameters: str) -> None:
    puppets = Puppets({'a': (5.2, -3.4, 0.0)}, {'parcel_1': (6.0, 3.4), 'parcel_3': PICK})
    body = puppets.perform('a', _carry(world, parameters))
    told = [0.0]
    while not puppets.run(0.05) and puppets.now_s < 90.0:
        told.append(body.step.progress)
    assert body.end.outcome is Outcome.SUCCEEDED
    assert told == sorted(told)
    assert _lies_at_place(puppets)
    assert puppets.objects['parcel_1'].y == 3.4


def test_a_named_parcel_is_fetched_from_where_somebody_dropped_it(world: World) -> None:
    puppets = Puppets({'a': (5.2, -3.4, 0.0)}, {'parcel_3': (1.0, -3.6)})
    puppets.perform('a', _carry(world))
    assert puppets.run(90.0)
    assert puppets['a'].end.outcome is Outcome.SUCCEEDED
    assert _lies_at_place(puppets)


def test_without_a_name_a_dropped_parcel_is_fetched_but_not_one_that_lies_in_store(
    world: World,
) -> None:
    stored, dropped = (-6.0, 2.0), (0.4, 2.6)
    puppets = Puppets({'a': (5.2, 0.0, 0.0)}, {'parcel_1': stored, 'parcel_3': dropped})
    puppets.perform('a', _carry(world, ''))
    assert puppets.run(90.0)
    assert puppets['a'].end.outcome is Outcome.SUCCEEDED
    assert _lies_at_place(puppets)
    assert puppets.objects['parcel_1'].x == stored[0]


def test_a_parcel_that_lies_at_the_place_already_needs_no_carrying(world: World) -> None:
    puppets = Puppets({'a': (5.2, 0.0, 0.0)}, {'parcel_3': (-2.2, 0.9)})
    puppets.perform('a', _carry(world))
    assert puppets.run(1.0)
    assert puppets['a'].end.outcome is Outcome.SUCCEEDED
    assert 'already' in puppets['a'].end.detail


def test_a_robot_that_still_holds_its_parcel_goes_on_with_it(world: World) -> None:
    puppets = Puppets({'a': (0.2, 0.0, 3.14)}, {'parcel_3': (0.5, 0.0)})
    puppets['a'].holds = 'parcel_3'
    body = puppets.perform('a', _carry(world))
    puppets.run(0.2)
    assert body.step.activity.startswith('bringing')
    assert puppets.run(60.0)
    assert body.end.outcome is Outcome.SUCCEEDED
    assert _lies_at_place(puppets)


def test_a_robot_that_holds_something_else_puts_it_down_first(world: World) -> None:
    puppets = Puppets({'a': (0.2, 0.0, 3.14)}, {'parcel_1': (0.5, 0.0), 'parcel_3': PICK})
    puppets['a'].holds = 'parcel_1'
    puppets.perform('a', _carry(world))
    assert puppets.run(90.0)
    assert puppets['a'].end.outcome is Outcome.SUCCEEDED
    assert _lies_at_place(puppets)
    assert puppets.objects['parcel_1'].x < 1.0


def test_a_parcel_lost_on_the_way_is_taken_up_again(world: World) -> None:
    puppets = Puppets({'a': (5.2, 0.0, 0.0)}, {'parcel_3': PICK})
    body = puppets.perform('a', _carry(world))
    _run_until(puppets, body, 'bringing')
    puppets.run(4.0)
    assert body.holds == 'parcel_3'
    body.holds = ''
    assert puppets.run(90.0)
    assert body.end.outcome is Outcome.SUCCEEDED
    assert _lies_at_place(puppets)


def test_a_parcel_in_a_lost_robots_hands_is_waited_for_and_taken(world: World) -> None:
    puppets = Puppets({'a': (5.2, 0.0, 0.0), 'lost': (0.2, 0.0, 0.0)}, {'parcel_3': (0.5, 0.0)})
    puppets['lost'].holds = 'parcel_3'
    body = puppets.perform('a', _carry(world))
    _run_until(puppets, body, 'taking')
    puppets.run(3.0)
    assert not body.holds
    puppets['lost'].holds = ''
    assert puppets.run(90.0)
    assert body.end.outcome is Outcome.SUCCEEDED
    assert puppets.closest_m > 0.5


def test_no_parcel_at_the_pick_fails_the_task_and_says_what_to_do(world: World) -> None:
    puppets = Puppets({'a': (5.2, 0.0, 0.0)}, {'parcel_1': (6.0, 3.4)})
    puppets.perform('a', _carry(world, ''))
    assert puppets.run(10.0)
    assert puppets['a'].end.outcome is Outcome.TASK_FAILED
    assert 'no parcel lies at pick_middle; name one' in puppets['a'].end.detail


def test_a_robot_that_sees_no_parcel_at_all_leaves_the_task_to_others(world: World) -> None:
    puppets = Puppets({'a': (5.2, 0.0, 0.0)})
    puppets.perform('a', _carry(world))
    assert puppets.run(10.0)
    assert puppets['a'].end.outcome is Outcome.ROBOT_FAILED


@pytest.mark.parametrize(
    ('stops', 'parameters', 'says'),
    [
        (('pick_middle',), '', 'two stops'),
        (('pick_middle', 'shelf_a_south'), '{"parcel": "sofa"}', "no parcel 'sofa'"),
        (('pick_middle', 'shelf_a_south'), '{"parcel": ["parcel_1"]}', 'no parcel'),
        (('pick_middle', 'shelf_a_south'), '[1]', 'JSON object'),
        (('pick_middle', 'shelf_a_south'), '{', 'not JSON'),
    ],
)
def test_what_cannot_be_carried_is_refused(
    world: World, stops: tuple, parameters: str, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        CarryParcel(task('carry_parcel', *stops, parameters=parameters), world)

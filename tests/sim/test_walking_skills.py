"""go_to and inspect, on bodies without physics."""

import math
import random

import pytest

from muster.core.types import ConfigurationError, Outcome
from muster.runtime.skills import Twist2D, installed_skills
from muster.runtime.world_file import World
from muster_sim.skills.go_to import GoTo
from muster_sim.skills.inspect import Inspect

from .puppets import Puppets
from .stage import warehouse
from .tasks import task

TOUCH_M = 0.55
"""[m] between two centres at which bodies may touch."""


@pytest.fixture(scope='module')
def world() -> World:
    return warehouse()


def _near(pose: object, x: float, y: float, within: float = 0.2) -> bool:
    return math.hypot(pose.x - x, pose.y - y) <= within


def test_the_skills_are_found_by_their_task_kind() -> None:
    assert {'go_to', 'inspect', 'carry_parcel'} <= set(installed_skills())


def test_go_to_visits_all_stops_in_order_and_tells_how_far_it_is(world: World) -> None:
    puppets = Puppets({'a': (-4.8, 3.4, 0.0)})
    body = puppets.perform(
        'a', GoTo(task('go_to', 'middle_west', 'south_mid', 'north_east'), world)
    )
    told = []
    while not puppets.run(0.05) and puppets.now_s < 120.0:
        told.append(body.step.progress)
        assert body.step.activity.startswith('walking to ')
        assert _near(body.step.path[-1], 5.2, 3.4, 1e-6)
    assert body.end is not None
    assert body.end.outcome is Outcome.SUCCEEDED
    assert told == sorted(told)
    assert told[0] < 0.05
    assert body.end.progress == 1.0
    passed = [
        next(i for i, pose in enumerate(body.trail) if _near(pose, x, y))
        for x, y in ((-4.8, 0.0), (0.2, -3.4), (5.2, 3.4))
    ]
    assert passed == sorted(passed)


def test_two_that_meet_head_on_pass_each_other_on_the_right(world: World) -> None:
    puppets = Puppets({'east': (-4.8, 0.0, 0.0), 'west': (5.2, 0.0, math.pi)})
    puppets.perform('east', GoTo(task('go_to', 'middle_east'), world))
    puppets.perform('west', GoTo(task('go_to', 'middle_west'), world))
    assert puppets.run(60.0)
    for name in ('east', 'west'):
        assert puppets[name].end.outcome is Outcome.SUCCEEDED
    assert puppets.closest_m > TOUCH_M
    east, west = puppets['east'].trail, puppets['west'].trail
    meeting = min(range(len(east)), key=lambda i: abs(east[i].x - west[i].x))
    assert east[meeting].y < west[meeting].y


@pytest.mark.parametrize('places', [('north_east', 'south_west', 'south_east', 'north_west')])
def test_four_that_cross_in_the_middle_all_get_through(world: World, places: tuple) -> None:
    starts = {
        'north': (0.2, 2.0, -1.57),
        'south': (0.2, -2.0, 1.57),
        'east': (2.2, 0.0, 3.14),
        'west': (-1.8, 0.0, 0.0),
    }
    goals = {
        'north': 'south_mid',
        'south': 'north_mid',
        'east': 'middle_west',
        'west': 'middle_east',
    }
    puppets = Puppets(starts)
    for name, goal in goals.items():
        puppets.perform(name, GoTo(task('go_to', goal), world))
    assert puppets.run(90.0)
    assert all(puppets[name].end.outcome is Outcome.SUCCEEDED for name in starts)
    assert puppets.closest_m > TOUCH_M


def test_somebody_who_stands_in_the_lane_is_walked_around(world: World) -> None:
    puppets = Puppets({'a': (-4.8, 0.0, 0.0), 'idle': (0.2, 0.0, 0.0)})
    puppets.perform('a', GoTo(task('go_to', 'middle_east'), world))
    assert puppets.run(60.0)
    assert puppets['a'].end.outcome is Outcome.SUCCEEDED
    assert puppets.closest_m > TOUCH_M


def test_a_lane_that_is_blocked_is_left_for_another(world: World) -> None:
    row = {f'fallen_{i}': (2.6, y, 0.0) for i, y in enumerate((-1.0, -0.5, 0.0, 0.5, 1.0))}
    puppets = Puppets({'a': (0.2, 0.0, 0.0), **row})
    puppets.perform('a', GoTo(task('go_to', 'middle_east'), world))
    assert puppets.run(120.0)
    assert puppets['a'].end.outcome is Outcome.SUCCEEDED
    gaps = [
        math.hypot(pose.x - 2.6, pose.y - y)
        for pose in puppets['a'].trail
        for y in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]
    assert min(gaps) > TOUCH_M


def test_a_goal_on_which_somebody_stands_is_reached_beside_them(world: World) -> None:
    puppets = Puppets({'a': (0.2, 3.4, 0.0), 'idle': (5.2, 3.4, 0.0)})
    puppets.perform('a', GoTo(task('go_to', 'north_east'), world))
    assert puppets.run(60.0)
    assert puppets['a'].end.outcome is Outcome.SUCCEEDED
    assert _near(puppets['a'].pose, 5.2, 3.4, 1.4)
    assert puppets.closest_m > TOUCH_M


def test_a_place_to_which_no_way_leads_fails_the_task() -> None:
    walled = World(
        name='walled',
        bounds=(-5, -5, 5, 5),
        walls=({'start': (0, -5), 'end': (0, 5)},),
        places={'here': {'x': -2, 'y': 0}, 'there': {'x': 2, 'y': 0}},
    )
    puppets = Puppets({'a': (-3.0, 0.0, 0.0)})
    puppets.perform('a', GoTo(task('go_to', 'there'), walled))
    assert puppets.run(5.0)
    assert puppets['a'].end.outcome is Outcome.TASK_FAILED
    assert 'no way' in puppets['a'].end.detail


@pytest.mark.parametrize(
    ('stops', 'says'),
    [
        (('cellar',), "no place 'cellar'; there are dock_north, dock_south, middle_east"),
        (((2.6, 1.7),), 'too near to shelf_b'),
        (((6.9, 0.0),), 'too near to a wall'),
        (((20.0, 0.0),), 'the edge of the floor'),
        ((), 'at least one stop'),
    ],
)
def test_a_stop_where_nobody_can_stand_is_refused(world: World, stops: tuple, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        GoTo(task('go_to', *stops), world)


def test_a_fall_ends_the_attempt_as_the_robots_failure(world: World) -> None:
    puppets = Puppets({'a': (-4.8, 0.0, 0.0)})
    body = puppets.perform('a', GoTo(task('go_to', 'middle_east'), world))
    puppets.run(3.0)
    body.is_fallen = True
    assert puppets.run(0.1)
    assert body.end.outcome is Outcome.ROBOT_FAILED
    assert body.end.command == Twist2D()


def test_silent_sensors_stop_the_robot_and_then_end_the_attempt(world: World) -> None:
    puppets = Puppets({'a': (-4.8, 0.0, 0.0)})
    body = puppets.perform('a', GoTo(task('go_to', 'middle_east'), world))
    puppets.run(3.0)
    assert body.step.command.vx > 0.3
    body.sensed_age_s = 1.0
    puppets.run(0.1)
    assert body.step.command == Twist2D()
    assert body.end is None
    body.sensed_age_s = 3.5
    assert puppets.run(0.1)
    assert body.end.outcome is Outcome.ROBOT_FAILED
    assert 'odometry' in body.end.detail


def test_inspect_faces_the_place_and_looks_as_long_as_asked(world: World) -> None:
    puppets = Puppets({'a': (0.2, 3.4, 0.0)})
    body = puppets.perform('a', Inspect(task('inspect', 'shelf_a_north', duration_s=5.0), world))
    while not body.step.activity.startswith('looking') and puppets.now_s < 60.0:
        puppets.run(0.05)
    began_s = puppets.now_s
    assert _near(body.pose, -2.2, 3.2)
    assert math.cos(body.pose.yaw - (-1.571)) > math.cos(0.2)
    assert puppets.run(10.0)
    assert body.end.outcome is Outcome.SUCCEEDED
    assert puppets.now_s - began_s == pytest.approx(5.0, abs=0.2)


def test_inspect_wants_one_place(world: World) -> None:
    with pytest.raises(ConfigurationError, match='exactly one stop, not 2'):
        Inspect(task('inspect', 'north_mid', 'south_mid'), world)


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(3))
def test_a_busy_team_neither_bumps_nor_gets_stuck(world: World, seed: int) -> None:
    """Four robots, ten minutes, one random place after the other."""
    dice = random.Random(seed)
    places = sorted(world.places)
    starts = {'a': (-4.8, 3.4), 'b': (-4.8, -3.4), 'c': (5.2, 3.4), 'd': (5.2, -3.4)}
    puppets = Puppets({name: (*at, 0.0) for name, at in starts.items()})
    done = 0
    while puppets.now_s < 600.0:
        for name, body in puppets.bodies.items():
            if body.skill is None:
                if body.end is not None:
                    assert body.end.outcome is Outcome.SUCCEEDED, body.end.detail
                    done += 1
                puppets.perform(name, GoTo(task('go_to', dice.choice(places)), world))
        puppets.run(0.05)
    assert done > 80
    assert puppets.closest_m > TOUCH_M

"""A team at work in the warehouse, in PyBullet: nobody bumps into a shelf, a wall or a colleague,
and nobody falls."""

import random

import numpy as np
import pytest

from muster.core.types import Outcome, Pose2D
from muster.runtime.world_file import World
from muster_sim.skills.carry_parcel import CarryParcel
from muster_sim.skills.floor import Floor
from muster_sim.skills.go_to import GoTo

from .stage import Stage, warehouse
from .tasks import task

pytestmark = pytest.mark.physics

CORNERS = {
    'a': (-4.8, 3.4, 0.0),
    'b': (-4.8, -3.4, 0.0),
    'c': (5.2, 3.4, 3.142),
    'd': (5.2, -3.4, 3.142),
}


@pytest.fixture(scope='module')
def world() -> World:
    return warehouse()


def test_a_robot_walks_to_a_place_and_stops_there(world: World) -> None:
    stage = Stage(world, {'a': CORNERS['a']})
    stage.perform('a', GoTo(task('go_to', 'middle_mid'), world))
    assert stage.run(60.0)
    assert stage.ends['a'].outcome is Outcome.SUCCEEDED
    stage.run(2.0, until=lambda: False)
    position = stage.snapshot.position[0]
    assert np.hypot(position[0] - 0.2, position[1]) < 0.3


def test_two_that_meet_head_on_in_an_aisle_do_not_touch(world: World) -> None:
    stage = Stage(world, {'a': (-4.8, 0.0, 0.0), 'b': (5.2, 0.0, 3.142)})
    stage.perform('a', GoTo(task('go_to', 'middle_east'), world))
    stage.perform('b', GoTo(task('go_to', 'middle_west'), world))
    assert stage.run(60.0)
    assert {end.outcome for end in stage.ends.values()} == {Outcome.SUCCEEDED}
    assert stage.closest_m > 0.6
    assert not stage.touched


def test_a_fallen_robot_is_walked_around(world: World) -> None:
    stage = Stage(world, {'a': (-4.8, 0.0, 0.0), 'b': (-1.0, 0.2, 0.0)}, hoist_after_s=0.0)
    stage.fell('b')
    stage.perform('a', GoTo(task('go_to', 'middle_east'), world))
    assert stage.run(90.0)
    assert stage.ends['a'].outcome is Outcome.SUCCEEDED
    assert not stage.touched


def test_a_parcel_reaches_its_place(world: World) -> None:
    stage = Stage(world, {'a': CORNERS['c']})
    carry = task(
        'carry_parcel', 'pick_north', 'shelf_b_north', parameters='{"parcel": "parcel_1"}'
    )
    stage.perform('a', CarryParcel(carry, world))
    assert stage.run(90.0)
    assert stage.ends['a'].outcome is Outcome.SUCCEEDED
    parcel = stage.snapshot.parcel_position[stage.world.hands.names.index('parcel_1')]
    assert np.hypot(parcel[0] - 2.6, parcel[1] - 3.2) < 1.0
    assert parcel[2] < 0.15


def test_a_carrier_that_is_lost_leaves_a_parcel_that_another_can_bring(world: World) -> None:
    stage = Stage(world, {'a': CORNERS['c'], 'b': CORNERS['d']})
    carry = task(
        'carry_parcel', 'pick_north', 'shelf_b_south', parameters='{"parcel": "parcel_1"}'
    )
    stage.perform('a', CarryParcel(carry, world))
    brings = 'bringing parcel_1'
    assert stage.run(60.0, until=lambda: stage.steps['a'].activity.startswith(brings))
    assert stage.run(3.0) is False
    del stage.skills['a']
    stage.perform('b', CarryParcel(carry, world))
    assert stage.run(120.0)
    assert stage.ends['b'].outcome is Outcome.SUCCEEDED
    parcel = stage.snapshot.parcel_position[stage.world.hands.names.index('parcel_1')]
    assert np.hypot(parcel[0] - 2.6, parcel[1] - 0.4) < 1.0
    assert not stage.touched


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize('anywhere', [False, True])
def test_random_errands_bump_into_nothing(world: World, anywhere: bool) -> None:
    """Four robots, five minutes: to places of the roadmap, and to anywhere one can stand."""
    dice = random.Random(7)
    floor = Floor(world)
    stage = Stage(world, CORNERS, seed=7)
    done = 0

    def goal() -> str | tuple[float, ...]:
        while anywhere:
            x, y = dice.uniform(-6.5, 6.5), dice.uniform(-4.5, 4.5)
            if not floor.obstacle_at(Pose2D(x, y)):
                return (x, y)
        return dice.choice(sorted(world.places))

    while stage.world.time_s < 300.0:
        for robot in CORNERS:
            if robot not in stage.skills:
                if robot in stage.ends:
                    end = stage.ends[robot]
                    assert end.outcome is Outcome.SUCCEEDED, end.detail
                    done += 1
                stage.perform(robot, GoTo(task('go_to', goal()), world))
        stage.run(0.2, until=lambda: False)
        assert not stage.snapshot.is_fallen.any()
        assert not stage.touched, stage.touched
        assert floor.clearance(stage.snapshot.position[:, :2]).min() > 0.25
    assert done > 40
    assert stage.closest_m > 0.6

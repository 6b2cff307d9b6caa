"""Ways never lead through walls, shelves or off the floor."""

import itertools
import math
import random

import numpy as np
import pytest

from muster.core.types import Pose2D
from muster.runtime.world_file import World
from muster_sim.skills.floor import BODY_M, Floor
from muster_sim.skills.routing import Router, distance_to_line, gap

from .stage import warehouse


@pytest.fixture(scope='module')
def router() -> Router:
    return Router(warehouse())


def test_distances_to_a_turned_box_are_those_of_geometry() -> None:
    box = {'name': 'rack', 'center': (0, 0), 'size': (2, 2, 1), 'yaw': math.pi / 4}
    world = World(name='one', bounds=(-9, -9, 9, 9), boxes=(box,), places={})
    points = np.array([[3.0, 0.0], [0.0, 0.0], [2.0, 2.0], [8.0, 0.0]])
    corner = math.sqrt(2.0)
    expected = [3.0 - corner, -1.0, 2.0 * corner - 1.0, 1.0]
    assert Floor(world).clearance(points) == pytest.approx(expected)


def test_all_lanes_and_places_of_the_warehouse_leave_room_to_walk(router: Router) -> None:
    world = warehouse()
    poses = {name: Pose2D(place.x, place.y) for name, place in world.places.items()}
    for a, b in world.lanes:
        assert router.floor.is_clear(poses[a], poses[b], BODY_M + 0.1), (a, b)
    for name, pose in poses.items():
        assert not router.floor.obstacle_at(pose), name


def test_ways_between_free_poses_lead_through_free_space(router: Router) -> None:
    dice = random.Random(1)
    routes = 0
    while routes < 300:
        start, goal = (Pose2D(dice.uniform(-7, 7), dice.uniform(-5, 5)) for _ in range(2))
        if router.floor.obstacle_at(start) or router.floor.obstacle_at(goal):
            continue
        way = router.route(start, goal)
        assert way[-1] == goal
        for a, b in itertools.pairwise((start, *way)):
            assert router.floor.is_clear(a, b, 0.19), (start, goal)
        routes += 1


def test_who_stands_in_the_way_is_walked_around_by_another_lane(router: Router) -> None:
    start, goal = Pose2D(0.2, 0.0), Pose2D(5.2, 0.0)
    free = router.route(start, goal)
    blocked_at = Pose2D(2.0, 0.0)
    around = router.route(start, goal, crowd=(blocked_at,))
    assert _nearest(blocked_at, (start, *free)) < 0.5
    assert _nearest(blocked_at, (start, *around)) > 0.7


def test_a_robot_pushed_against_a_shelf_still_finds_out(router: Router) -> None:
    against = Pose2D(2.6, 1.15)
    assert router.floor.obstacle_at(against) == 'shelf_b'
    assert router.route(against, Pose2D(5.2, 0.0))


def _nearest(at: Pose2D, way: tuple[Pose2D, ...]) -> float:
    lines = [(a, b) for a, b in itertools.pairwise(way) if gap(a, b) > 0.0]
    return min(distance_to_line(at, a, b) for a, b in lines)

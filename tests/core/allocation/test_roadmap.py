"""Roadmap distances, against networkx and against geometry."""

from __future__ import annotations

import math

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.allocation.roadmap import Roadmap
from muster.core.types import Pose2D, Stop

coordinates = st.integers(-20, 20).map(float)


@st.composite
def roadmaps(draw: st.DrawFn) -> Roadmap:
    poses = draw(
        st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=9, unique=True)
    )
    places = {f'p{number}': Pose2D(x, y) for number, (x, y) in enumerate(poses)}
    name = st.sampled_from(sorted(places))
    lanes = draw(st.lists(st.tuples(name, name).filter(lambda one: one[0] != one[1])))
    return Roadmap(places, lanes)


def gap(a: Pose2D, b: Pose2D) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)


@given(roadmaps())
def test_between_places_distances_are_those_of_the_shortest_paths(roadmap: Roadmap) -> None:
    lengths = dict(nx.all_pairs_dijkstra_path_length(roadmap.graph, weight='length'))
    for a, at in roadmap.places.items():
        for b, to in roadmap.places.items():
            assert roadmap.distance(at, to) == pytest.approx(lengths[a].get(b, math.inf))


@given(roadmaps(), coordinates, coordinates, coordinates, coordinates)
def test_a_route_is_as_long_as_its_distance_and_ends_at_its_goal(
    roadmap: Roadmap, x: float, y: float, u: float, v: float
) -> None:
    start, goal = Pose2D(x, y), Pose2D(u + 0.3, v)
    length = roadmap.distance(start, goal)
    route = roadmap.route(start, goal)
    if math.isinf(length):
        assert route == ()
        return
    assert route[-1] == goal
    walked = sum(gap(a, b) for a, b in zip((start, *route), route, strict=False))
    assert walked == pytest.approx(length)
    assert length >= gap(start, goal) - 1e-9


@given(roadmaps(), coordinates, coordinates)
def test_distances_are_the_same_both_ways(roadmap: Roadmap, x: float, y: float) -> None:
    for to in roadmap.places.values():
        there, back = roadmap.distance(Pose2D(x, y), to), roadmap.distance(to, Pose2D(x, y))
        assert there == pytest.approx(back)


LINE = Roadmap({'a': Pose2D(0, 0), 'b': Pose2D(10, 0), 'c': Pose2D(50, 0)}, [('a', 'b')])


def test_a_free_pose_is_reached_over_a_nearby_place() -> None:
    assert LINE.distance(Pose2D(0, 2), Pose2D(10, 1)) == pytest.approx(13.0)
    assert LINE.route(Pose2D(0, 2), Pose2D(10, 1)) == (
        Pose2D(0, 0),
        Pose2D(10, 0),
        Pose2D(10, 1),
    )


@pytest.mark.parametrize(
    ('pose', 'is_reachable'),
    [(Pose2D(0, 3), True), (Pose2D(0, 3.1), False), (Pose2D(5, 0), False), (Pose2D(50, 1), True)],
)
def test_a_pose_is_reachable_within_access_of_a_place(pose: Pose2D, is_reachable: bool) -> None:
    assert LINE.is_reachable(pose) is is_reachable
    assert math.isinf(LINE.distance(Pose2D(0, 0), pose)) is (not is_reachable or pose.x == 50)


def test_without_a_lane_there_is_no_way() -> None:
    assert math.isinf(LINE.distance(Pose2D(0, 0), Pose2D(50, 0)))


def test_standing_at_the_goal_is_no_distance_wherever_it_is() -> None:
    assert LINE.distance(Pose2D(500, 500), Pose2D(500, 500)) == 0.0
    assert LINE.route(Pose2D(500, 500), Pose2D(500, 500)) == (Pose2D(500, 500),)


def test_a_stop_is_a_place_or_coordinates() -> None:
    assert LINE.pose_of(Stop(place='b')) == Pose2D(10, 0)
    assert LINE.pose_of(Stop(place='nowhere')) is None
    assert LINE.pose_of(Stop(pose=Pose2D(1, 2))) == Pose2D(1, 2)


def test_a_world_without_places_has_no_ways() -> None:
    assert math.isinf(Roadmap({}, []).distance(Pose2D(0, 0), Pose2D(1, 0)))

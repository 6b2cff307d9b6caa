"""Roadmap distances, against networkx and against geometry."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.allocation.roadmap import Roadmap, lane
from muster.core.types import Pose2D, Stop

coordinates = st.integers(-20, 20).map(float)


WORLDS = st.lists(st.tuples(coordinates, coordinates), min_size=2, max_size=9, unique=True)


@st.composite
def roadmaps(draw: st.DrawFn) -> Roadmap:
    places = {f'p{number}': Pose2D(x, y) for number, (x, y) in enumerate(draw(WORLDS))}
    name = st.sampled_from(sorted(places))
    lanes = draw(st.lists(st.tuples(name, name).filter(lambda one: one[0] != one[1])))
    return Roadmap(places, lanes)


def anew(roadmap: Roadmap) -> Roadmap:
    """A roadmap that never had the lanes which are closed."""
    return Roadmap(roadmap.places, roadmap.lanes - roadmap.closed)


def graph_of(roadmap: Roadmap) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(roadmap.places)
    for a, b in roadmap.lanes - roadmap.closed:
        graph.add_edge(a, b, length=gap(roadmap.places[a], roadmap.places[b]))
    return graph


def assert_distances_are_shortest(roadmap: Roadmap) -> None:
    lengths = dict(nx.all_pairs_dijkstra_path_length(graph_of(roadmap), weight='length'))
    for a, at in roadmap.places.items():
        for b, to in roadmap.places.items():
            assert roadmap.distance(at, to) == pytest.approx(lengths[a].get(b, math.inf))


def gap(a: Pose2D, b: Pose2D) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)


@given(roadmaps())
def test_between_places_distances_are_those_of_the_shortest_paths(roadmap: Roadmap) -> None:
    assert_distances_are_shortest(roadmap)


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


# One matrix for many poses


@given(roadmaps(), st.lists(st.builds(Pose2D, coordinates, coordinates), max_size=6))
def test_a_matrix_holds_the_distances_to_the_last_bit(
    roadmap: Roadmap, free: list[Pose2D]
) -> None:
    poses = [*free, *list(roadmap.places.values())[:4], *free[:1]]
    matrix = roadmap.matrix(poses)
    assert matrix.shape == (len(poses), len(poses))
    assert matrix.dtype == np.float64
    assert matrix.tolist() == [[roadmap.distance(a, b) for b in poses] for a in poses]


def test_there_is_a_matrix_of_no_poses() -> None:
    assert LINE.matrix([]).shape == (0, 0)


# Lanes that close and open


@given(roadmaps(), st.data())
def test_after_any_closings_all_is_as_if_the_world_had_been_made_so(
    roadmap: Roadmap, data: st.DataObject
) -> None:
    poses = list(roadmap.places.values())
    lanes = st.sets(st.sampled_from(sorted(roadmap.lanes))) if roadmap.lanes else st.just(set())
    for _ in range(4):
        before = roadmap.version, roadmap.closed
        roadmap.set_closed(data.draw(lanes))
        assert (roadmap.version == before[0]) is (roadmap.closed == before[1])
        if data.draw(st.booleans()):  # else several closings are caught up with at once
            assert roadmap.matrix(poses).tolist() == anew(roadmap).matrix(poses).tolist()
            assert_distances_are_shortest(roadmap)
    for start in poses[:3]:
        for goal in poses[-3:]:
            assert roadmap.route(start, goal) == anew(roadmap).route(start, goal)


GRID = {f'{x}{y}': Pose2D(x, y) for x in range(8) for y in range(8)}
STREETS = [(a, b) for a in GRID for b in GRID if a < b and abs(gap(GRID[a], GRID[b]) - 1.0) < 1e-9]
BRANCH = {'00': Pose2D(0, 0), 'x': Pose2D(-1, 0), 'y': Pose2D(-2, 0)}


def town() -> Roadmap:
    """A grid with a dead-end branch that hangs on a corner."""
    return Roadmap({**GRID, **BRANCH}, [*STREETS, ('00', 'x'), ('x', 'y')])


def rows_spent(roadmap: Roadmap) -> int:
    before = roadmap.rows_computed
    roadmap.matrix(list(roadmap.places.values()))
    return roadmap.rows_computed - before


def test_a_world_is_computed_once() -> None:
    roadmap = town()
    assert roadmap.rows_computed == len(roadmap.places)
    assert rows_spent(roadmap) == 0


def test_a_closed_lane_prices_anew_only_what_had_to_use_it() -> None:
    """In a grid nearly every way has another that is as long; only along its own street, and from
    the places in line with it, a lane is needed."""
    roadmap = town()
    roadmap.close('33', '34')
    needed = sum(
        anew(town()).matrix([at, *GRID.values()])[0].tolist()
        != anew(roadmap).matrix([at, *GRID.values()])[0].tolist()
        for at in roadmap.places.values()
    )
    assert rows_spent(roadmap) == needed == 8
    roadmap.reopen('34', '33')
    assert rows_spent(roadmap) == 8


def test_rows_are_computed_only_when_they_are_asked_for() -> None:
    roadmap = town()
    spent = roadmap.rows_computed
    roadmap.close('x', 'y')
    assert roadmap.rows_computed == spent
    assert math.isinf(roadmap.distance(GRID['70'], BRANCH['y']))
    assert roadmap.rows_computed == spent + 1


def test_closing_what_is_closed_changes_nothing() -> None:
    roadmap = town()
    roadmap.set_closed([('34', '33')])
    assert (roadmap.version, roadmap.closed) == (1, {lane('33', '34')})
    roadmap.set_closed([('33', '34')])
    roadmap.close('34', '33')
    assert roadmap.version == 1
    roadmap.reopen('33', '34')
    roadmap.reopen('33', '34')
    assert (roadmap.version, roadmap.closed) == (2, frozenset())


def test_a_lane_that_is_not_there_cannot_be_closed() -> None:
    roadmap = town()
    with pytest.raises(ValueError, match="no lane between '00' and '77'"):
        roadmap.close('00', '77')
    roadmap.set_closed([('00', '77'), ('00', 'gone')])
    assert (roadmap.version, roadmap.closed) == (0, frozenset())


def test_copies_share_what_was_computed_and_close_lanes_on_their_own() -> None:
    first = town()
    second = first.copy()
    spent = second.rows_computed
    second.close('00', 'x')
    assert math.isinf(second.distance(GRID['00'], BRANCH['y']))
    assert first.distance(GRID['00'], BRANCH['y']) == pytest.approx(2.0)
    assert (first.version, second.version) == (0, 1)
    assert second.rows_computed == spent + 1


def test_places_on_one_spot_are_no_distance_apart_and_routes_end() -> None:
    there = Pose2D(1, 1)
    roadmap = Roadmap(
        {'a': Pose2D(0, 0), 'b': there, 'c': there, 'd': Pose2D(2, 2)},
        [('a', 'b'), ('b', 'c'), ('c', 'd')],
    )
    assert roadmap.distance(Pose2D(0, 0), Pose2D(2, 2)) == pytest.approx(math.sqrt(8), abs=1e-5)
    assert roadmap.route(Pose2D(0, 0), Pose2D(2, 2))[-1] == Pose2D(2, 2)


def test_of_ways_that_are_equally_long_the_first_by_name_counts() -> None:
    assert town().route(GRID['00'], GRID['11']) == (Pose2D(0, 0), Pose2D(0, 1), Pose2D(1, 1))


@given(roadmaps(), coordinates, coordinates, st.data())
def test_poses_are_connected_if_there_is_a_way_while_no_lane_is_closed(
    roadmap: Roadmap, x: float, y: float, data: st.DataObject
) -> None:
    pose = Pose2D(x + 0.5, y)
    ways = {name: roadmap.distance(pose, at) for name, at in roadmap.places.items()}
    if roadmap.lanes:
        roadmap.set_closed(data.draw(st.sets(st.sampled_from(sorted(roadmap.lanes)))))
    for name, at in roadmap.places.items():
        assert roadmap.is_connected(pose, at) is math.isfinite(ways[name])
    assert roadmap.is_connected(pose, pose)


def test_coordinates_out_of_this_world_are_just_far_away() -> None:
    assert math.isinf(LINE.distance(Pose2D(0, 0), Pose2D(1e300, -1e300)))
    assert math.isinf(LINE.distance(Pose2D(math.inf, 0), Pose2D(math.nan, 0)))

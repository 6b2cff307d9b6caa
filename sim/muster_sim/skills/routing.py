"""Ways through a world: over the lanes of its roadmap, entered and left in straight lines that are
really free."""

from __future__ import annotations

import math
from collections.abc import Sequence

import networkx as nx

from muster.core.types import ConfigurationError, Pose2D, Stop
from muster.runtime.world_file import World
from muster_sim.skills.floor import BODY_M, Floor

START = object()
GOAL = object()
MARGINS = (BODY_M, 0.2, 0.0)
"""[m] of clearance wanted when entering the roadmap; narrower ones only when a robot was pushed
into a corner."""
REACH_M = 6.0
"""[m] up to which a straight line is considered."""

NEAR_M = 3.0
"""[m] from the start within which others count."""
CROWD_M = 0.7
"""[m] to a line within which somebody is in the way on it."""
CROWD_COST_M = 8.0
"""[m] longer that a line seems for each who is in its way: others are walked around, if need be
far around."""


class Router:
    """Finds ways for one world."""

    def __init__(self, world: World) -> None:
        self.floor = Floor(world)
        self._places = {
            name: Pose2D(place.x, place.y, place.yaw) for name, place in world.places.items()
        }
        self._graph = nx.Graph()
        self._graph.add_nodes_from(sorted(self._places))
        for a, b in world.lanes:
            self._graph.add_edge(a, b)

    def pose_of(self, stop: Stop) -> Pose2D:
        """Where a stop is.

        Raises
        ------
        ConfigurationError
            if there is no such place, or no room to stand there.
        """
        if stop.place and stop.place not in self._places:
            raise ConfigurationError(
                f'no place {stop.place!r}; there are {", ".join(sorted(self._places))}'
            )
        pose = self._places[stop.place] if stop.place else stop.pose
        obstacle = self.floor.obstacle_at(pose)
        if obstacle:
            where = stop.place or f'({pose.x:.1f}, {pose.y:.1f})'
            raise ConfigurationError(
                f'there is no room to stand at {where}: too near to {obstacle}; choose another'
            )
        return pose

    def route(
        self, start: Pose2D, goal: Pose2D, crowd: Sequence[Pose2D] = ()
    ) -> tuple[Pose2D, ...]:
        """Poses to walk through, ending with `goal`, without `start`; empty when there is no way.

        Parameters
        ----------
        crowd : others who may be in the way; they matter only near the start, for far ones move
        on.
        """
        near = [pose for pose in crowd if gap(pose, start) <= NEAR_M]
        for margin in MARGINS:
            graph = self._graph.copy()
            self._join(graph, START, start, margin)
            self._join(graph, GOAL, goal, min(margin, BODY_M))
            if gap(start, goal) <= REACH_M and self.floor.is_clear(start, goal, margin):
                graph.add_edge(START, GOAL)
            at: dict[object, Pose2D] = {START: start, GOAL: goal}
            at.update(self._places.items())
            for a, b, lane in graph.edges(data=True):
                in_way = sum(distance_to_line(pose, at[a], at[b]) < CROWD_M for pose in near)
                lane['length'] = gap(at[a], at[b]) + CROWD_COST_M * in_way
            try:
                nodes = nx.dijkstra_path(graph, START, GOAL, weight='length')
            except nx.NetworkXNoPath:
                continue
            poses = [self._places[node] for node in nodes[1:-1]]
            if poses and gap(poses[-1], goal) < 1e-6:
                poses.pop()
            return (*poses, goal)
        return ()

    def _join(self, graph: nx.Graph, node: object, pose: Pose2D, margin: float) -> None:
        graph.add_node(node)
        for name, place in self._places.items():
            if gap(pose, place) <= REACH_M and self.floor.is_clear(pose, place, margin):
                graph.add_edge(node, name)


def gap(a: Pose2D, b: Pose2D) -> float:
    """[m] between two poses in a straight line."""
    return math.hypot(a.x - b.x, a.y - b.y)


def distance_to_line(pose: Pose2D, a: Pose2D, b: Pose2D) -> float:
    """[m] from a pose to the line between two others."""
    dx, dy = b.x - a.x, b.y - a.y
    squared = dx * dx + dy * dy
    share = ((pose.x - a.x) * dx + (pose.y - a.y) * dy) / squared if squared else 0.0
    share = min(1.0, max(0.0, share))
    return math.hypot(pose.x - a.x - share * dx, pose.y - a.y - share * dy)

"""Where robots can go: named places joined by lanes, and how far it is between any two poses.

Distances are what bids are made of, so they must be cheap and the same on every robot: all pairs
are computed once, ties go to the place that sorts first. A free pose reaches the roadmap in a
straight line to a nearby place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import networkx as nx

from muster.core.types import Pose2D, Stop

ENTRIES = 3
"""How many nearby places a free pose may enter the roadmap at."""


class Roadmap:
    """Places and lanes of one world.

    Parameters
    ----------
    places : pose of each named place, map frame.
    lanes : pairs of names; robots walk them both ways, in a straight line.
    access_m : how far from its nearest place a free pose may be and still count as reachable.
    """

    def __init__(
        self,
        places: Mapping[str, Pose2D],
        lanes: Iterable[tuple[str, str]],
        access_m: float = 3.0,
    ) -> None:
        self.places = dict(sorted(places.items()))
        self.access_m = access_m
        self.graph = nx.Graph()
        self.graph.add_nodes_from(self.places)
        for a, b in lanes:
            self.graph.add_edge(a, b, length=_gap(self.places[a], self.places[b]))
        self._lengths: dict[str, dict[str, float]] = dict(
            nx.all_pairs_dijkstra_path_length(self.graph, weight='length')
        )

    def pose_of(self, stop: Stop) -> Pose2D | None:
        """The pose a stop means, or None when it names a place that does not exist."""
        if stop.place:
            return self.places.get(stop.place)
        return stop.pose

    def distance(self, start: Pose2D, goal: Pose2D) -> float:
        """[m] along the roadmap from one pose to another; `inf` when there is no way."""
        return self._best(start, goal)[0]

    def route(self, start: Pose2D, goal: Pose2D) -> tuple[Pose2D, ...]:
        """Poses to walk through, ending with `goal`, without `start`; empty when there is no
        way."""
        length, entry, leave = self._best(start, goal)
        if math.isinf(length):
            return ()
        if entry is None or leave is None:
            return (goal,)
        names = nx.dijkstra_path(self.graph, entry, leave, weight='length')
        poses = [self.places[name] for name in names]
        if poses and _gap(poses[-1], goal) < 1e-6:
            poses.pop()
        return (*poses, goal)

    def matrix(self, poses):
        import numpy as np
        return np.array([[self.distance(a, b) for b in poses] for a in poses])

    def is_reachable(self, goal: Pose2D) -> bool:
        """Whether a pose lies within `access_m` of some place."""
        return bool(self._entries(goal))

    def _best(self, start: Pose2D, goal: Pose2D) -> tuple[float, str | None, str | None]:
        direct = _gap(start, goal)
        if direct < 1e-6:
            return 0.0, None, None
        best: tuple[float, str | None, str | None] = (math.inf, None, None)
        for enter, walk_in in self._entries(start):
            reach = self._lengths[enter]
            for leave, walk_out in self._entries(goal):
                total = walk_in + reach.get(leave, math.inf) + walk_out
                if total < best[0] - 1e-9:
                    best = (total, enter, leave)
        return best

    def _entries(self, pose: Pose2D) -> list[tuple[str, float]]:
        """The places nearest to a pose, within access, with their distances."""
        gaps = sorted((_gap(pose, at), name) for name, at in self.places.items())
        if not gaps or gaps[0][0] > self.access_m:
            return []
        if gaps[0][0] < 1e-6:
            return [(gaps[0][1], 0.0)]
        return [(name, gap) for gap, name in gaps[:ENTRIES] if gap <= self.access_m]


def _gap(a: Pose2D, b: Pose2D) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)

"""Where robots can go: named places joined by lanes, and how far it is between any two poses.

Distances are what bids are made of, so they must be cheap, and the same to the last bit on every
robot, whatever it has seen before. All pairs are computed when the roadmap is made; a lane that
is closed (a blocked door) or opened again makes stale only the rows that depend on it, and these
are computed anew when they are next asked for. Of routes that are equally long, the one whose
places sort first counts. A free pose reaches the roadmap in a straight line to a nearby place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from muster.core.types import Pose2D, Stop

Lane: TypeAlias = tuple[str, str]
"""Two places between which robots walk both ways in a straight line, in the order of `lane`."""

ENTRIES = 3
"""How many nearby places a free pose may enter the roadmap at."""
SAME_M = 1e-6
"""[m] poses that are closer together are the same. No lane is shorter, so that every step of a
route takes it farther from its start."""
REMEMBERED_POSES = 4096
"""Poses whose ways into the roadmap are kept."""


def lane(a: str, b: str) -> Lane:
    """The lane between two places, by the one name that it has."""
    return (a, b) if a <= b else (b, a)


class Roadmap:
    """Places and lanes of one world.

    Parameters
    ----------
    places : pose of each named place, map frame.
    lanes : pairs of names, in any order.
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
        self.lanes: frozenset[Lane] = frozenset(lane(a, b) for a, b in lanes if a != b)
        self.version = 0
        """Grows whenever distances may have changed."""
        self.rows_computed = 0
        """Places from which all distances were computed, over the whole life: what it cost."""
        self._names = tuple(self.places)
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._xy = np.array([(at.x, at.y) for at in self.places.values()]).reshape(-1, 2)
        self._closed: frozenset[Lane] = frozenset()
        self._neighbours = self._open_lanes()
        self._island: NDArray[np.int32] = connected_components(self._neighbours)[1]
        """(places,) places with the same number are joined while no lane is closed."""
        count = len(self._names)
        self._lengths: NDArray[np.float64] = np.full((count, count), math.inf)
        self._is_stale = np.full(count, True)
        self._is_shared = False
        self._ways_in: dict[tuple[float, float], list[tuple[int, float]]] = {}
        self._refresh(np.arange(count))

    def copy(self) -> Roadmap:
        """A roadmap of the same world whose lanes are closed and opened on their own.

        What has been computed is shared until one of the two changes it.
        """
        twin = Roadmap.__new__(Roadmap)
        twin.__dict__.update(self.__dict__)
        twin._is_stale = self._is_stale.copy()
        twin._ways_in = dict(self._ways_in)
        self._is_shared = twin._is_shared = True
        return twin

    # Lanes

    @property
    def closed(self) -> frozenset[Lane]:
        """Lanes on which nobody can walk at the moment."""
        return self._closed

    def close(self, a: str, b: str) -> None:
        """Take a lane out; ValueError when there is no such lane."""
        self._check(a, b)
        self.set_closed(self._closed | {lane(a, b)})

    def reopen(self, a: str, b: str) -> None:
        """Let robots walk on a lane again; ValueError when there is no such lane."""
        self._check(a, b)
        self.set_closed(self._closed - {lane(a, b)})

    def set_closed(self, lanes: Iterable[tuple[str, str]]) -> None:
        """Have exactly these lanes closed. Lanes that this roadmap does not have are ignored: they
        may be of a world file that has changed since.

        The distances from a place are right if and only if Bellman's equation holds at every other
        place: each is as far as its nearest neighbour and the lane from there. At first it can
        cease to hold only at the ends of the lanes that changed, so these alone are looked at.
        """
        wanted = frozenset(lane(a, b) for a, b in lanes) & self.lanes
        changed = wanted ^ self._closed
        if not changed:
            return
        self.version += 1
        self._closed = wanted
        self._neighbours = self._open_lanes()
        for end in sorted({self._numbers[name] for one in changed for name in one}):
            self._is_stale |= ~self._obeys_bellman(end)

    # Ways

    def pose_of(self, stop: Stop) -> Pose2D | None:
        """The pose a stop means, or None when it names a place that does not exist."""
        if stop.place:
            return self.places.get(stop.place)
        return stop.pose

    def distance(self, start: Pose2D, goal: Pose2D) -> float:
        """[m] along the roadmap from one pose to another; `inf` when there is no way."""
        return self._best(start, goal)[0]

    def matrix(self, poses: Sequence[Pose2D]) -> NDArray[np.float64]:
        """(n, n) [m] from each pose (row) to each pose (column), as `distance` has them."""
        ways_in = [self._enter(pose) for pose in poses]
        widest = max(map(len, ways_in), default=0)
        found = np.full((len(poses), len(poses)), math.inf)
        # The n-th way in of every pose that has so many: its number, the place, the gap.
        layers = [
            (
                np.array([k for k, ways in enumerate(ways_in) if len(ways) > n]),
                np.array([ways[n][0] for ways in ways_in if len(ways) > n]),
                np.array([ways[n][1] for ways in ways_in if len(ways) > n]),
            )
            for n in range(widest)
        ]
        for froms, enters, walks_in in layers:
            self._refresh(enters)
            for tos, leaves, walks_out in layers:
                total = walks_in[:, None] + self._lengths[np.ix_(enters, leaves)] + walks_out
                block = np.ix_(froms, tos)
                found[block] = np.minimum(found[block], total)
        xy = np.array([(pose.x, pose.y) for pose in poses]).reshape(-1, 2)
        for k, ways in enumerate(ways_in):
            if len(ways) != 1 or ways[0][1] > 0.0:
                is_same = _gaps(xy, poses[k]) < SAME_M
                found[k, is_same] = found[is_same, k] = 0.0
        return found

    def route(self, start: Pose2D, goal: Pose2D) -> tuple[Pose2D, ...]:
        """Poses to walk through, ending with `goal`, without `start`; empty when there is no
        way."""
        length, enter, leave = self._best(start, goal)
        if math.isinf(length):
            return ()
        if enter < 0:
            return (goal,)
        poses = [self.places[self._names[number]] for number in self._walk(enter, leave)]
        if float(_gaps(self._xy[leave : leave + 1], goal)[0]) < SAME_M:
            poses.pop()
        return (*poses, goal)

    def is_connected(self, start: Pose2D, goal: Pose2D) -> bool:
        """Whether a way leads from one pose to another when no lane is closed."""
        islands = {self._island[enter] for enter, _ in self._enter(start)}
        return _gap(start, goal) < SAME_M or any(
            self._island[leave] in islands for leave, _ in self._enter(goal)
        )

    def is_reachable(self, goal: Pose2D) -> bool:
        """Whether a pose lies within `access_m` of some place."""
        return bool(self._enter(goal))

    # Rows of distances

    def _check(self, a: str, b: str) -> None:
        if lane(a, b) not in self.lanes:
            raise ValueError(f'the roadmap has no lane between {a!r} and {b!r}')

    def _open_lanes(self) -> csr_array:
        """(places, places) [m] the lanes that are not closed, in both directions."""
        ends = [(self._numbers[a], self._numbers[b]) for a, b in sorted(self.lanes - self._closed)]
        a, b = np.array(ends, dtype=np.int32).reshape(-1, 2).T
        lengths = np.maximum(_lengths_of(self._xy[a] - self._xy[b]), SAME_M)
        both = (np.concatenate((a, b)), np.concatenate((b, a)))
        count = len(self._names)
        return csr_array((np.concatenate((lengths, lengths)), both), shape=(count, count))

    def _lanes_from(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The neighbours of a place, in the order of their names, and how far they are."""
        row = slice(self._neighbours.indptr[number], self._neighbours.indptr[number + 1])
        return self._neighbours.indices[row], self._neighbours.data[row]

    def _obeys_bellman(self, end: int) -> NDArray[np.bool_]:
        """(places,) whether the distance of `end` from each place follows from its
        neighbours'."""
        neighbours, lengths = self._lanes_from(end)
        nearest = np.min(self._lengths[:, neighbours] + lengths, axis=1, initial=math.inf)
        obeys: NDArray[np.bool_] = self._lengths[:, end] == nearest
        obeys[end] = True
        return obeys

    def _refresh(self, numbers: NDArray[np.int64]) -> None:
        """See to it that the distances from these places are right.

        Dijkstra's distances are, with sums that are rounded but never fall, the least over all
        routes of the lengths summed up from the start: one number, whichever way it was found.
        """
        stale = np.unique(numbers[self._is_stale[numbers]])
        if not len(stale):
            return
        if self._is_shared:
            self._lengths, self._is_shared = self._lengths.copy(), False
        self._lengths[stale] = dijkstra(self._neighbours, indices=stale)
        self._is_stale[stale] = False
        self.rows_computed += len(stale)

    def _best(self, start: Pose2D, goal: Pose2D) -> tuple[float, int, int]:
        """How far, and the places where the way enters and leaves the roadmap; -1 for none."""
        best = (math.inf, -1, -1)
        if _gap(start, goal) < SAME_M:
            return 0.0, -1, -1
        for enter, walk_in in self._enter(start):
            if self._is_stale[enter]:
                self._refresh(np.array([enter]))
            for leave, walk_out in self._enter(goal):
                total = walk_in + float(self._lengths[enter, leave]) + walk_out
                if total < best[0]:
                    best = (total, enter, leave)
        return best

    def _walk(self, enter: int, leave: int) -> list[int]:
        """Places of the shortest way from one to another, both included."""
        row = self._lengths[enter]

        def backwards() -> Iterator[int]:
            at = leave
            while at != enter:
                yield at
                neighbours, lengths = self._lanes_from(at)
                at = int(neighbours[np.argmin(row[neighbours] + lengths)])
            yield enter

        return [*backwards()][::-1]

    def _enter(self, pose: Pose2D) -> list[tuple[int, float]]:
        """The places nearest to a pose, within access, with their distances."""
        known = self._ways_in.get((pose.x, pose.y))
        if known is None:
            if len(self._ways_in) >= REMEMBERED_POSES:
                self._ways_in.clear()
            known = self._ways_in[pose.x, pose.y] = self._look_around(pose)
        return known

    def _look_around(self, pose: Pose2D) -> list[tuple[int, float]]:
        gaps = _gaps(self._xy, pose)
        near = np.flatnonzero(gaps <= self.access_m)
        near = near[np.argsort(gaps[near], kind='stable')][:ENTRIES]
        if len(near) and gaps[near[0]] < SAME_M:
            return [(int(near[0]), 0.0)]
        return [(int(number), float(gaps[number])) for number in near]


def _gaps(xy: NDArray[np.float64], pose: Pose2D) -> NDArray[np.float64]:
    return _lengths_of(xy - (pose.x, pose.y))


def _lengths_of(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) of (n, 2). `hypot` may differ in the last bit from one computer to another; this may
    not."""
    with np.errstate(over='ignore'):
        lengths: NDArray[np.float64] = np.sqrt(vectors[:, 0] ** 2 + vectors[:, 1] ** 2)
    return lengths


def _gap(a: Pose2D, b: Pose2D) -> float:
    dx, dy = a.x - b.x, a.y - b.y
    return math.sqrt(dx * dx + dy * dy)

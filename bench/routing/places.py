"""Where robots and tasks are: in the open, in clusters, between the shelves of a warehouse.

The density is the same at every size: about one task to 100 square metres of floor.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, shortest_path
from scipy.spatial.distance import cdist

from routing.instance import Floats, Instance, plain

CLUSTER_TASKS = 12
"""Tasks to a cluster, about."""
CLUSTER_SPREAD_M = 4.0
"""Standard deviation of the tasks of one cluster, in each direction."""
AISLE_M = 3.0
"""From the middle of one aisle to the middle of the next."""
BAY_M = 1.5
"""From one bay of a shelf to the next along the aisle."""
CROSSINGS = 3
"""Ways across all aisles: in front, in the middle, behind."""
BLOCKED = 0.05
"""Share of the lanes between neighbouring bays that are closed."""


def uniform(robots: int, tasks: int, random: Generator) -> Floats:
    """All drawn alike from a square, straight ways."""
    points = random.uniform(0, _side(tasks), (robots + tasks, 2))
    return cdist(points, points)


def clustered(robots: int, tasks: int, random: Generator) -> Floats:
    """Tasks close to a few centres, robots anywhere, straight ways."""
    side = _side(tasks)
    centres = random.uniform(0, side, (max(2, round(tasks / CLUSTER_TASKS)), 2))
    chosen = random.integers(len(centres), size=tasks)
    near = centres[chosen] + random.normal(0, CLUSTER_SPREAD_M, (tasks, 2))
    points = np.vstack([random.uniform(0, side, (robots, 2)), near])
    return cdist(points, points)


def warehouse(robots: int, tasks: int, random: Generator) -> Floats:
    """At the bays of parallel aisles, by the shortest path on the graph of aisles.

    Lanes that are closed make detours, so that distances are not those of any plane.
    """
    side = _side(tasks)
    aisles, bays = round(side / AISLE_M), round(side / BAY_M)
    graph = _aisles(aisles, bays, random)
    size, part = connected_components(graph, directed=False)
    largest = np.flatnonzero(part == np.bincount(part, minlength=size).argmax())
    places = random.choice(largest, size=robots + tasks, replace=True)
    distinct, at = np.unique(places, return_inverse=True)
    ways: Floats = shortest_path(graph, directed=False, indices=distinct)[:, distinct]
    return np.ascontiguousarray(ways[np.ix_(at, at)])


KINDS: dict[str, Callable[[int, int, Generator], Floats]] = {
    'uniform': uniform,
    'clustered': clustered,
    'warehouse': warehouse,
}


def draw(kind: str, robots: int, tasks: int, seed: int) -> Instance:
    """The instance of this kind and seed, without windows."""
    random = np.random.default_rng([robots, tasks, seed])
    return plain(kind, seed, KINDS[kind](robots, tasks, random), robots)


def _side(tasks: int) -> float:
    """[m] of the square that has room for so many."""
    return 10.0 * float(np.sqrt(tasks))


def _aisles(aisles: int, bays: int, random: Generator) -> coo_array:
    """Lanes between bays along each aisle, and across the aisles at the crossings."""
    node = np.arange(aisles * bays).reshape(aisles, bays)
    across = np.unique(np.linspace(0, bays - 1, CROSSINGS).round().astype(int))
    along = np.column_stack([node[:, :-1].ravel(), node[:, 1:].ravel()])
    sideways = np.column_stack([node[:-1, across].ravel(), node[1:, across].ravel()])
    open_along = along[random.uniform(size=len(along)) >= BLOCKED]
    lanes = np.vstack([open_along, sideways])
    metres = np.repeat([BAY_M, AISLE_M], [len(open_along), len(sideways)])
    return coo_array((metres, (lanes[:, 0], lanes[:, 1])), shape=(node.size, node.size))

"""Small random problems, always the same."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from muster.core.allocation.problem import Problem, make_problem


def in_the_plane(random: Generator, robots: int, tasks: int, **fields: ArrayLike) -> Problem:
    """Robots and tasks anywhere in a square of 100 m, straight ways."""
    points = random.uniform(0, 100, (robots + tasks, 2))
    ways = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    starts, entries = np.split(np.arange(robots + tasks), [robots])
    return make_problem(ways, starts, entries, **fields)


def generators(count: int) -> list[Generator]:
    """One for each problem."""
    return [np.random.default_rng([count, number]) for number in range(count)]

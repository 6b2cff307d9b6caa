"""Small random problems, always the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from muster.core.allocation.problem import Problem, make_problem


def in_the_plane(
    random: Generator,
    robots: int,
    tasks: int,
    *,
    after: Sequence[Sequence[int]] | None = None,
    **fields: ArrayLike,
) -> Problem:
    """Robots and tasks anywhere in a square of 100 m, straight ways."""
    points = random.uniform(0, 100, (robots + tasks, 2))
    ways = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    starts, entries = np.split(np.arange(robots + tasks), [robots])
    return make_problem(ways, starts, entries, after=after, **fields)


def generators(count: int) -> list[Generator]:
    """One for each problem."""
    return [np.random.default_rng([count, number]) for number in range(count)]


def anything(random: Generator) -> Problem:
    """Robots that wait for one another, in time, on batteries, loaded: whatever chance brings."""
    robots = int(random.integers(2, 4))
    tasks = int(random.integers(3, 6))
    fields: dict[str, ArrayLike] = {
        'work_s': random.uniform(0, 20, tasks),
        'inner_m': random.uniform(0, 10, tasks),
        'w_wait': random.choice([0.0, 0.3, 1.0]),
        'w_max': random.choice([0.0, 0.0, 0.5]),
        'w_latency': random.choice([0.0, 0.0, 0.2]),
    }
    after: list[list[int]] = [[] for _ in range(tasks)]

    def maybe(share: float) -> bool:
        return bool(random.uniform() < share)

    if maybe(0.5):
        after = [[t for t in range(later) if maybe(0.25)] for later in range(tasks)]
    if maybe(0.4):
        together = random.choice(tasks, int(random.integers(2, robots + 1)), replace=False)
        fields['group'] = np.where(np.isin(np.arange(tasks), together), 0, -1)
    if maybe(0.5):
        fields['earliest'] = earliest = random.uniform(0, 100, tasks)
        fields['deadline'] = earliest + random.uniform(30, 250, tasks)
        fields['is_hard'] = random.uniform(size=tasks) < 0.5
        fields['late_rate'] = random.uniform(0.5, 3, tasks)
    if maybe(0.3):
        fields['depart_after'] = random.uniform(0, 60, tasks)
    if maybe(0.4):
        fields |= {'joules_per_m': 100.0, 'idle_w': random.choice([0.0, 30.0])}
        fields |= {'charge': random.uniform(10e3, 40e3, robots), 'reserve_j': 1e3}
        fields['w_energy'] = 0.001
    if maybe(0.3):
        fields['eligible'] = random.uniform(size=(robots, tasks)) < 0.8
    if maybe(0.3):
        fields |= {'load': random.integers(1, 4, tasks), 'load_limit': random.integers(5, 12)}
    if maybe(0.3):
        fields['ready'] = random.uniform(0, 60, robots)
        fields['speed'] = random.uniform(0.5, 1.5, robots)
    if maybe(0.3):
        fields['private'] = random.uniform(0, 20, (robots, tasks))
        fields |= {'holder': random.integers(-1, robots, tasks), 'stability': 7.0}
    return in_the_plane(random, robots, tasks, after=after, **fields)

"""Problems of every kind, small enough to look at from all sides."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from muster.core.allocation.problem import Problem, make_problem

KINDS = ('plain', 'makespan', 'windows', 'latency', 'energy', 'precedence', 'groups', 'everything')


def scatter(robots: int, tasks: int, seed: int, docks: int = 0) -> np.ndarray:
    """[m] between places strewn over 100 m x 100 m: robots, tasks, docks."""
    rng = np.random.default_rng(seed)
    xy = rng.random((robots + tasks + docks, 2)) * 100.0
    return np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))


def problem_of(kind: str, robots: int, tasks: int, seed: int) -> Problem:
    """A random problem in which one thing counts, or everything at once."""
    rng = np.random.default_rng(seed + 7919)
    everything = kind == 'everything'
    docks = 2 if kind == 'energy' or everything else 0
    fields: dict[str, object] = {'work_s': rng.uniform(0.0, 20.0, tasks)}
    if kind == 'makespan' or everything:
        fields |= {'w_sum': 0.1, 'w_max': 1.0, 'ready': rng.uniform(0.0, 30.0, robots)}
    if kind == 'windows' or everything:
        earliest = rng.uniform(0.0, 100.0, tasks)
        fields |= {
            'earliest': earliest,
            'deadline': earliest + rng.uniform(40.0, 400.0, tasks),
            'is_hard': rng.random(tasks) < 0.6,
            'depart_after': rng.uniform(0.0, 40.0, tasks),
            'load': 1.0,
            'load_limit': 2.0 + tasks / robots,
            'w_wait': 0.2,
        }
    if kind == 'latency' or everything:
        fields |= {'w_latency': 0.2, 'weight': rng.uniform(0.1, 3.0, tasks)}
    if docks:
        fields |= {
            'dock': np.arange(robots + tasks, robots + tasks + docks),
            'dock_free': rng.uniform(0.0, 60.0, (robots, docks)),
            'joules_per_m': 100.0,
            'idle_w': 20.0,
            'charge': rng.uniform(2e4, 4e4, robots),
            'capacity_j': 6e4,
            'reserve_j': 3e3,
            'charge_w': np.where(rng.random(robots) < 0.8, 800.0, 0.0),
            'work_j': rng.uniform(0.0, 2e3, tasks),
            'w_energy': 1e-4,
        }
    after: list[list[int]] = [[] for _ in range(tasks)]
    group = np.full(tasks, -1)
    if (kind == 'groups' or everything) and robots > 1:
        for g, t in enumerate(range(0, tasks - 1, 4)):
            group[t : t + 2] = g
    if kind == 'precedence' or everything:
        for t in range(1, tasks):
            if rng.random() < 0.4:
                after[t] = [int(rng.integers(0, t))]
        for t in range(tasks):
            after[t] = [p for p in after[t] if group[p] < 0 or group[p] != group[t]]
    if everything:
        fields |= {
            'eligible': rng.random((robots, tasks)) < 0.8,
            'private': rng.uniform(0.0, 10.0, (robots, tasks)),
            'holder': rng.integers(-1, robots, tasks),
            'stability': 5.0,
            'speed': rng.uniform(0.5, 1.5, robots),
            'inner_m': rng.uniform(0.0, 10.0, tasks),
            'max_tasks': 2 + tasks // robots,
        }
    return make_problem(
        scatter(robots, tasks, seed, docks),
        np.arange(robots),
        np.arange(robots, robots + tasks),
        after=after,
        group=group,
        **fields,  # type: ignore[arg-type]
    )


problems = st.builds(
    problem_of,
    kind=st.sampled_from(KINDS),
    robots=st.integers(1, 4),
    tasks=st.integers(0, 12),
    seed=st.integers(0, 2**20),
)

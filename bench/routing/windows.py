"""Instances with time windows, loads and precedence that can be carried out.

Whether an instance can be solved at all is as hard to tell as to solve it; so the constraints are
drawn around one plan, that of a textbook auction, which keeps them all. What is drawn is wide
enough for much better plans.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator

from routing.instance import Instance, Ints
from routing.places import draw
from routing.textbook_ssi import auction

WORK_S = (2.0, 10.0)
"""Shortest and longest work at a task."""
LOADS = (1, 5)
"""Smallest and largest load."""
FILLING = 0.85
"""Share of what the team can load in all that there is to load."""
WINDOWED = 0.6
"""Share of the tasks that have a window."""
WINDOW_S = (40.0, 120.0)
"""Shortest and longest window."""
PAIRS = 0.2
"""Precedences, as a share of the tasks."""


def draw_windows(
    kind: str, robots: int, tasks: int, seed: int, *, with_precedence: bool = True
) -> Instance:
    """An instance with loads and windows everywhere, and precedence between robots."""
    random = np.random.default_rng([robots, tasks, seed, 1])
    load = random.integers(LOADS[0], LOADS[1] + 1, tasks).astype(np.float64)
    limit = float(np.ceil(load.sum() / robots / FILLING))
    bare = replace(
        draw(kind, robots, tasks, seed),
        work_s=random.uniform(*WORK_S, tasks).round(1),
        load=load,
        load_limit=limit,
    )
    routes = auction(bare)
    begins = np.zeros(tasks)
    """[s] in the plan that the windows are drawn around."""
    owner = np.zeros(tasks, dtype=np.int64)
    sets_out = np.zeros(tasks)
    for robot, route in enumerate(routes):
        at, free = robot, 0.0
        for task in route:
            sets_out[task], owner[task] = free, robot
            begins[task] = free + bare.distance[at, robots + task]
            at, free = robots + task, begins[task] + bare.work_s[task]
    width = random.uniform(*WINDOW_S, tasks)
    opens = np.maximum(0.0, begins - width * random.uniform(0.0, 1.0, tasks)).round(1)
    closes = (opens + width + bare.work_s).round(1)
    closes = np.maximum(closes, np.ceil(begins + bare.work_s))
    has_window = random.uniform(size=tasks) < WINDOWED
    pairs = _pairs(begins + bare.work_s, sets_out, owner, random) if with_precedence else []
    return replace(
        bare,
        opens=np.where(has_window, opens, 0.0),
        closes=np.where(has_window, closes, np.inf),
        known=routes,
        precedences=np.array(pairs, dtype=np.int64).reshape(-1, 2),
    )


def _pairs(
    ends: np.ndarray, sets_out: np.ndarray, owner: Ints, random: Generator
) -> list[tuple[int, int]]:
    """Precedences between tasks of different robots that the plan keeps.

    It even keeps them if a robot stays where it is until the other has finished.
    """
    tasks = len(ends)
    pairs = []
    for second in random.permutation(tasks)[: round(PAIRS * tasks)].tolist():
        earlier = np.flatnonzero((ends <= sets_out[second]) & (owner != owner[second]))
        if len(earlier):
            pairs.append((int(random.choice(earlier)), second))
    return pairs

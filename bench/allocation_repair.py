"""How long it takes to give a dead robot's tasks to the others.

Twenty robots have ten tasks each, as good a plan as muster makes. One robot dies: its tasks are
auctioned among the other nineteen, who may take two more each and whose own tasks stay with them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter, process_time

import numpy as np
from allocation_trials import Effort
from routing import muster_side
from routing.instance import Instance, Routes
from routing.muster_side import UNDISTURBED
from routing.places import KINDS, draw
from routing.score import score

ROBOTS, EACH, MORE = 20, 10, 2
PLAN_S = 0.5
"""[s] for the plan before."""
REPEATS = 40
ENOUGH = 9
"""Repeats that no other program has disturbed, after which there need not be more."""


@dataclass(frozen=True)
class Repair:
    """One robot's death."""

    instance: str
    kind: str
    ms: float
    """[ms] median of several times by the clock: from the roster without that robot to a plan."""
    travel_before: float
    travel_repaired: float
    travel_anew: float
    """[s] of a whole new auction among the nineteen, in as much time as the first."""
    faults: tuple[str, ...]

    @property
    def over_anew(self) -> float:
        """What it costs that only the dead robot's tasks were moved."""
        return self.travel_repaired / self.travel_anew


def repairs(effort: Effort) -> Iterator[Repair]:
    """All kinds of one seed before the next seed."""
    for seed in range(effort.seeds):
        for kind in KINDS:
            yield repaired(draw(kind, ROBOTS, ROBOTS * EACH, seed), dead=seed % ROBOTS)


def repaired(instance: Instance, dead: int) -> Repair:
    """Let one robot die."""
    full = replace(instance, load=np.ones(instance.tasks), load_limit=float(EACH))
    before = muster_side.allocate(full, 'sum', PLAN_S).routes
    left = replace(without(full, dead), load_limit=float(EACH + MORE))
    kept = [route for robot, route in enumerate(before) if robot != dead]
    orphans = np.array(sorted(set(range(instance.tasks)) - {t for route in kept for t in route}))
    routes, seconds = timed(lambda: muster_side.insert(left, kept, orphans))
    judged = score(left, routes)
    anew = muster_side.allocate(left, 'sum', PLAN_S).routes
    return Repair(
        instance.name,
        instance.kind,
        1000 * seconds,
        score(instance, before).travel_s,
        judged.travel_s,
        score(left, anew).travel_s,
        judged.faults,
    )


def timed(run: Callable[[], Routes]) -> tuple[Routes, float]:
    """What a run comes to, and its median time in [s], as far as nothing else was in the way."""
    taken = []
    for _ in range(REPEATS):
        gc.collect()
        clock, processor = perf_counter(), process_time()
        routes = run()
        seconds = perf_counter() - clock
        taken.append((seconds, (process_time() - processor) / seconds))
        undisturbed = [one for one, share in taken if share >= UNDISTURBED]
        if len(undisturbed) == ENOUGH:
            return routes, median(undisturbed)
    return routes, median(undisturbed or [one for one, _ in taken])


def without(instance: Instance, robot: int) -> Instance:
    """The same tasks for the other robots."""
    distance = np.delete(np.delete(instance.distance, robot, axis=0), robot, axis=1)
    return replace(instance, distance=distance, robots=instance.robots - 1)

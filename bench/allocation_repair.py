"""How long it takes to give a dead robot's tasks to the others.

Twenty robots have ten tasks each, as good a plan as muster makes. One robot dies: its tasks are
auctioned among the other nineteen, who may take two more each and whose own tasks stay with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from allocation_trials import Effort
from routing import muster_side
from routing.clock import UNDISTURBED, Clock, timed
from routing.instance import Instance
from routing.places import KINDS, draw
from routing.score import score

ROBOTS, EACH, MORE = 20, 10, 2
PLAN_S = 0.5
"""[s] for the plan before."""
REPEATS = 25
"""Those that other programs have disturbed do not count."""


@dataclass(frozen=True)
class Repair:
    """One robot's death."""

    instance: str
    kind: str
    ms: float
    """[ms] median of several times: from the roster without that robot to a plan."""
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
            instance = draw(kind, ROBOTS, ROBOTS * EACH, seed)
            yield repaired(instance, seed % ROBOTS, effort.clock)


def repaired(instance: Instance, dead: int, clock: Clock) -> Repair:
    """Let one robot die."""
    full = replace(instance, load=np.ones(instance.tasks), load_limit=float(EACH))
    before = muster_side.allocate(full, 'sum', PLAN_S, clock).result
    left = replace(without(full, dead), load_limit=float(EACH + MORE))
    kept = [route for robot, route in enumerate(before) if robot != dead]
    orphans = np.array(sorted(set(range(instance.tasks)) - {t for route in kept for t in route}))
    runs = [timed(lambda: muster_side.insert(left, kept, orphans), clock) for _ in range(REPEATS)]
    judged = score(left, runs[-1].result)
    took = [run.seconds for run in runs if run.processor_share >= UNDISTURBED]
    anew = muster_side.allocate(left, 'sum', PLAN_S, clock).result
    return Repair(
        instance.name,
        instance.kind,
        1000 * median(took or [run.seconds for run in runs]),
        score(instance, before).travel_s,
        judged.travel_s,
        score(left, anew).travel_s,
        judged.faults,
    )


def without(instance: Instance, robot: int) -> Instance:
    """The same tasks for the other robots."""
    distance = np.delete(np.delete(instance.distance, robot, axis=0), robot, axis=1)
    return replace(instance, distance=distance, robots=instance.robots - 1)

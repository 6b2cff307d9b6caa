"""Costs of a team's own: what its users know about their tasks, robots and floors, and muster does
not.

A cost is an object that names seconds for one robot doing one task: added to the price, they make
the robot less likely to win it, and explanations list them like any other term. It may also grant
capabilities. What users write may be wrong, and an auction must go on all the same: a cost that
raises, or says what is no cost, is told of once and counts for nothing from then on.

The caller's duties: make one `CustomCosts` for the life of a robot's process, so that what failed
stays out, and have the same costs on every robot of the team.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from muster.core.allocation.roadmap import Roadmap
from muster.core.types import RobotId, RobotReport, TaskId, TaskSpec

MAX_TERMS = 8
"""Of one cost: they travel with every bid."""
MAX_NAME_LENGTH = 32

Capabilities: TypeAlias = Collection[str]


@dataclass(frozen=True)
class Context:
    """What a cost may look at besides the task and the robot's present state."""

    robot: RobotId
    task_id: TaskId
    now: float
    """[s] node clock."""
    capabilities: Capabilities
    """That the robot is configured with."""
    quantities: Mapping[str, float]
    """That the robot is configured with."""
    roadmap: Roadmap
    """`distance(pose, pose)` and `pose_of(stop)`; not to be changed."""


@runtime_checkable
class Cost(Protocol):
    """What users write. It must return at once, and the same for the same arguments: a robot asks
    it for every task of every auction."""

    def cost(self, task: TaskSpec, robot: RobotReport, context: Context) -> Mapping[str, float]:
        """Named seconds that make the task dearer (or cheaper, where negative) for the robot.

        ``inf`` rules the robot out; no entry at all has no say.
        """
        ...


@runtime_checkable
class GrantsCapabilities(Protocol):
    """A cost may have this method as well."""

    def capabilities(
        self, robot: RobotId, has: Capabilities, quantities: Mapping[str, float]
    ) -> Capabilities:
        """Capabilities that a robot has on top of those configured, when nothing is wrong with
        it. Asked once, at the start, for every robot of the team."""
        ...


@dataclass(frozen=True)
class CostFailed:
    """A cost that counts for nothing from now on."""

    cost: str
    why: str


class CustomCosts:
    """Prices tasks by a team's own costs, and keeps what failed out.

    Parameters
    ----------
    costs : by the names that the team file has for them.
    failed : called once for each cost that fails.
    """

    def __init__(self, costs: Mapping[str, Cost], failed: Callable[[CostFailed], None]) -> None:
        self._costs = dict(sorted(costs.items()))
        self._failed = failed

    def price(self, task: TaskSpec, robot: RobotReport, context: Context) -> dict[str, float]:
        """The terms of all costs for a robot doing a task, each in seconds, as `cost.term`.

        A term is ``inf`` where the robot must not do the task. None are NaN, and terms of 0 are
        left out.
        """
        terms: dict[str, float] = {}
        for name, cost in tuple(self._costs.items()):
            try:
                found = _checked(cost.cost(task, robot, context))
            except Exception as error:  # whatever users' code may raise
                del self._costs[name]
                self._failed(CostFailed(name, f'{type(error).__name__}: {error}'))
                continue
            terms.update({f'{name}.{term}': seconds for term, seconds in found.items()})
        return terms


def ruling_out(terms: Mapping[str, float]) -> tuple[str, ...]:
    """Names of the terms because of which the robot must not do the task."""
    return tuple(name for name, seconds in terms.items() if math.isinf(seconds))


def _checked(found: object) -> dict[str, float]:
    """The terms as plain floats; raises when they are no terms."""
    if not isinstance(found, Mapping):
        raise TypeError(f'it returned {found!r:.60}, but a mapping of names to seconds is needed')
    if len(found) > MAX_TERMS:
        raise ValueError(f'it returned {len(found)} terms, but {MAX_TERMS} are the most')
    terms = {}
    for name, seconds in found.items():
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME_LENGTH:
            raise TypeError(
                f'the term {name!r:.60} needs a name of 1 to {MAX_NAME_LENGTH} characters'
            )
        is_number = isinstance(seconds, (int, float, np.integer, np.floating))
        if not is_number or isinstance(seconds, bool):
            raise TypeError(f'{name} is {seconds!r:.60}, but seconds are a number')
        value = float(seconds)
        if math.isnan(value) or value == -math.inf:
            raise ValueError(
                f'{name} is {value}, but must be a number of seconds, or inf to rule the robot out'
            )
        if value:
            terms[name] = value
    return terms

"""Whether a robot has what a task takes: sets of capabilities, and amounts of things.

A task asks through its kind's skill, through itself and through the role that a robot would play
in it; a robot has what its team's configuration says, less what its present mode has taken away.
The same answer serves at intake (what is configured), when robots bid and when the leader plans
(what is left), and in explanations.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from muster.core.allocation.config import SkillProfile
from muster.core.types import RobotReport, Role, TaskSpec


class LackCode(enum.IntEnum):
    """What kind of lack it is."""

    NEVER = 0
    """The robot never has this capability."""
    LOST = 1
    """It has lost this capability."""
    TOO_LITTLE = 2
    """It never has so much."""
    TOO_LITTLE_LEFT = 3
    """It has less than usual, and that is too little."""


class Lack(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a robot lacks for a task. Small enough to go with a bid."""

    code: LackCode
    name: str
    """Of the capability or the amount."""
    needed: float = 0.0
    has: float = 0.0
    """Amounts alone; 0 for capabilities."""

    @property
    def words(self) -> str:
        match self.code:
            case LackCode.NEVER:
                return self.name
            case LackCode.LOST:
                return f'{self.name} (lost at present)'
            case LackCode.TOO_LITTLE:
                return f'{self.name} {self.needed:g} (has {self.has:g})'
            case LackCode.TOO_LITTLE_LEFT:
                return f'{self.name} {self.needed:g} (has {self.has:g} at present)'


def in_words(lacks: Iterable[Lack]) -> str:
    """What is lacking, as it follows the word 'lacks'."""
    return ', '.join(lack.words for lack in lacks)


def slots(spec: TaskSpec) -> tuple[Role | None, ...]:
    """What each of a task's robots is to be: one entry for each robot that it needs."""
    return spec.roles or (None,) * spec.robots_needed


def shortfall(
    spec: TaskSpec,
    skill: SkillProfile,
    role: Role | None,
    has: Collection[str],
    quantities: Mapping[str, float],
    report: RobotReport | None = None,
) -> tuple[Lack, ...]:
    """What a robot lacks for a task; empty when it has all.

    Parameters
    ----------
    role : the one that the robot would play, if the task has roles.
    has, quantities : what the robot has when nothing is wrong with it.
    report : its present mode; None asks whether it could ever do the task.

    Returns
    -------
    lacks : capabilities first, then amounts, each by name.
    """
    lost = report.lost_capabilities if report is not None else ()
    limits = report.limits if report is not None else {}
    lacks = [
        Lack(LackCode.LOST if name in has else LackCode.NEVER, name)
        for name in sorted(_capabilities(spec, skill, role))
        if name not in has or name in lost
    ]
    for name, needed in sorted(_amounts(spec, skill, role).items()):
        usual = quantities.get(name, 0.0)
        present = min(limits.get(name, usual), usual)
        if usual < needed:
            lacks.append(Lack(LackCode.TOO_LITTLE, name, needed, usual))
        elif not present >= needed:
            lacks.append(Lack(LackCode.TOO_LITTLE_LEFT, name, needed, present))
    return tuple(lacks)


def unfilled(able: ArrayLike) -> tuple[int, ...]:
    """Slots that stay empty when as many as possible are filled, each by a robot of its own.

    Parameters
    ----------
    able : (slots, robots) whether a robot can fill a slot.
    """
    table: NDArray[np.int8] = np.atleast_2d(np.asarray(able, dtype=np.int8))
    if not table.size:
        return tuple(range(len(table)))
    robots: Sequence[int] = maximum_bipartite_matching(csr_array(table), perm_type='column')
    return tuple(slot for slot, robot in enumerate(robots) if robot < 0)


def _capabilities(spec: TaskSpec, skill: SkillProfile, role: Role | None) -> set[str]:
    own = role.capabilities if role is not None else ()
    return {*skill.requires, *spec.capabilities, *own}


def _amounts(spec: TaskSpec, skill: SkillProfile, role: Role | None) -> dict[str, float]:
    """The most that is asked for of each."""
    most: dict[str, float] = {}
    own = role.quantities if role is not None else {}
    for source in (skill.needs, spec.quantities, own):
        for name, needed in source.items():
            most[name] = max(most.get(name, needed), needed)
    return most

"""What a plan costs and why a task is in no path: the two vocabularies of allocation.

Every cost is a sum of named terms in one unit, *weighted seconds*, so that a bid, a trade and an
explanation can be compared entry by entry. Every task that ends up in no path has exactly one
code that names the constraint in its way.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

TERMS: Final = 10


class Term(IntEnum):
    """Positions in an array of cost terms, each in weighted seconds; the cost is their sum."""

    TRAVEL = 0
    """Walking: to the tasks, within them, and to docks."""
    WAIT = 1
    """Standing still for a window, a predecessor, a partner or a dock."""
    WORK = 2
    CHARGING = 3
    ENERGY = 4
    LATENESS = 5
    """Soft deadlines missed, each second at the task's own rate."""
    PRIVATE = 6
    """What only the robot itself knows."""
    STABILITY = 7
    """Tasks taken from their holders."""
    LATENCY = 8
    """Finishing times, weighted by priority."""
    MAKESPAN = 9
    """The latest finish. In the terms of a single path: the finish of that path."""


class Reason(IntEnum):
    """Why a task is in no path, or a path cannot be done."""

    NONE = 0
    """Nothing is in the way."""
    INELIGIBLE = 1
    """No robot has what it takes."""
    UNREACHABLE = 2
    """No way leads there."""
    MAX_TASKS = 3
    """The paths of the robots that could do it are full."""
    LOAD = 4
    """More than the robots that could do it can carry."""
    DEADLINE = 5
    """It, or a task after it, would miss a hard deadline."""
    ENERGY = 6
    """A robot would be left with less than its reserve and no dock within reach."""
    PRECEDENCE = 7
    """A task that must have finished first is in no path, or waits for this one."""
    GROUP = 8
    """The tasks that set out together cannot all be given to distinct robots."""
    NOT_PLACED = 9
    """It would fit; it has not been asked for."""

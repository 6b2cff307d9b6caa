"""What a figure of a benchmark should be."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Bound(Enum):
    """On which side of the aim a figure should be."""

    AT_MOST = 'at most'
    AT_LEAST = 'at least'
    UNDER = 'under'


_HOLDS: dict[Bound, Callable[[float, float], bool]] = {
    Bound.AT_MOST: operator.le,
    Bound.AT_LEAST: operator.ge,
    Bound.UNDER: operator.lt,
}


@dataclass(frozen=True)
class Aim:
    """A bound for one figure."""

    bound: Bound
    value: float

    def is_met_by(self, figure: float) -> bool:
        return _HOLDS[self.bound](figure, self.value)

    def __str__(self) -> str:
        return f'{self.bound.value} {self.value:g}'

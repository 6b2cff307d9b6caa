"""Many values, told as more than their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from harness import percentile


@dataclass(frozen=True)
class Distribution:
    """Of at least one value."""

    count: int
    mean: float
    median: float
    p90: float
    worst: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Distribution:
        ordered = sorted(values)
        return cls(
            len(ordered), fmean(ordered), median(ordered), percentile(ordered, 90), ordered[-1]
        )

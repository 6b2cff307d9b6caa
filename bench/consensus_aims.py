"""What the consensus benchmark measures, and what is aimed at."""

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


AIMS = {
    'commit_p50_vs_limit': Aim(Bound.AT_MOST, 1.5),
    'commit_p50_vs_etcd_3': Aim(Bound.AT_MOST, 0.7),
    'commit_p50_vs_etcd_5': Aim(Bound.AT_MOST, 0.7),
    'throughput_vs_etcd_3': Aim(Bound.AT_LEAST, 1.0),
    'throughput_vs_pysyncobj_3': Aim(Bound.AT_LEAST, 1.0),
    'throughput_vs_pysyncobj_5': Aim(Bound.AT_LEAST, 1.0),
    'failover_median_s': Aim(Bound.AT_MOST, 0.25),
    'failover_max_s': Aim(Bound.AT_MOST, 0.5),
    'spurious_elections': Aim(Bound.AT_MOST, 0.0),
    'rss_growth_mb': Aim(Bound.UNDER, 50.0),
    'idle_cpu_percent': Aim(Bound.UNDER, 2.0),
}
"""In the order in which they are measured and shown. Those called `..._vs_...` are ratios: what
muster takes or does, divided by what the other does."""

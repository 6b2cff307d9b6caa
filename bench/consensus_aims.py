"""What the consensus benchmark measures, and what is aimed at."""

from __future__ import annotations

from aims import Aim, Bound

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

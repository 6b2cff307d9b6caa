"""What the allocation benchmark measures, and what is aimed at."""

from __future__ import annotations

from aims import Aim, Bound

AIMS = {
    'gap_min_sum': Aim(Bound.AT_MOST, 1.005),
    'gap_min_max': Aim(Bound.AT_MOST, 1.02),
    'gap_windows': Aim(Bound.AT_MOST, 1.03),
    'gap_windows_alone': Aim(Bound.AT_MOST, 1.03),
    'gap_assignment': Aim(Bound.AT_MOST, 1.0),
    'seconds_100x1000': Aim(Bound.AT_MOST, 0.5),
    'gap_100x1000': Aim(Bound.AT_MOST, 1.02),
    'ms_repair': Aim(Bound.AT_MOST, 5.0),
}
"""In the order in which they are measured and shown. Gaps are muster's cost by that of the best
peer on the same instance, as a mean over all instances."""

"""The steady clock of this machine, on which leases and elections run."""

from __future__ import annotations

import time


def steady_now() -> float:
    """[s] since the machine booted, the time it was suspended included.

    `time.monotonic` stands still while a machine is suspended; a lease that was granted before
    would look fresh after, when others have long taken the work over.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)

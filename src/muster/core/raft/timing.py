"""Time constants of a group, as profiles for the networks that robots have.

What they trade is always the same: the sooner a dead leader is replaced, the fewer hiccups of the
network or of a busy computer a live one survives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """[s] of the steady clock; see `RaftConfig` for what each does."""

    heartbeat_s: float
    election_min_s: float
    election_max_s: float


LAN = Timing(heartbeat_s=0.075, election_min_s=0.16, election_max_s=0.32)
"""Cable, or a wireless cell that robots have to themselves: round trips of a few milliseconds and
computers with time to spare. A dead leader is replaced in about a fifth of a second; a stall of
0.16 s costs an election."""
WIFI = Timing(heartbeat_s=0.1, election_min_s=0.6, election_max_s=1.2)
"""Shared wireless networks, and computers that do other heavy work: rides out hiccups of half a
second, and takes about a second to replace a leader."""
TIMINGS: Mapping[str, Timing] = {'lan': LAN, 'wifi': WIFI}
"""By the name that team files use."""

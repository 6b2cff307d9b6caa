"""The robot's side of authority: until when it may do exclusive work (invariants I1 and I6).

A lease runs from *before* the heartbeat that the leader acknowledges was sent, on the robot's own
steady clock, so it is never longer than the robot thinks, however slow the network is.
"""

from __future__ import annotations

import math

from muster.core.membership.config import MembershipConfig
from muster.core.membership.messages import Grant

MAX_WAITING = 64
"""Grants kept for a ledger that lags: more than are sent in a lease, so that one that moves on,
however late, finds the old ones it needs."""


class AuthorityLease:
    """Collects grants; a grant counts when the ledger has been applied as far as it says."""

    def __init__(self, config: MembershipConfig) -> None:
        self._lease_s = config.lease_s
        self._expires_at = -math.inf
        self._waiting: list[Grant] = []

    def granted(self, grant: Grant, applied_index: int, now: float) -> None:
        """Take a grant; one from the future of this robot's clock is not its own and is
        ignored."""
        if grant.heard_at > now:
            return
        self._waiting.append(grant)
        self.applied(applied_index)

    def applied(self, applied_index: int) -> None:
        """The ledger has been applied up to `applied_index`."""
        still_waiting = []
        for grant in self._waiting:
            if grant.commit_index > applied_index:
                still_waiting.append(grant)
            else:
                self._expires_at = max(self._expires_at, grant.heard_at + self._lease_s)
        self._waiting = still_waiting[-MAX_WAITING:]

    def remaining(self, now: float) -> float:
        """[s] of authority left; 0 when it has lapsed."""
        return max(0.0, self._expires_at - now)

    def expires_at(self) -> float:
        return self._expires_at

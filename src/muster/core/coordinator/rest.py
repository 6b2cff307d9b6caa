"""How long a robot takes no new work after its body has failed it.

A body that calls itself fit and yet fails every attempt at once (a skill server that is missing,
say) makes the robot look free, near and cheap: it would win the same task over and over, and each
round adds to the ledger. So a robot rests after such a failure, longer each time in a row, and
others come to their turn.
"""

from __future__ import annotations

import math

from muster.core.types import Outcome

FIRST_S = 1.0
LONGEST_S = 30.0


class Rest:
    """Kept by each robot for itself, for the life of its process."""

    def __init__(self) -> None:
        self._until = -math.inf
        self._failures = 0

    @property
    def until(self) -> float:
        """Steady time at which the newest rest is over; -inf if there was none."""
        return self._until

    @property
    def failures(self) -> int:
        """In a row."""
        return self._failures

    def ended(self, outcome: Outcome, now: float) -> None:
        """An attempt is over; all but a failure of the robot shows that its body works."""
        if outcome is Outcome.ROBOT_FAILED:
            self._until = now + min(FIRST_S * 2.0**self._failures, LONGEST_S)
            self._failures = min(self._failures + 1, 10)
        elif outcome is not Outcome.STOPPED:
            self.forget()

    def forget(self) -> None:
        """The body has recovered: what was before does not count."""
        self._until = -math.inf
        self._failures = 0

    def reason(self, now: float) -> str:
        """Why the robot takes nothing new; empty when it may."""
        if now >= self._until:
            return ''
        return (
            f'its body failed {self._failures} attempts in a row: rests {self._until - now:.0f} s'
        )

"""What lets a body work: the word of its coordinator, which runs out by itself.

The coordinator and the skill server of a robot run in one process on two threads and share one
`Authority`. The coordinator renews it at every tick; the skill server looks at it before every
command. So a coordinator that hangs loses the body within moments, whatever it was about to say. A
shared object and not a topic, because a message cannot tell how long it has been under way: after
a pause of the whole process (SIGSTOP, a swapped-out machine) an old grant in a queue would look
fresh, while a deadline on the steady clock has simply passed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """One renewal, on the steady clock [s]."""

    heard_at: float = -math.inf
    exclusive_until: float = -math.inf


class Authority:
    """Written by the coordinator's thread, read by the skill server's."""

    def __init__(self) -> None:
        self._word = Word()

    def renew(self, now: float, lease_remaining_s: float) -> None:
        """The coordinator lives, and may have exclusive work done for so long."""
        self._word = Word(now, now + lease_remaining_s)

    def why_not(self, is_exclusive: bool, patience_s: float, now: float) -> str:
        """Why work must stop; empty while it may go on.

        `patience_s` is the silence of the coordinator after which no work goes on, exclusive or
        not.
        """
        word = self._word
        if now - word.heard_at > patience_s:
            return f'the coordinator has been silent for {now - word.heard_at:.1f} s'
        if is_exclusive and now >= word.exclusive_until:
            return 'the authority lease has run out'
        return ''

"""Requests that this robot has heard and that the ledger does not hold yet.

Operators publish to everybody, so the leader has usually heard a request itself; what it has not
answered after a moment is forwarded, again and again while leaders change. A robot that knows no
leader keeps requests for a while: an election takes a second, and the operator repeats what stays
unanswered for longer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.wire import RequestForwarded
from muster.core.ledger.ledger import Ledger
from muster.core.types import Request, RequestId, RobotId

CAPACITY = 2048
FIRST_FORWARD_S = 0.3
"""The leader is given this long to answer what it has heard itself."""
REPEAT_S = 1.0
KEEP_S = 30.0


@dataclass
class _Letter:
    request: Request
    heard_at: float
    due: float


class Mailroom:
    """Bounded: when it is full, the oldest request is dropped, and its operator will repeat it."""

    def __init__(self, me: RobotId, outbox: Outbox) -> None:
        self._me = me
        self._outbox = outbox
        self._letters: dict[RequestId, _Letter] = {}

    def keep(self, request: Request, now: float) -> None:
        if request.request_id in self._letters:
            return
        while len(self._letters) >= CAPACITY:
            del self._letters[next(iter(self._letters))]
        self._letters[request.request_id] = _Letter(request, now, now + FIRST_FORWARD_S)

    def settled(self, request_id: RequestId) -> None:
        """The ledger holds the answer."""
        self._letters.pop(request_id, None)

    def tick(self, leader: RobotId, ledger: Ledger, now: float) -> None:
        """Forward what is due to a leader that is not this robot."""
        for request_id, letter in list(self._letters.items()):
            if request_id in ledger.requests or now - letter.heard_at > KEEP_S:
                del self._letters[request_id]
            elif leader not in ('', self._me) and now >= letter.due:
                letter.due = now + REPEAT_S
                self._outbox.send(leader, RequestForwarded(letter.request))

    def next_tick(self, leader: RobotId) -> float:
        """Steady time at which something is to be forwarded; inf when nothing is."""
        if leader in ('', self._me):
            return math.inf
        return min((letter.due for letter in self._letters.values()), default=math.inf)

    def take_all(self) -> tuple[Request, ...]:
        """Everything kept, for a robot that has become the leader."""
        requests = tuple(letter.request for letter in self._letters.values())
        self._letters.clear()
        return requests

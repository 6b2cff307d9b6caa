"""Requests under way: sent again under the same id until the leader's answer comes.

No I/O and no clock: whoever owns it sends what `due` returns, hands in answers, and may ask again
and again. Repeating is safe because the team makes one task of one request id (invariant I3), and
it is needed because the leader may die between hearing a request and answering it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from muster.core.types import Request, RequestId, Response

RESEND_S = 1.0
"""[s] between sendings. Longer than a commit takes, shorter than an election."""


@dataclass
class _Open:
    request: Request
    sent: int = 0
    next_at: float = 0.0


@dataclass(frozen=True)
class Sending:
    """A request to be published now."""

    request: Request
    is_repeat: bool


@dataclass
class RequestDesk:
    """What has been asked, and what was answered."""

    answers: dict[RequestId, Response] = field(default_factory=dict)
    _open: dict[RequestId, _Open] = field(default_factory=dict)
    _asked: set[RequestId] = field(default_factory=set)

    def ask(self, request: Request) -> None:
        """Begin to send a request, or send an old one again even if it was answered."""
        self._open[request.request_id] = _Open(
            request, sent=int(request.request_id in self._asked)
        )
        self._asked.add(request.request_id)

    def due(self, now: float) -> list[Sending]:
        """What must be published at steady time `now`."""
        sendings = []
        for entry in self._open.values():
            if now >= entry.next_at:
                sendings.append(Sending(entry.request, is_repeat=entry.sent > 0))
                entry.sent += 1
                entry.next_at = now + RESEND_S
        return sendings

    def answered(self, response: Response) -> bool:
        """Take an answer in; False when it is to nobody's question here."""
        if response.request_id not in self._asked:
            return False
        self._open.pop(response.request_id, None)
        self.answers.setdefault(response.request_id, response)
        return True

    @property
    def is_clear(self) -> bool:
        """Every request has its answer."""
        return not self._open

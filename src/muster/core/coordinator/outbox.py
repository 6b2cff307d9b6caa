"""Where the parts of a coordinator put what they want done, until the step is over.

The order in which effects leave matters to those outside: first what must become durable, then
what the body must do, then what people are told, and messages to peers last. So nobody can act on
a committed entry before the event that tells of it is out, and a process that dies between the two
leaves no gap in the record. A body may answer at once, which is a step of its own within this one:
were its records handed over before those of the step around it, the log would be out of order.
"""

from __future__ import annotations

from typing import Any

from muster.core.coordinator.effects import (
    Effect,
    Note,
    Persist,
    Reply,
    Report,
    Search,
    Send,
    StartTask,
    StopTask,
    Warn,
)
from muster.core.coordinator.wire import PeerMessage, encode_message
from muster.core.types import Response, RobotId, Severity, TaskId


class Outbox:
    """Effects of the step under way. Messages to the robot itself come back by `take_own`."""

    def __init__(self, me: RobotId) -> None:
        self._me = me
        self._persists: list[Effect] = []
        self._body: list[Effect] = []
        self._people: list[Effect] = []
        self._peers: list[Effect] = []
        self._own: list[PeerMessage] = []
        self._sent: PeerMessage | None = None
        """The newest, often for several peers: it is encoded once."""
        self._encoded = ('', b'')

    def persist(self, effect: Persist) -> None:
        self._persists.append(effect)

    def start(self, effect: StartTask) -> None:
        self._body.append(effect)

    def stop(self, effect: StopTask) -> None:
        self._body.append(effect)

    def report(
        self,
        kind: str,
        *,
        severity: Severity = Severity.INFO,
        task_id: TaskId = '',
        attempt: int = 0,
        subject: RobotId = '',
        detail: str = '',
        data: dict[str, Any] | None = None,
    ) -> None:
        self._people.append(
            Report(kind, severity, task_id, attempt, subject, detail, data if data else {})
        )

    def reply(self, response: Response) -> None:
        self._people.append(Reply(response))

    def warn(self, effect: Warn) -> None:
        self._people.append(effect)

    def note(self, text: str) -> None:
        self._people.append(Note(text))

    def search(self, effect: Search) -> None:
        self._people.append(effect)

    def send(self, recipient: RobotId, message: PeerMessage) -> None:
        if recipient == self._me:
            self._own.append(message)
            return
        if message is not self._sent:
            self._sent, self._encoded = message, encode_message(message)
        self._peers.append(Send(recipient, *self._encoded))

    def take_own(self) -> list[PeerMessage]:
        """Messages that the robot sent to itself since the last call."""
        own, self._own = self._own, []
        return own

    def drain(self) -> tuple[Effect, ...]:
        """All effects, in the order in which they must be performed."""
        effects = (*self._persists, *self._body, *self._people, *self._peers)
        for pile in (self._persists, self._body, self._people, self._peers):
            pile.clear()
        return effects

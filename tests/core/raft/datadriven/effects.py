"""What the commands of client sessions have done, and what the clients know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from muster.core.raft import Conclusion, Entry, SessionClient, SessionOutcome, Sessions
from muster.core.types import ProtocolError

from .script import ScriptError


class Effects:
    """A state machine that remembers what was done, in order."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []

    def apply(self, command: bytes) -> bytes:
        self.commands.append(command)
        return b'%d' % len(self.commands)

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self.commands)

    def restore(self, data: bytes) -> None:
        self.commands = msgspec.msgpack.decode(data, type=list[bytes])


@dataclass
class Client:
    """A client, and what it has heard."""

    side: SessionClient
    heard_up_to: int = 0
    conclusions: dict[int, Conclusion] = field(default_factory=dict)


def effects_of(entries: Sequence[Entry]) -> list[bytes]:
    """What the commands of sessions in a log have done."""
    effects = Effects()
    list(outcomes_of(entries, effects))
    return effects.commands


def outcomes_of(entries: Sequence[Entry], effects: Effects) -> Iterator[SessionOutcome | None]:
    sessions = Sessions(effects)
    for entry in entries:
        try:
            yield sessions.apply(entry)
        except ProtocolError as error:
            raise ScriptError(f'entry {entry.index} is no command of a session: {error}') from None

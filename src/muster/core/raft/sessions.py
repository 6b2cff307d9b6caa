"""Client sessions: a command takes effect at most once, however often it is proposed (Ongaro 2014,
section 6.3).

A proposal whose answer does not come may be lost, on its way, or done. Its client may propose it
again only because the log's members remember, in a table that is part of what they agree on, what
came of each numbered command of each session. The table stands between the log and any state
machine:

- a client opens a session; its id is the index of that entry;
- it numbers its commands from 1, and says in each the lowest number that it still awaits: answers
  to lower ones are forgotten;
- a command that comes again is answered from memory;
- sessions are bounded in number. A new one ends the one that was not used for longest, in the
  order of the log, and commands of a session that has ended are refused.

Everything here is a function of the log, so all members come to the same table. The client's side
is in `muster.core.raft.client`.
"""

from __future__ import annotations

import enum
from typing import Annotated, Protocol, TypeAlias

import msgspec

from muster.core.raft.messages import Count, Entry, EntryKind
from muster.core.types import ProtocolError

SESSIONS = 1024
"""How many there may be, unless the state machine's owner says otherwise."""
WINDOW = 1024
"""Commands that one session may await at a time; bounds what is remembered."""

Number: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class OpenSession(msgspec.Struct, frozen=True, tag='open'):
    """Opens a session. Not recognised when it comes again: that opens another, which will end of
    disuse."""

    client: str
    """Tells its client which answer is its own; must differ between clients."""


class SessionCommand(msgspec.Struct, frozen=True, tag='command'):
    """A command for the state machine, to be applied once."""

    session: Count
    number: Number
    awaited_from: Number
    """The lowest number whose answer the client still awaits; at most `number`."""
    data: bytes


SessionEntry: TypeAlias = OpenSession | SessionCommand


class Refusal(enum.Enum):
    """Why the entry was not applied, and never will be."""

    ENDED = 'its session has ended, or never began'
    GIVEN_UP = 'its client has said that it awaits the answer no more'
    TOO_MANY = f'its session awaits {WINDOW} commands already'


class SessionOpened(msgspec.Struct, frozen=True):
    client: str
    session: int


class CommandApplied(msgspec.Struct, frozen=True):
    """The command has taken effect, once."""

    session: int
    number: int
    result: bytes
    """What the state machine said then."""
    is_repeat: bool = False
    """Remembered: an earlier entry had this effect."""


class CommandRefused(msgspec.Struct, frozen=True):
    """*This entry* had no effect, definitely. Whether another copy of the command had one is known
    only to whoever has seen the outcome of every entry since it was first proposed."""

    session: int
    number: int
    refusal: Refusal


SessionOutcome: TypeAlias = SessionOpened | CommandApplied | CommandRefused


class StateMachine(Protocol):
    """What a group agrees on. Deterministic: equal commands in equal order make equal states."""

    def apply(self, command: bytes) -> bytes:
        """Take a command; returns the answer to its client. Nonsense is answered, not raised."""

    def encode(self) -> bytes:
        """The whole state."""

    def restore(self, data: bytes) -> None:
        """Replace the state by one that was encoded; ProtocolError when it was not."""


class _Session(msgspec.Struct, array_like=True):
    awaited_from: int = 1
    results: dict[int, bytes] = {}


class _Table(msgspec.Struct, array_like=True, frozen=True):
    """A snapshot."""

    limit: int
    index: int
    sessions: dict[int, _Session]
    """The one that was not used for longest comes first."""
    machine: bytes


_ENCODER = msgspec.msgpack.Encoder()
_ENTRIES: msgspec.msgpack.Decoder[SessionEntry] = msgspec.msgpack.Decoder(
    OpenSession | SessionCommand
)
_TABLES = msgspec.msgpack.Decoder(_Table)


def encode_session_entry(entry: SessionEntry) -> bytes:
    """The data to propose."""
    return _ENCODER.encode(entry)


def decode_session_entry(data: bytes) -> SessionEntry:
    """Raises ProtocolError when the bytes are not what a session proposes."""
    try:
        return _ENTRIES.decode(data)
    except msgspec.MsgspecError as error:
        raise ProtocolError(f'not a session or its command: {error}') from error


class Sessions:
    """A state machine whose commands take effect once.

    Parameters
    ----------
    machine : takes the commands.
    limit : of sessions. The same in every member, or their tables would part; a snapshot of a
        member with another is refused.
    """

    def __init__(self, machine: StateMachine, limit: int = SESSIONS) -> None:
        if limit < 1:
            raise ValueError(f'limit is {limit}, but there must be room for one session')
        self.machine = machine
        self.limit = limit
        self.index = 0
        """Of the last entry taken."""
        self._sessions: dict[int, _Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def apply(self, entry: Entry) -> SessionOutcome | None:
        """Take a committed entry, once each and in order; None when it holds no command.

        Raises
        ------
        ProtocolError
            it was not proposed by a session; nothing was changed.
        """
        if entry.kind is not EntryKind.COMMAND or not entry.data:
            self.index = entry.index
            return None
        request = decode_session_entry(entry.data)
        self.index = entry.index
        if isinstance(request, OpenSession):
            return self._open(request.client, entry.index)
        return self._command(request)

    def recall(self, session: int, number: int) -> CommandApplied | CommandRefused | None:
        """What has come of a command as far as the table tells; None: nothing yet.

        For a client whose member was given a snapshot in place of the entries it had waited for.
        """
        known = self._sessions.get(session)
        if known is None:
            is_still_to_come = session > self.index
            return None if is_still_to_come else CommandRefused(session, number, Refusal.ENDED)
        if number in known.results:
            return CommandApplied(session, number, known.results[number], is_repeat=True)
        if number < known.awaited_from:
            return CommandRefused(session, number, Refusal.GIVEN_UP)
        return None

    def encode(self) -> bytes:
        """Table and state machine, for a snapshot."""
        table = _Table(self.limit, self.index, self._sessions, self.machine.encode())
        return _ENCODER.encode(table)

    def restore(self, data: bytes) -> None:
        """Replace everything by a snapshot.

        Raises
        ------
        ProtocolError
            it is no snapshot, or one of a member with another limit; nothing was changed.
        """
        try:
            table = _TABLES.decode(data)
        except msgspec.MsgspecError as error:
            raise ProtocolError(f'not a table of sessions: {error}') from error
        if table.limit != self.limit:
            raise ProtocolError(
                f'a snapshot with room for {table.limit} sessions came to a member with room for '
                f'{self.limit}: all members of a group must have the same'
            )
        self.machine.restore(table.machine)
        self.index, self._sessions = table.index, table.sessions

    def _open(self, client: str, index: int) -> SessionOpened:
        if len(self._sessions) == self.limit:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[index] = _Session()
        return SessionOpened(client, index)

    def _command(self, request: SessionCommand) -> CommandApplied | CommandRefused:
        session, number = request.session, request.number
        # By the entry alone: if the table decided, a copy that comes later could be applied.
        if number - request.awaited_from >= WINDOW:
            return CommandRefused(session, number, Refusal.TOO_MANY)
        known = self._sessions.pop(session, None)
        if known is None:
            return CommandRefused(session, number, Refusal.ENDED)
        self._sessions[session] = known
        self._forget(known, request.awaited_from)
        if number < known.awaited_from:
            return CommandRefused(session, number, Refusal.GIVEN_UP)
        if number in known.results:
            return CommandApplied(session, number, known.results[number], is_repeat=True)
        result = known.results[number] = self.machine.apply(request.data)
        return CommandApplied(session, number, result)

    def _forget(self, session: _Session, awaited_from: int) -> None:
        if awaited_from > session.awaited_from:
            session.awaited_from = awaited_from
            for number in [one for one in session.results if one < awaited_from]:
                del session.results[number]

"""A client's side of its session: numbers, repetitions, and what it may conclude from answers.

The client makes the entries that are to be proposed (through any member, any number of times) and
is given the outcomes that a member sees in the log. What it concludes is one of three things, and
they must not be confused:

- `Done`: the command took effect, once;
- `NotDone`: it had no effect and never will (a *definite* failure);
- `Unknown`: it may have had its effect, or have it later (an *indefinite* failure).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from muster.core.raft.sessions import (
    WINDOW,
    CommandApplied,
    CommandRefused,
    OpenSession,
    Refusal,
    SessionCommand,
    SessionOpened,
    SessionOutcome,
    encode_session_entry,
)
from muster.core.types import MusterError


class NoSessionError(MusterError):
    """The session is not open, or has as many commands under way as it may. Nothing was sent."""


class Done(msgspec.Struct, frozen=True):
    number: int
    result: bytes


class NotDone(msgspec.Struct, frozen=True):
    number: int
    reason: str


class Unknown(msgspec.Struct, frozen=True):
    number: int
    reason: str


Conclusion: TypeAlias = Done | NotDone | Unknown


class SessionClient:
    """One session after the other.

    Parameters
    ----------
    name : differs from that of every other client.
    """

    def __init__(self, name: str) -> None:
        self.session = 0
        """0 while none is open."""
        self._name = name
        self._openings = 0
        self._is_opening = False
        self._last = 0
        self._awaited: dict[int, bytes] = {}
        self._missed: set[int] = set()
        """Awaited, and outcomes may have been seen by nobody here."""

    @property
    def awaited(self) -> tuple[int, ...]:
        """Commands of which nothing is known yet, oldest first."""
        return tuple(self._awaited)

    def open(self) -> bytes:
        """The entry that opens a new session. Its first answer counts, unless this is called again
        before: a member that restarts goes through old answers once more."""
        self._openings += 1
        self._is_opening = True
        return encode_session_entry(OpenSession(self._label))

    def command(self, data: bytes) -> tuple[int, bytes]:
        """Number of a new command, and its entry.

        Raises
        ------
        NoSessionError
            a session must be opened first, or older commands be answered or given up.
        """
        if not self.session:
            raise NoSessionError(f'{self._name} has no open session: open one first')
        if self._awaited and self._last + 1 - next(iter(self._awaited)) >= WINDOW:
            raise NoSessionError(
                f'session {self.session} awaits {WINDOW} commands: wait for answers, or give up'
            )
        self._last += 1
        self._awaited[self._last] = data
        return self._last, self.repeat(self._last)

    def repeat(self, number: int) -> bytes:
        """The entry of an awaited command once more; KeyError when it is not awaited."""
        return encode_session_entry(
            SessionCommand(self.session, number, next(iter(self._awaited)), self._awaited[number])
        )

    def give_up(self, number: int) -> Unknown:
        """Await a command no more. A command that is proposed while none is awaited is a wall once
        it is done: what was given up before and had no effect by then never will."""
        del self._awaited[number]
        self._missed.discard(number)
        return Unknown(number, 'no answer in time')

    def missed_outcomes(self) -> None:
        """Entries may have been applied whose outcomes are not told: the client has turned to
        another member, or its member has restarted or was given a snapshot."""
        self._missed.update(self._awaited)

    def take(self, outcome: SessionOutcome) -> tuple[Conclusion, ...]:
        """What follows from the outcome of an entry; from another client's, nothing."""
        match outcome:
            case SessionOpened(client=client, session=session) if client == self._label:
                if self._is_opening:
                    self._is_opening = False
                    self.session, self._last = session, 0
            case CommandApplied(session=self.session, number=number, result=result):
                if self._awaited.pop(number, None) is not None:
                    self._missed.discard(number)
                    return (Done(number, result),)
            case CommandRefused(session=self.session, refusal=Refusal.ENDED) if self.session:
                return self._end()
        return ()

    @property
    def _label(self) -> str:
        return f'{self._name}/{self._openings}'

    def _end(self) -> tuple[Conclusion, ...]:
        """The session has ended: none of its commands that had no effect yet will have one."""
        reason = f'session {self.session} has ended'
        conclusions = tuple(
            Unknown(number, reason) if number in self._missed else NotDone(number, reason)
            for number in self._awaited
        )
        self.session = 0
        self._awaited.clear()
        self._missed.clear()
        return conclusions

"""A client of the group: it changes and reads a few keys, one request at a time, through whichever
member it sits at, and writes down what it asked, when, and what it was answered.

It knows three ends of a request, as every client should: done, definitely not done, and unknown.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from muster.core.raft import (
    Conclusion,
    Done,
    NotDone,
    SessionClient,
    SessionOutcome,
    Unknown,
)
from muster.invariants.linearizability import UNKNOWN, Operation
from muster.invariants.linearizability import Unknown as Nothing
from muster.invariants.registers import (
    Append,
    CompareAndSet,
    Read,
    RegisterAnswer,
    RegisterRequest,
    Write,
)
from muster.simulation.consensus.key_values import decode_answer, encode_command
from muster.simulation.consensus.member import GroupSurroundings

KEYS = ('x', 'y', 'z')
ANSWER_S = (0.2, 0.8)
"""How long a client waits for an answer before it asks again."""
PAUSE_S = 0.06
"""Mean time between an answer and the next request."""
RETRY_S = 0.05
ATTEMPTS = 4
"""Before it gives up."""
LONGEST = 200
"""A text that has become longer is written anew."""


class Client:
    """One client.

    Parameters
    ----------
    until_s : virtual time after which it only reads each key once more.
    """

    def __init__(
        self, name: str, rng: random.Random, shared: GroupSurroundings, until_s: float
    ) -> None:
        self.history: list[Operation] = []
        """What was not definitely refused."""
        self.done: list[tuple[int, int]] = []
        """(session, number) of each command that was answered."""
        self.ends: Counter[str] = Counter()
        """How requests have ended."""
        self.is_finished = False
        self._name = name
        self._rng = rng
        self._shared = shared
        self._until_s = until_s
        self._names = list(shared.members)
        self._seat = rng.choice(self._names)
        self._session = SessionClient(name)
        self._asked = 0
        self._attempts = 0
        self._waits_for = 0
        """Counts what it waits for, so that a time-out of something else is ignored."""
        self._request: RegisterRequest | None = None
        self._key = ''
        self._number = 0
        """Of the command; 0 for a read."""
        self._invoked = 0.0
        self._was_sent = False
        self._given_up: list[int] = []
        """Positions in the history of what may still take effect."""
        self._seen = dict.fromkeys(KEYS, '')
        self._is_finishing = False
        self._last_reads = list(KEYS)

    def start(self) -> None:
        self._sit_at(self._seat)
        self._later(self._rng.uniform(0.0, 1.0), self._go_on)

    # What it is told by the member at which it sits

    def on_outcome(self, outcome: SessionOutcome) -> None:
        session = self._session.session
        for conclusion in self._session.take(outcome):
            self._conclude(session, conclusion)
        if self._session.session != session:
            if not self._session.session:
                self._wall()
                self._shared.bites['sessions ended by others'] += 1
            if self._request is None:
                self._wait(self._rng.expovariate(1 / PAUSE_S), self._go_on)

    def on_gap(self) -> None:
        self._session.missed_outcomes()
        sessions = self._shared.members[self._seat].sessions
        for number in self._session.awaited:
            outcome = sessions.recall(self._session.session, number)
            if outcome is not None:
                self.on_outcome(outcome)

    # What it does

    def _go_on(self) -> None:
        """Ask for something new."""
        self._is_finishing = self._shared.agenda.now >= self._until_s
        if self._is_finishing:
            self.is_finished = not self._last_reads
            if self._last_reads:
                self._begin(self._last_reads[-1], Read())
        elif not self._session.session:
            self._attempt()
        else:
            key = self._rng.choice(KEYS)
            self._begin(key, self._draw(key))

    def _draw(self, key: str) -> RegisterRequest:
        rng = self._rng
        self._asked += 1
        text = f'{self._name}{self._asked}.'
        if len(self._seen[key]) > LONGEST:
            return Write(text)
        expected = self._seen[rng.choice(KEYS) if rng.random() < 0.1 else key]
        return rng.choices(
            (Read(), Write(text), CompareAndSet(expected, text), Append(text)), (4, 1, 2, 3)
        )[0]

    def _begin(self, key: str, request: RegisterRequest) -> None:
        self._request, self._key = request, key
        self._number, self._attempts = 0, 0
        self._was_sent = False
        self._invoked = self._shared.agenda.now
        if not isinstance(request, Read):
            self._number, _ = self._session.command(encode_command(key, request))
        self._attempt()

    def _attempt(self) -> None:
        """Ask once, for the first time or again."""
        self._attempts += 1
        member = self._shared.members[self._seat]
        waits_for = self._wait(self._rng.uniform(*ANSWER_S), self._on_silence)
        # A refusal may come at once, or much later; then the request may have gone out elsewhere.
        refused = partial(self._on_refusal, waits_for, self._was_sent)
        if self._request is None:
            is_heard = member.propose(self._session.open(), refused)
        elif self._number:
            if self._was_sent:
                self._shared.bites['commands proposed again'] += 1
            self._was_sent = True
            is_heard = member.propose(self._session.repeat(self._number), refused)
        else:
            is_heard = member.read(self._key, partial(self._on_read, waits_for))
        if not is_heard:
            refused()

    def _on_read(self, waits_for: int, value: str | None) -> None:
        if waits_for != self._waits_for:
            return
        if value is None:
            self._on_refusal(waits_for, False)
            return
        self._seen[self._key] = value
        if self._is_finishing:
            self._last_reads.pop()
        self._end('read', value)

    def _on_refusal(self, waits_for: int, was_sent: bool) -> None:
        """The member did not even try."""
        if waits_for == self._waits_for:
            self._was_sent = was_sent
            self._wait(RETRY_S, self._on_silence)

    def _on_silence(self) -> None:
        """Ask again, perhaps somebody else, or give up."""
        if self._rng.random() < 0.6:
            self._sit_at(self._rng.choice(self._seats()))
        if self._request is None:
            self._go_on()
        elif self._attempts < ATTEMPTS or self._is_finishing:
            self._attempt()
        elif not self._number:
            self._end('read given up', None)
        elif self._was_sent:
            self._conclude(self._session.session, self._session.give_up(self._number))
        else:
            self._session.give_up(self._number)
            self._end('not sent', None)

    def _conclude(self, session: int, conclusion: Conclusion) -> None:
        match conclusion:
            case Done(number=number, result=result):
                self.done.append((session, number))
                answer = decode_answer(result)
                self._seen[self._key] = _value_after(self._request, answer)
                self._wall()
                self._end('done', answer)
            case NotDone():
                self._end('definitely not done', None)
            case Unknown():
                self._end('unknown', UNKNOWN)
                self._given_up.append(len(self.history) - 1)

    def _wall(self) -> None:
        """What was given up before has had its effect by now, or never will: a later command of
        the same session is done, or the session has ended."""
        for place in self._given_up:
            self.history[place] = replace(self.history[place], returned=self._shared.agenda.now)
        self._given_up.clear()

    def _end(self, how: str, answer: RegisterAnswer | Nothing | None) -> None:
        """Write down how the request has ended; with the answer None it leaves no trace."""
        self.ends[how] += 1
        if answer is not None:
            end = math.inf if answer is UNKNOWN else self._shared.agenda.now
            self.history.append(
                Operation(self._name, self._key, self._request, answer, self._invoked, end)
            )
        self._request = None
        self._wait(self._rng.expovariate(1 / PAUSE_S), self._go_on)

    # Where it sits, and when it acts

    def _sit_at(self, seat: str) -> None:
        guests = self._shared.members[self._seat].guests
        if self in guests:
            guests.remove(self)
        self._seat = seat
        self._session.missed_outcomes()
        self._shared.members[seat].guests.append(self)

    def _seats(self) -> list[str]:
        """Where it might ask. In the end it is told who leads: of a group that has become small,
        most others are no members any more, and have no answers."""
        members = self._shared.members
        leading = [name for name, one in members.items() if one.node and one.node.is_leader]
        return leading if leading and self._is_finishing else self._names

    def _wait(self, delay_s: float, action: Callable[[], None]) -> int:
        """Do something in a while, unless something else is waited for by then."""
        self._waits_for += 1
        waits_for = self._waits_for
        self._later(delay_s, lambda: action() if waits_for == self._waits_for else None)
        return waits_for

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        self._shared.agenda.after(delay_s, action)


def _value_after(request: RegisterRequest | None, answer: RegisterAnswer) -> str:
    """What a key holds once a request was answered so."""
    match request:
        case Append(text=text):
            return f'{answer}{text}'
        case CompareAndSet(expected=expected) if answer != expected:
            return str(answer)
        case CompareAndSet(value=value) | Write(value=value):
            return value
    return str(answer)

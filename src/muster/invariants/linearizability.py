"""Whether operations on shared state could have happened one at a time (Herlihy and Wing 1990).

Every client tells what it asked, when, and what it was answered. The history is *linearizable* if
each operation can be given one moment between its beginning and its end, such that a single copy
of the state, going through the operations in the order of their moments, gives the same answers.

The search is that of Wing and Gong (*Testing and Verifying Concurrent Objects*, 1993) with Lowe's
improvements (*Testing for Linearizability*, 2017): events stand in a linked list from which an
operation is lifted when its moment has been chosen, and no pair of (operations done, state) is
looked at twice. Operations on different keys do not touch, so each key is judged for itself.

An operation whose client gave up may take effect at any moment until its end, or never. Such
operations are what makes a search long. They are tried last, and a way of coming to a state is
left alone if another came to it with fewer of them: those that are left can still be used.
"""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

State: TypeAlias = Hashable


class Unknown(enum.Enum):
    """The answer of an operation that was not answered."""

    UNKNOWN = 'unknown'

    def __repr__(self) -> str:
        return '?'


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True)
class Operation:
    """What one client asked once. Times in seconds of one clock that sees all clients."""

    client: str
    key: str
    request: Any
    answer: Any
    """`UNKNOWN`: its client gave up, and it may have taken effect or not."""
    invoked: float
    returned: float = math.inf
    """Of an unanswered one: when it can take effect no more, if that is known."""

    @property
    def is_certain(self) -> bool:
        return self.answer is not UNKNOWN

    def __str__(self) -> str:
        end = 'never' if math.isinf(self.returned) else f'{self.returned:.4f}'
        return f'[{self.invoked:.4f}, {end}] {self.client}: {self.request} -> {self.answer!r}'


def _all(history: Sequence[Operation]) -> Sequence[Operation]:
    return history


@dataclass(frozen=True)
class Model:
    """What a single copy of the state would do.

    Parameters
    ----------
    initial : the state before all operations.
    step : from state, request and answer to whether this answer is right, and the next state.
        `UNKNOWN` is right always. Pure; states can be hashed.
    noticed : leaves out uncertain operations that nobody can have noticed. May leave all in, at
        the cost of a longer search.
    """

    initial: State
    step: Callable[[Any, Any, Any], tuple[bool, State]]
    noticed: Callable[[Sequence[Operation]], Sequence[Operation]] = _all


@dataclass(frozen=True)
class Anomaly:
    """Answers that no order explains."""

    key: str
    operations: tuple[Operation, ...]
    """The shortest beginning of the history of this key that is impossible, by invocation."""
    culprit: Operation
    """Until this one was answered, all could be explained."""
    explained: tuple[Operation, ...]
    """The longest order that was found, which leaves out the culprit or what it needs."""
    state: State
    """At the end of that order."""

    def __str__(self) -> str:
        def lines(operations: Iterable[Operation]) -> str:
            return ''.join(f'\n    {one}' for one in operations) or '\n    nothing'

        return (
            f'key {self.key!r} is not linearizable: no order explains the answer to'
            f'\n    {self.culprit}'
            f'\n  among what was asked until then:{lines(self.operations)}'
            f'\n  The longest order that goes:{lines(self.explained)}'
            f'\n  which makes the state {self.state!r}.'
        )


def find_anomaly(history: Iterable[Operation], model: Model) -> Anomaly | None:
    """The anomaly that shows first; None when the history of every key is linearizable."""
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in history:
        by_key[operation.key].append(operation)
    anomalies = [
        _anomaly_of(operations, model)
        for operations in by_key.values()
        if not _Search(operations, model).succeeds()
    ]
    return min(anomalies, key=lambda one: one.culprit.returned, default=None)


def _anomaly_of(operations: Sequence[Operation], model: Model) -> Anomaly:
    """Every beginning of a linearizable history is linearizable, so the end of the shortest bad
    beginning can be found by halving."""
    certain = sorted((one for one in operations if one.is_certain), key=lambda one: one.returned)
    good, bad = -1, len(certain) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if _Search(_until(certain[middle].returned, operations), model).succeeds():
            good = middle
        else:
            bad = middle
    culprit = certain[bad]
    beginning = _until(culprit.returned, operations)
    search = _Search(beginning, model)
    search.succeeds()
    explained, state = search.longest
    return Anomaly(
        culprit.key,
        tuple(sorted(beginning, key=lambda one: one.invoked)),
        culprit,
        explained,
        state,
    )


def _until(moment: float, operations: Iterable[Operation]) -> list[Operation]:
    """The history as it looked then: what was not answered by then may come to anything."""
    return [
        one if one.returned <= moment else replace(one, answer=UNKNOWN, returned=math.inf)
        for one in operations
        if one.invoked <= moment
    ]


class _Search:
    """Depth first, for an order of the operations on one key.

    The beginning of operation i stands at place 2i + 1 of the list of events and its end at
    2i + 2; place 0 closes the list to a ring.
    """

    def __init__(self, operations: Sequence[Operation], model: Model) -> None:
        self._operations = operations = model.noticed(operations)
        self._model = model
        self._order: list[int] = []
        self._longest: tuple[list[int], State] = ([], model.initial)
        self._next = [0] * (2 * len(operations) + 1)
        self._previous = list(self._next)
        last = 0
        for place in sorted(self._events(), key=self._moment_of):
            self._next[last], self._previous[place] = place, last
            last = place
        self._previous[0] = last

    @property
    def longest(self) -> tuple[tuple[Operation, ...], State]:
        """The longest order that goes, and the state at its end."""
        order, state = self._longest
        return tuple(self._operations[number] for number in order), state

    def succeeds(self) -> bool:
        """Whether there is an order with all the certain operations."""
        operations, step = self._operations, self._model.step
        missing = sum(operation.is_certain for operation in operations)
        state = self._model.initial
        done = uncertain_done = 0
        seen: dict[tuple[int, State], list[int]] = defaultdict(list)
        chosen: list[tuple[int, State, int, int, bool]] = []
        choices = [self._choices()]
        while missing:
            for number, is_skipped in choices[-1]:
                operation, bit = operations[number], 1 << number
                before = (number, state, done, uncertain_done, is_skipped)
                if not is_skipped:
                    is_right, after = step(state, operation.request, operation.answer)
                    if not is_right:
                        continue
                    certain, uncertain = (bit, 0) if operation.is_certain else (0, bit)
                    used = uncertain_done | uncertain
                    ways = seen[done | certain, after]
                    if any(way & used == way for way in ways):
                        continue
                    ways.append(used)
                    state, done, uncertain_done = after, done | certain, used
                    missing -= operation.is_certain
                    self._extend(number, state)
                chosen.append(before)
                self._lift(number)
                choices.append(self._choices())
                break
            else:
                choices.pop()
                if not chosen:
                    return False
                number, state, done, uncertain_done, is_skipped = chosen.pop()
                self._put_back(number)
                if not is_skipped:
                    missing += operations[number].is_certain
                    self._order.pop()
        return True

    def _choices(self) -> Iterator[tuple[int, bool]]:
        """Operations that may have the next moment, and whether they are to be skipped.

        What begins behind an end cannot come before it. An uncertain operation that is at its end
        may be taken never to have had its moment.
        """
        uncertain = []
        place = self._next[0]
        while place % 2:
            number = place // 2
            if self._operations[number].is_certain:
                yield number, False
            else:
                uncertain.append(number)
            place = self._next[place]
        for number in uncertain:
            yield number, False
        if place and not self._operations[place // 2 - 1].is_certain:
            yield place // 2 - 1, True

    def _events(self) -> Iterable[int]:
        for number, operation in enumerate(self._operations):
            yield 2 * number + 1
            if not math.isinf(operation.returned):
                yield 2 * number + 2

    def _moment_of(self, place: int) -> tuple[float, int]:
        """Of two events at the same time the beginning comes first: then they may overlap."""
        number, is_end = divmod(place - 1, 2)
        operation = self._operations[number]
        return (operation.returned if is_end else operation.invoked), is_end

    def _lift(self, number: int) -> None:
        """Take both events of an operation out of the list."""
        for place in self._places_of(number):
            before, after = self._previous[place], self._next[place]
            self._next[before], self._previous[after] = after, before

    def _put_back(self, number: int) -> None:
        """Undo the latest `_lift`."""
        for place in reversed(self._places_of(number)):
            before, after = self._previous[place], self._next[place]
            self._next[before] = self._previous[after] = place

    def _places_of(self, number: int) -> tuple[int, ...]:
        begin = 2 * number + 1
        return (begin,) if math.isinf(self._operations[number].returned) else (begin, begin + 1)

    def _extend(self, number: int, state: State) -> None:
        self._order.append(number)
        if len(self._order) > len(self._longest[0]):
            self._longest = (list(self._order), state)

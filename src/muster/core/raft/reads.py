"""Reads that wait: at a leader for proof that it still leads (ReadIndex; Ongaro 2014, section
6.4), at a follower for the leader's answer."""

from __future__ import annotations

from dataclasses import dataclass

from muster.core.types import RobotId


@dataclass(frozen=True)
class PendingRead:
    """A read, by whoever asked; it may be answered when a quorum has answered `round` or later."""

    reader: RobotId
    context: int
    round: int


class Reads:
    """Reads of one leader, oldest first."""

    def __init__(self) -> None:
        self._pending: list[PendingRead] = []

    @property
    def is_empty(self) -> bool:
        return not self._pending

    def add(self, reader: RobotId, context: int, round: int) -> None:
        self._pending.append(PendingRead(reader, context, round))

    def confirmed(self, round: float) -> list[PendingRead]:
        """A quorum has answered what was sent in `round`; returns the reads that this proves. A
        single voter needs nobody's answer, which is as good as one to every round."""
        done = [read for read in self._pending if read.round <= round]
        if done:
            self._pending = [read for read in self._pending if read.round > round]
        return done

    def give_up(self) -> list[PendingRead]:
        """The leader leads no more."""
        given_up, self._pending = self._pending, []
        return given_up


MAX_ASKED = 4096


class AskedReads:
    """Reads that a follower has passed on to its leader.

    On the way they have numbers of their own: the caller may count its reads from one again after
    a crash, and an answer from before it must not be taken for one to a new read.

    Parameters
    ----------
    first : number of the first; drawn at random for each life of the process.
    """

    def __init__(self, first: int) -> None:
        self._next = first
        self._number_of: dict[int, int] = {}
        self._context_of: dict[int, int] = {}

    def add(self, context: int) -> int:
        """Number under which to ask; an answer to an earlier request of the same read comes too
        late."""
        self._context_of.pop(self._number_of.pop(context, -1), None)
        number, self._next = self._next, self._next + 1
        self._number_of[context], self._context_of[number] = number, context
        if len(self._context_of) > MAX_ASKED:  # answers were lost, and nobody has asked again
            self.take(next(iter(self._context_of)))
        return number

    def take(self, number: int) -> int | None:
        """The read that is answered; None when nothing waits for this answer."""
        context = self._context_of.pop(number, None)
        if context is not None:
            del self._number_of[context]
        return context

"""Reads that wait for proof that the leader still leads (ReadIndex; Ongaro 2014, section 6.4)."""

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

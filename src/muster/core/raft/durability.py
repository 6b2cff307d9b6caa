"""What is on disk, what is on its way there, and what must wait for it.

Writes are numbered. A *promise* is a message that must not leave before everything decided until
then is durable: a vote, a request for votes, an acknowledgement of entries.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from muster.core.raft.log import Log
from muster.core.raft.messages import Entry, HardState, Message, Record, Snapshot
from muster.core.raft.metrics import LatencyWindow
from muster.core.types import RobotId


class Durability:
    """Records of one member.

    Parameters
    ----------
    hard : as last written.
    last_index : of the log on disk.
    """

    def __init__(self, hard: HardState, last_index: int) -> None:
        self.index = last_index
        """Entries up to here are durable and still those of the log."""
        self.write_times = LatencyWindow()
        """From the decision to the durable record."""
        self._written = hard
        self._entries: list[Entry] = []
        self._checkpoint: Snapshot | None = None
        self._sequence = 0
        self._saved = 0
        self._writing: deque[tuple[int, int, float]] = deque()
        self._promises: deque[tuple[int, RobotId, Message]] = deque()

    def oldest_write(self) -> float:
        """When the oldest write that is not durable began [s, steady]; inf when all are."""
        return self._writing[0][2] if self._writing else math.inf

    def is_clean(self, hard: HardState) -> bool:
        """Whether everything decided so far is durable."""
        return not self.has_news(hard) and self._saved == self._sequence

    # What is decided

    def appended(self, entries: Iterable[Entry]) -> None:
        self._entries.extend(entries)

    def replaced(self, fresh: tuple[Entry, ...]) -> None:
        """These entries take the place of all from their first index on: neither what is on disk
        nor what is being written counts there any more."""
        index = fresh[0].index
        if self._entries and self._entries[-1].index >= index:
            self._entries = [one for one in self._entries if one.index < index]
        if self._writing and self._writing[-1][1] >= index:
            self._writing = deque(
                (number, min(reach, index - 1), began) for number, reach, began in self._writing
            )
        self.index = min(self.index, index - 1)
        self._entries.extend(fresh)

    def snapshot_taken(self, snapshot: Snapshot) -> None:
        """The next write is a checkpoint: the whole state, from this snapshot on."""
        self._checkpoint = snapshot

    def log_discarded(self) -> None:
        """A leader's snapshot has taken the place of the whole log."""
        self._entries.clear()
        self._writing = deque((number, 0, began) for number, _, began in self._writing)
        self.index = 0

    # What leaves

    def take(self, hard: HardState, log: Log, now: float) -> tuple[int, tuple[Record, ...], bool]:
        """Number and records of the next write, and whether it is a checkpoint; number 0 when
        there is none."""
        if not self.has_news(hard):
            return 0, (), False
        records: list[Record] = []
        reach = self._writing[-1][1] if self._writing else self.index
        is_checkpoint = self._checkpoint is not None
        if self._checkpoint is not None:
            tail = log.slice(self._checkpoint.index + 1, log.last_index + 1)
            records = [self._checkpoint, hard, *tail]
            reach = log.last_index
        else:
            if hard != self._written:
                records.append(hard)
            records.extend(self._entries)
            reach = self._entries[-1].index if self._entries else reach
        self._written = hard
        self._entries = []
        self._checkpoint = None
        self._sequence += 1
        self._writing.append((self._sequence, reach, now))
        return self._sequence, tuple(records), is_checkpoint

    def saved(self, sequence: int, now: float) -> list[tuple[RobotId, Message]]:
        """Writes up to `sequence` are durable; returns the promises that may leave."""
        self._saved = max(self._saved, sequence)
        while self._writing and self._writing[0][0] <= sequence:
            _, self.index, began = self._writing.popleft()
            self.write_times.add(now - began)
        released = []
        while self._promises and self._promises[0][0] <= sequence:
            _, peer, message = self._promises.popleft()
            released.append((peer, message))
        return released

    def promise(self, hard: HardState, peer: RobotId, message: Message) -> bool:
        """Keep a message until all is durable; False when it may leave at once."""
        if self.is_clean(hard):
            return False
        self._promises.append((self._sequence + self.has_news(hard), peer, message))
        return True

    def has_news(self, hard: HardState) -> bool:
        """Whether anything was decided that is not being written."""
        return bool(self._entries) or self._checkpoint is not None or hard != self._written

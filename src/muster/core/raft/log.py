"""The log of one member, in memory: entries from index 1, and what is known of their fate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from muster.core.raft.messages import Entry


class Log:
    """Entries 1..last_index. Terms never fall along the log."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: list[Entry] = list(entries)

    @property
    def last_index(self) -> int:
        return len(self._entries)

    @property
    def last_term(self) -> int:
        return self._entries[-1].term if self._entries else 0

    def term_at(self, index: int) -> int:
        """Term of the entry at an index; 0 before the first, -1 after the last."""
        if index == 0:
            return 0
        if index > len(self._entries):
            return -1
        return self._entries[index - 1].term

    def slice(self, start: int, stop: int) -> Sequence[Entry]:
        """Entries with start <= index < stop."""
        return self._entries[start - 1 : stop - 1]

    def batch(self, start: int, max_bytes: int) -> tuple[Entry, ...]:
        """Entries from `start` on that fit into a message, at least one if there is any."""
        chosen: list[Entry] = []
        size = 0
        for position in range(start - 1, len(self._entries)):
            entry = self._entries[position]
            size += len(entry.data) + 16
            if chosen and size > max_bytes:
                break
            chosen.append(entry)
        return tuple(chosen)

    def is_up_to_date(self, last_index: int, last_term: int) -> bool:
        """Whether a log that ends so holds at least as much as this one (Ongaro 2014, section
        3.6.1)."""
        return (last_term, last_index) >= (self.last_term, self.last_index)

    def append(self, entry: Entry) -> None:
        if entry.index != self.last_index + 1:
            raise AssertionError(f'entry {entry.index} cannot follow {self.last_index}')
        self._entries.append(entry)

    def merge(self, entries: Sequence[Entry], committed: int) -> tuple[Entry, ...]:
        """Take a leader's entries; returns those that were new here.

        An entry that conflicts removes all that follow it; one that is here already is left alone,
        so that an old message cannot shorten the log.
        """
        for offset, entry in enumerate(entries):
            known = self.term_at(entry.index)
            if known == entry.term:
                continue
            if entry.index <= committed:
                raise AssertionError(
                    f'entry {entry.index} of term {entry.term} would replace a committed one of '
                    f'term {known}'
                )
            del self._entries[entry.index - 1 :]
            fresh = tuple(entries[offset:])
            for one in fresh:
                self.append(one)
            return fresh
        return ()

    def last_not_after(self, index: int, term: int) -> int:
        """The last position up to `index` whose term is at most `term`: where two logs may still
        agree."""
        index = min(index, self.last_index)
        while index > 0 and self._entries[index - 1].term > term:
            index -= 1
        return index

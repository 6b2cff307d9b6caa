"""The log of one member, in memory: entries after some base, and who was a member where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import msgspec

from muster.core.raft.membership import Membership
from muster.core.raft.messages import Entry, EntryKind, Snapshot
from muster.core.types import ProtocolError

ENTRY_OVERHEAD_BYTES = 16
"""About what an entry takes beside its data."""
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Membership)


def encode_membership(membership: Membership) -> bytes:
    return _ENCODER.encode(membership)


def decode_membership(data: bytes) -> Membership:
    """Raises ProtocolError when the bytes are not a membership."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise ProtocolError(f'not a membership: {error}') from error


class Log:
    """Entries base_index + 1 .. last_index. Terms never fall along the log.

    Parameters
    ----------
    snapshot : where the log begins; index 0 for a group that has just begun.
    entries : those after it.
    """

    def __init__(self, snapshot: Snapshot, entries: Iterable[Entry] = ()) -> None:
        self.snapshot = snapshot
        """The newest there is; at or after the base."""
        self._begin_at(snapshot)
        self.extend(tuple(entries))

    @property
    def bytes(self) -> int:
        """About what the entries in memory take."""
        return self._sizes[-1] - self._sizes[0]

    @property
    def last_index(self) -> int:
        return self.base_index + len(self._entries)

    @property
    def last_term(self) -> int:
        return self._entries[-1].term if self._entries else self._base_term

    @property
    def membership(self) -> Membership:
        """The newest in the log, committed or not."""
        return self._memberships[-1][1]

    @property
    def membership_index(self) -> int:
        """Where the newest membership stands."""
        return self._memberships[-1][0]

    def membership_at(self, index: int) -> Membership:
        """The membership after the entry at an index, which must not lie before the snapshot's."""
        for at, membership in reversed(self._memberships):
            if at <= index:
                return membership
        raise AssertionError(f'no membership is known at {index}')

    def memberships_from(self, index: int) -> list[Membership]:
        """The membership at an index, as `membership_at`, and all that came after it."""
        newer = [membership for at, membership in self._memberships if at > index]
        return [self.membership_at(index), *newer]

    def term_at(self, index: int) -> int:
        """Term of the entry at an index; -1 after the last, and before the base."""
        if index == self.base_index:
            return self._base_term
        if not self.base_index < index <= self.last_index:
            return -1
        return self._entries[index - self.base_index - 1].term

    def slice(self, start: int, stop: int) -> Sequence[Entry]:
        """Entries with start <= index < stop; none of them may lie before the base."""
        return self._entries[start - self.base_index - 1 : stop - self.base_index - 1]

    def batch(self, start: int, max_bytes: int) -> tuple[tuple[Entry, ...], int]:
        """Entries from `start` on that fit into a message, at least one if there is any, and their
        size."""
        position = start - self.base_index - 1
        before = self._sizes[position]
        stop = max(bisect_right(self._sizes, before + max_bytes) - 1, position + 1)
        entries = tuple(self._entries[position:stop])
        return entries, self._sizes[position + len(entries)] - before

    def is_up_to_date(self, last_index: int, last_term: int) -> bool:
        """Whether a log that ends so holds at least as much as this one (Ongaro 2014, section
        3.6.1)."""
        return (last_term, last_index) >= (self.last_term, self.last_index)

    def extend(self, entries: Sequence[Entry]) -> None:
        """Add entries that follow the last one."""
        if entries and entries[0].index != self.last_index + 1:
            raise AssertionError(f'entry {entries[0].index} cannot follow {self.last_index}')
        sizes, total = self._sizes, self._sizes[-1]
        for entry in entries:
            total += len(entry.data) + ENTRY_OVERHEAD_BYTES
            sizes.append(total)
            if entry.kind is EntryKind.MEMBERSHIP:
                self._memberships.append((entry.index, decode_membership(entry.data)))
        self._entries.extend(entries)

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
            self._truncate(entry.index)
            fresh = tuple(entries[offset:])
            self.extend(fresh)
            return fresh
        return ()

    def last_not_after(self, index: int, term: int) -> int:
        """The last position up to `index` whose term is at most `term`: where two logs may still
        agree."""
        index = min(index, self.last_index)
        while index > self.base_index and self.term_at(index) > term:
            index -= 1
        return index

    def compact(self, snapshot: Snapshot, keep: int) -> None:
        """Take a snapshot of what is here, and forget all but `keep` entries before it."""
        self.snapshot = snapshot
        self._forget(max(self.base_index, snapshot.index - keep))

    def install(self, snapshot: Snapshot) -> None:
        """Take a leader's snapshot: entries after it stay if it is part of this log, else none."""
        if self.term_at(snapshot.index) == snapshot.term:
            self.compact(snapshot, keep=0)
        else:
            self.snapshot = snapshot
            self._begin_at(snapshot)

    def _begin_at(self, snapshot: Snapshot) -> None:
        self.base_index = snapshot.index
        self._base_term = snapshot.term
        self._entries: list[Entry] = []
        self._sizes = [0]
        """Total size of the entries before each position; one longer than the entries."""
        self._memberships = [(snapshot.index, snapshot.membership)]

    def _forget(self, base_index: int) -> None:
        base_term = self.term_at(base_index)
        del self._entries[: base_index - self.base_index]
        del self._sizes[: base_index - self.base_index]
        base_membership = self.membership_at(min(base_index, self.snapshot.index))
        newer = [(at, one) for at, one in self._memberships if at > base_index]
        self.base_index, self._base_term = base_index, base_term
        self._memberships = [(base_index, base_membership), *newer]

    def _truncate(self, index: int) -> None:
        del self._entries[index - self.base_index - 1 :]
        del self._sizes[index - self.base_index :]
        while self._memberships[-1][0] >= index and len(self._memberships) > 1:
            self._memberships.pop()

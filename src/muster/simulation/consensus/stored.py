"""What a restart of a member would find on its disk, kept up to date write by write."""

from __future__ import annotations

from collections.abc import Iterable

from muster.core.raft import Entry, HardState, Record, Snapshot


class Stored:
    """Terms and votes of one member, as far as they are durable."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.hard = HardState()
        self._base_index = 0
        self._base_term = 0
        self._terms: list[int] = []
        """Of the entries after the base."""
        self.keep(records)

    @property
    def last_index(self) -> int:
        return self._base_index + len(self._terms)

    @property
    def is_forgetful(self) -> bool:
        """Has lost what it promised, and abstains, which keeps the promises as well."""
        last_term = self._terms[-1] if self._terms else self._base_term
        return self.hard.forgot_until > 0 and last_term <= self.hard.forgot_until

    def keep(self, records: Iterable[Record]) -> None:
        """Records have become durable."""
        for record in records:
            match record:
                case HardState():
                    self.hard = record
                case Entry(index=index, term=term):
                    del self._terms[index - self._base_index - 1 :]
                    self._terms.append(term)
                case Snapshot(index=index, term=term):
                    self._base_index, self._base_term, self._terms = index, term, []

    def holds(self, index: int, term: int) -> bool:
        """Whether the entry is durable; what a snapshot stands for is taken to be right."""
        if index <= self._base_index:
            return index < self._base_index or term == self._base_term
        return index <= self.last_index and self._terms[index - self._base_index - 1] == term

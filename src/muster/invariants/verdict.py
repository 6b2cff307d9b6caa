"""What a checker says about one promise: whether it held, on how much evidence, and what broke
it."""

from __future__ import annotations

import msgspec

from muster.invariants.record import Record


class Offence(msgspec.Struct, frozen=True):
    """One violation, in words, with the records that prove it."""

    text: str
    records: tuple[Record, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The result of checking one invariant over one history."""

    invariant: str
    """Short name: I1, I2, ..."""
    promise: str
    checked: int
    """How many things were examined. With 0 the promise was never put to the test."""
    evidence: str
    """Counts and the worst case, in words."""
    offences: tuple[Offence, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.offences

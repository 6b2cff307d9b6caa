"""What a mutant is."""

from __future__ import annotations

from dataclasses import dataclass

RAFT = 'core/raft'
CORE = ('tests/core/raft',)


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes
    ----------
    name : what the broken code does, in a few words.
    file : under src/muster.
    old, new : text that occurs there once, and what takes its place.
    suite : tests that must notice.
    """

    name: str
    file: str
    old: str
    new: str
    suite: tuple[str, ...] = CORE

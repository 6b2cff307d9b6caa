"""What Raft members say to one another, and what they write to disk."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from muster.core.types import RobotId


class Entry(msgspec.Struct, frozen=True, tag='entry'):
    """One position of the log. `data` is opaque here; a leader's first entry of a term is
    empty."""

    index: int
    term: int
    data: bytes = b''


class HardState(msgspec.Struct, frozen=True, tag='hard_state'):
    """What a member must never forget: the newest term it knows, and whom it voted for in it."""

    term: int = 0
    voted_for: RobotId = ''


Record: TypeAlias = Entry | HardState
"""On disk an entry replaces whatever stood at its index and after it."""


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate asks for a vote; with `is_poll` it only asks whether it would get one
    (pre-vote)."""

    term: int
    last_index: int
    last_term: int
    is_poll: bool = False


class VoteReply(msgspec.Struct, frozen=True, kw_only=True):
    term: int
    """Of the vote when granted, otherwise the voter's own."""
    is_granted: bool
    is_poll: bool = False


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """A leader's entries after `prev_index`; without entries, its heartbeat."""

    term: int
    prev_index: int
    prev_term: int
    commit_index: int
    round: int
    """Counts the leader's sends; the reply carries it back as evidence that it still leads."""
    entries: tuple[Entry, ...] = ()


class AppendReply(msgspec.Struct, frozen=True, kw_only=True):
    term: int
    round: int
    is_accepted: bool
    match_index: int = 0
    """When accepted: the log equals the leader's up to here, durably."""
    prev_index: int = 0
    """When refused: the position that did not match."""
    hint_index: int = 0
    """When refused: the last position that may match."""
    hint_term: int = 0


Message: TypeAlias = Vote | VoteReply | Append | AppendReply


class Ready(msgspec.Struct, frozen=True):
    """What the caller must do, in this order (see the package docstring)."""

    records: tuple[Record, ...]
    sequence: int
    """Number by which to report `records` as durable; 0 when there are none."""
    messages: tuple[tuple[RobotId, Message], ...]
    committed: tuple[Entry, ...]

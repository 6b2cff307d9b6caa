"""What Raft members say to one another, and what they write to disk."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from muster.core.types import RobotId

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Terms, indices and rounds. Bounded on the wire: a term at the end of the integers could never be
followed by another."""


class Entry(msgspec.Struct, frozen=True, tag='entry'):
    """One position of the log. `data` is opaque here; a leader's first entry of a term is
    empty."""

    index: Count
    term: Count
    data: bytes = b''


class HardState(msgspec.Struct, frozen=True, tag='hard_state'):
    """What a member must never forget: the newest term it knows, and whom it voted for in it."""

    term: Count = 0
    voted_for: RobotId = ''


Record: TypeAlias = Entry | HardState
"""On disk an entry replaces whatever stood at its index and after it."""


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate asks for a vote; with `is_poll` it only asks whether it would get one
    (pre-vote)."""

    term: Count
    last_index: Count
    last_term: Count
    is_poll: bool = False


class VoteReply(msgspec.Struct, frozen=True, kw_only=True):
    term: Count
    """Of the vote when granted, otherwise the voter's own."""
    is_granted: bool
    is_poll: bool = False


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """A leader's entries after `prev_index`; without entries, its heartbeat."""

    term: Count
    prev_index: Count
    prev_term: Count
    commit_index: Count
    round: Count
    """Counts the leader's sends; the reply carries it back as evidence that it still leads."""
    entries: tuple[Entry, ...] = ()


class AppendReply(msgspec.Struct, frozen=True, kw_only=True):
    term: Count
    round: Count
    is_accepted: bool
    match_index: Count = 0
    """When accepted: the log equals the leader's up to here, durably."""
    prev_index: Count = 0
    """When refused: the position that did not match."""
    hint_index: Count = 0
    """When refused: the last position that may match."""
    hint_term: Count = 0


Message: TypeAlias = Vote | VoteReply | Append | AppendReply


class Ready(msgspec.Struct, frozen=True):
    """What the caller must do, in this order (see the package docstring)."""

    records: tuple[Record, ...]
    sequence: int
    """Number by which to report `records` as durable; 0 when there are none."""
    messages: tuple[tuple[RobotId, Message], ...]
    committed: tuple[Entry, ...]

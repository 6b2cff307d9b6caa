"""Messages by kind, sender and recipient, as scenarios speak of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from muster.core.raft import (
    Append,
    AppendReply,
    Propose,
    ReadReply,
    ReadRequest,
    SnapshotChunk,
    SnapshotReply,
    TakeOver,
    Vote,
    VoteReply,
)

from .harness import Parcel
from .script import ScriptError, Words

KINDS: dict[str, tuple[type, Callable[[Any], bool]]] = {
    'poll': (Vote, lambda one: one.is_poll),
    'poll-reply': (VoteReply, lambda one: one.is_poll),
    'vote': (Vote, lambda one: not one.is_poll),
    'vote-reply': (VoteReply, lambda one: not one.is_poll),
    'append': (Append, lambda one: bool(one.entries)),
    'heartbeat': (Append, lambda one: not one.entries),
    'acceptance': (AppendReply, lambda one: one.is_accepted),
    'refusal': (AppendReply, lambda one: not one.is_accepted),
    'chunk': (SnapshotChunk, lambda one: bool(one.data)),
    'empty-chunk': (SnapshotChunk, lambda one: not one.data),
    'chunk-reply': (SnapshotReply, lambda one: True),
    'proposal': (Propose, lambda one: True),
    'read-request': (ReadRequest, lambda one: True),
    'read-reply': (ReadReply, lambda one: True),
    'take-over': (TakeOver, lambda one: True),
}


@dataclass(frozen=True)
class Filter:
    """`[KIND ...] [from MEMBER ...] [to MEMBER ...]`: what is left out is any."""

    kinds: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()

    @classmethod
    def parse(cls, words: Words, members: Callable[[list[str]], tuple[str, ...]]) -> Filter:
        kinds = words.until('from', 'to')
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise ScriptError(
                f'no messages are called {unknown[0]!r}; there are {", ".join(KINDS)}'
            )
        senders = members(words.until('to')) if words.take('from') else ()
        recipients = members(words.until()) if words.take('to') else ()
        return cls(tuple(kinds), senders, recipients)

    def __call__(self, parcel: Parcel) -> bool:
        return (
            (not self.kinds or any(is_kind(kind, parcel) for kind in self.kinds))
            and (not self.senders or parcel.sender in self.senders)
            and (not self.recipients or parcel.recipient in self.recipients)
        )


def is_kind(kind: str, parcel: Parcel) -> bool:
    of_class, predicate = KINDS[kind]
    return isinstance(parcel.message, of_class) and predicate(parcel.message)


def kind_of(parcel: Parcel) -> str:
    return next(kind for kind in KINDS if is_kind(kind, parcel))

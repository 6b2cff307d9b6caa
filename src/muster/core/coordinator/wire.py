"""The words that robots exchange: each kind of envelope, and what its payload holds.

The kind is readable in a packet dump; the payload is a msgpack map, or an array where a message is
sent all the time, so that a field with a default may be added, at the end, without breaking older
peers. Long payloads are compressed: entries of the log that travel together are much alike.
"""

from __future__ import annotations

import zlib
from typing import TypeAlias

import msgspec

from muster.core.allocation.consensus_bundle import Standings
from muster.core.allocation.messages import Bids, Call, TradeAsk, TradeReply
from muster.core.ledger.commands import Claim
from muster.core.membership.messages import Grant, Heartbeat
from muster.core.raft.messages import (
    Append,
    AppendReply,
    Message,
    Propose,
    ReadReply,
    ReadRequest,
    SnapshotChunk,
    SnapshotReply,
    TakeOver,
    Vote,
    VoteReply,
)
from muster.core.types import ProtocolError, Request


class ClaimMade(msgspec.Struct, frozen=True):
    """A robot asks its leader to record what it did."""

    claim: Claim


class RequestForwarded(msgspec.Struct, frozen=True):
    """A request that the leader may not have heard itself."""

    request: Request


RaftMessage: TypeAlias = Message
PeerMessage: TypeAlias = (
    RaftMessage
    | Heartbeat
    | Grant
    | Call
    | Bids
    | TradeAsk
    | TradeReply
    | Standings
    | ClaimMade
    | RequestForwarded
)

KINDS: dict[str, type[PeerMessage]] = {
    'raft.vote': Vote,
    'raft.vote_reply': VoteReply,
    'raft.append': Append,
    'raft.append_reply': AppendReply,
    'raft.snapshot': SnapshotChunk,
    'raft.snapshot_reply': SnapshotReply,
    'raft.propose': Propose,
    'raft.read': ReadRequest,
    'raft.read_reply': ReadReply,
    'raft.take_over': TakeOver,
    'team.heartbeat': Heartbeat,
    'team.grant': Grant,
    'auction.call': Call,
    'auction.bids': Bids,
    'trade.ask': TradeAsk,
    'trade.reply': TradeReply,
    'alone.standings': Standings,
    'ledger.claim': ClaimMade,
    'request.forward': RequestForwarded,
}
COMPRESSED_FROM = 400
"""[B] shorter payloads gain nothing by it."""
MAX_UNPACKED_BYTES = 8 * 1024 * 1024
"""Many times the longest that a peer sends."""
_ZLIB = b'\x78'
"""What compressed data begin with, and no msgpack map or array does."""
_NAMES = {message: kind for kind, message in KINDS.items()}
_ENCODER = msgspec.msgpack.Encoder()
_DECODERS = {kind: msgspec.msgpack.Decoder(message) for kind, message in KINDS.items()}


def encode_message(message: PeerMessage) -> tuple[str, bytes]:
    """Kind and payload of a message."""
    payload = _ENCODER.encode(message)
    if len(payload) >= COMPRESSED_FROM:
        payload = zlib.compress(payload, 1)
    return _NAMES[type(message)], payload


def decode_message(kind: str, payload: bytes) -> PeerMessage:
    """The message in an envelope; ProtocolError when there is none."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise ProtocolError(f'unknown kind of envelope {kind!r}')
    try:
        return decoder.decode(_unpacked(kind, payload))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, zlib.error) as error:
        raise ProtocolError(f'{kind}: {error}') from error


def _unpacked(kind: str, payload: bytes) -> bytes:
    """A payload as it was before compression; ProtocolError when it is too long for any."""
    if payload[:1] != _ZLIB:
        return payload
    inflater = zlib.decompressobj()
    data = inflater.decompress(payload, MAX_UNPACKED_BYTES)
    if not inflater.eof:
        raise ProtocolError(
            f'{kind}: the payload is cut off, or unpacks to more than {MAX_UNPACKED_BYTES} bytes'
        )
    return data

"""What robots say to one another: every word survives the way, and garbage is refused."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.coordinator.wire import (
    KINDS,
    MAX_UNPACKED_BYTES,
    PeerMessage,
    decode_message,
    encode_message,
)
from muster.core.raft import Append, Entry, Vote
from muster.core.types import ProtocolError

from .team import team_at_work, with_task

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_every_message_has_a_kind() -> None:
    assert set(KINDS.values()) == set(get_args(PeerMessage))
    assert len(set(KINDS.values())) == len(KINDS)


def test_all_that_a_team_at_work_says_survives_the_way() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.submit('q2', team.others(team.leader)[0])
    team.end(robot, task_id, 1)
    team.run(1.0)
    seen = set()
    for _, _, mail in team.carried:
        message = decode_message(mail.kind, mail.payload)
        assert encode_message(message) == (mail.kind, mail.payload)
        seen.add(mail.kind)
    rare = {'ledger.claim', 'raft.snapshot', 'raft.snapshot_reply', 'raft.propose'}
    rare |= {'raft.read', 'raft.read_reply', 'raft.take_over', 'trade.ask', 'trade.reply'}
    rare |= {'alone.standings'}
    assert seen >= set(KINDS) - rare


@pytest.mark.parametrize('kind', KINDS)
@given(payload=st.binary(max_size=300) | anything.map(msgspec.msgpack.encode))
def test_garbage_is_refused_and_nothing_else_happens(kind: str, payload: bytes) -> None:
    try:
        decode_message(kind, payload)
    except ProtocolError as error:
        assert str(error).startswith(kind)


@given(st.binary(max_size=64), st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_message_is_another_message_or_refused(
    data: bytes, place: int, byte: int
) -> None:
    message = Append(
        term=3,
        prev_index=1,
        prev_term=1,
        commit_index=1,
        round=9,
        entries=(Entry(2, 3, data),),
    )
    kind, payload = encode_message(message)
    damaged = bytearray(payload)
    damaged[place % len(damaged)] = byte
    for received in (bytes(damaged), payload[: place % len(payload)]):
        with suppress(ProtocolError):
            assert isinstance(decode_message(kind, received), Append)


@pytest.mark.parametrize('kind', KINDS)
def test_text_that_is_no_text_is_refused(kind: str) -> None:
    with pytest.raises(ProtocolError, match=kind):
        decode_message(kind, b'\x81\xa1\xff\x00')


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ProtocolError, match="unknown kind of envelope 'gossip'"):
        decode_message('gossip', b'')


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_message('team.heartbeat', b'\x92\xcb' + bytes(8) + b'\x91' * 100_000)


def test_a_field_that_is_not_known_yet_does_not_break_older_peers() -> None:
    kind, payload = encode_message(
        Append(term=1, prev_index=0, prev_term=0, commit_index=0, round=1)
    )
    fields = [*msgspec.msgpack.decode(payload), 'invented later']
    assert decode_message(kind, msgspec.msgpack.encode(fields)) == decode_message(kind, payload)
    kind, payload = encode_message(Vote(term=1, last_index=0, last_term=0, is_poll=True))
    named = msgspec.msgpack.decode(payload) | {'later': 'invented'}
    assert decode_message(kind, msgspec.msgpack.encode(named)) == decode_message(kind, payload)


def test_long_payloads_travel_compressed() -> None:
    entries = tuple(Entry(index, 3, b'much the same each time' * 3) for index in range(2, 50))
    message = Append(term=3, prev_index=1, prev_term=1, commit_index=1, round=9, entries=entries)
    kind, payload = encode_message(message)
    assert len(payload) < 1000
    assert decode_message(kind, payload) == message
    with pytest.raises(ProtocolError, match='cut off'):
        decode_message(kind, payload[:-10])


def test_what_would_unpack_to_too_much_is_refused() -> None:
    bomb = zlib.compress(bytes(MAX_UNPACKED_BYTES + 1), 9)
    with pytest.raises(ProtocolError, match='unpacks to more than'):
        decode_message('raft.append', bomb)

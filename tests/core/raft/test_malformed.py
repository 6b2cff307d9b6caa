"""Messages that no correct member sends are refused, and leave no trace."""

from __future__ import annotations

from typing import Any

import pytest

from muster.core.coordinator.wire import decode_message, encode_message
from muster.core.raft import Append, AppendReply, Entry, Message, RaftConfig, Vote, VoteReply
from muster.core.types import ConfigurationError, ProtocolError

from .group import Group, led, node_log


def state(group: Group, name: str) -> tuple[Any, ...]:
    node = group[name]
    return (
        node.term,
        node.voted_for,
        node.role,
        node.leader,
        node.commit_index,
        node_log(group.members[name]),
        node.next_tick(),
        node.ready(),
    )


def append(**fields: Any) -> Append:
    base: dict[str, Any] = {
        'term': 7,
        'prev_index': 1,
        'prev_term': 1,
        'commit_index': 0,
        'round': 1,
    }
    return Append(**(base | fields))


@pytest.mark.parametrize(
    'message',
    [
        append(entries=(Entry(3, 7),)),
        append(entries=(Entry(2, 7), Entry(4, 7))),
        append(entries=(Entry(2, 7), Entry(2, 7))),
        append(entries=(Entry(2, 0),)),
        append(entries=(Entry(2, 5), Entry(3, 4))),
        append(entries=(Entry(2, 8),)),
        append(prev_index=-1, prev_term=1, entries=(Entry(0, 1),)),
        append(prev_index=-2, prev_term=0),
        append(prev_index=0, prev_term=0, entries=(Entry(1, 7),)),
    ],
    ids=[
        'a gap after prev',
        'a gap between',
        'an index twice',
        'a term before prev',
        'terms that fall',
        'a term from the future',
        'an entry 0',
        'a negative position',
        'another entry in place of a committed one',
    ],
)
def test_entries_out_of_order_are_refused(message: Append) -> None:
    group = led('abc')
    assert group['b'].commit_index == 1
    before = state(group, 'b')
    with pytest.raises(ProtocolError):
        group['b'].step('c', message, group.now)
    assert state(group, 'b') == before


def test_a_second_leader_of_the_same_term_is_refused() -> None:
    group = led('abc')
    before = state(group, 'a')
    with pytest.raises(ProtocolError, match='b claims to lead term 1, which a leads'):
        group['a'].step('b', append(term=1), group.now)
    assert state(group, 'a') == before


@pytest.mark.parametrize(
    'message',
    [
        Vote(term=9, last_index=9, last_term=9),
        VoteReply(term=9, is_granted=True),
        append(),
        AppendReply(term=9, round=1, is_accepted=True, match_index=9),
    ],
)
@pytest.mark.parametrize('sender', ['a', ''])
def test_echoes_and_the_nameless_are_refused(message: Message, sender: str) -> None:
    group = led('abc')
    before = state(group, 'a')
    with pytest.raises(ProtocolError, match='not another member'):
        group['a'].step(sender, message, group.now)
    assert state(group, 'a') == before


@pytest.mark.parametrize(
    'message',
    [
        Vote(term=2**63, last_index=0, last_term=0),
        Vote(term=-1, last_index=0, last_term=0),
        VoteReply(term=2**63, is_granted=False),
        append(term=2**63),
        append(prev_index=-1),
        AppendReply(term=1, round=1, is_accepted=False, hint_index=-5),
    ],
)
def test_numbers_that_cannot_be_counted_on_do_not_pass_the_wire(message: Message) -> None:
    """A term near the end of the integers would stop the group for ever."""
    with pytest.raises(ProtocolError, match=r'raft\.'):
        decode_message(*encode_message(message))


def test_answers_out_of_place_change_nothing() -> None:
    group = led('abc')
    group.run(0.3)
    before = state(group, 'a')
    for message in (
        VoteReply(term=1, is_granted=True),
        VoteReply(term=2, is_granted=True, is_poll=True),
        AppendReply(term=0, round=1, is_accepted=True, match_index=99),
        AppendReply(term=1, round=1, is_accepted=False, prev_index=99),
        AppendReply(term=1, round=1, is_accepted=False, prev_index=0),
    ):
        group['a'].step('b', message, group.now)
    assert state(group, 'a') == before


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        ({'voters': ()}, 'one voter at least'),
        ({'chunk_bytes': 0}, 'chunk_bytes is 0'),
        ({'voters': ('a', 'a')}, 'named twice'),
        ({'heartbeat_s': 0.0}, 'heartbeat_s is 0.0'),
        ({'heartbeat_s': 0.4}, 'heartbeat_s is 0.4'),
        ({'election_max_s': 0.16}, 'election_max_s is 0.16'),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        RaftConfig(**({'me': 'a', 'voters': ('a', 'b')} | fields))

"""Nothing that others rely on is said before it is durable (`Group` checks it in every test;
these show that it really waits)."""

from __future__ import annotations

import pytest

from muster.core.raft import Append, AppendReply, Entry, HardState, RaftRole, Vote, VoteReply
from muster.core.types import StorageError

from .group import Group, Member, Parcel, led


def said(group: Group, sender: str, kind: type) -> int:
    return sum(one.sender == sender and isinstance(one.message, kind) for one in group.sent)


def test_a_vote_waits_for_the_disk() -> None:
    group = Group('abc')
    group.members['a'].is_disk_slow = True
    group.now += 10.0
    group.deliver(Parcel('b', 'a', Vote(term=3, last_index=0, last_term=0)))
    assert said(group, 'a', VoteReply) == 0
    group.sync('a')
    assert said(group, 'a', VoteReply) == 1
    assert group.members['a'].hard_state == HardState(3, 'b')


def test_a_candidate_asks_and_counts_itself_only_once_its_own_vote_is_durable() -> None:
    group = Group('abc')
    group.members['a'].is_disk_slow = True
    group.elect('a')
    assert group['a'].role is RaftRole.CANDIDATE
    assert not any(isinstance(one.message, Vote) and not one.message.is_poll for one in group.sent)
    group.sync('a')
    group.settle()
    assert group['a'].is_leader


def test_a_crash_before_the_vote_was_durable_leaves_no_trace_of_it() -> None:
    group = Group('abc')
    group.members['a'].is_disk_slow = True
    group.elect('a')
    group.crash('a', kept=0)
    group.start('a')
    assert (group['a'].term, group['a'].voted_for) == (0, '')
    assert said(group, 'b', VoteReply) == 1, 'more than the answer to the poll'


def test_an_acknowledgement_waits_for_the_disk() -> None:
    group = led('abc')
    group.members['b'].is_disk_slow = True
    group.cut('ab', 'c')
    before = said(group, 'b', AppendReply)
    (index,) = group.propose('a', b'x')
    group.settle()
    assert said(group, 'b', AppendReply) == before
    assert group['a'].commit_index < index
    group.sync('b')
    group.settle()
    assert group['a'].commit_index == index


def test_a_leader_whose_disk_is_slow_counts_only_the_others() -> None:
    group = led('abc')
    group.members['a'].is_disk_slow = True
    group.cut('ab', 'c')
    (index,) = group.propose('a', b'x')
    group.settle()
    assert group['a'].commit_index < index, 'counted itself although not durable'
    group.heal()
    group.run(0.3)
    assert group['a'].commit_index == index, 'two others hold it'
    assert index > len(group.members['a'].entries)


def test_a_leader_with_a_slow_disk_commits_by_the_others() -> None:
    group = led('abc')
    group.members['a'].is_disk_slow = True
    group.propose('a', b'x')
    group.run(0.5)
    assert group.leaders == ['a']
    assert group.data('b') == [b'x']


def test_a_leader_whose_disk_hangs_hands_over() -> None:
    group = led('abc')
    group.members['a'].is_disk_slow = True
    group.propose('a', b'x')
    group.run(2.0)
    (successor,) = group.leaders
    assert successor != 'a'
    assert group[successor].term == 2, 'nobody had to wait for the silence of the old leader'
    group.propose(successor, b'y')
    group.run(0.5)
    assert group.data('b') == group.data('c') == [b'x', b'y']


def test_a_follower_applies_what_is_committed_even_before_its_own_disk_has_it() -> None:
    group = led('abc')
    group.members['c'].is_disk_slow = True
    group.propose('a', b'x')
    group.run(0.3)
    assert group.data('c') == [b'x']
    group.crash('c')
    group.start('c')
    assert group['c'].log.last_index == 1, 'x was on its disk after all'
    group.run(1.0)
    assert group.data('c') == [b'x']


def test_what_was_acknowledged_survives_a_power_cut_of_everybody() -> None:
    group = led('abc')
    (index,) = group.propose('a', b'x')
    group.settle()
    assert group['a'].commit_index == index
    for name in 'abc':
        group.crash(name)
    for name in 'abc':
        group.start(name)
    group.now += 1.3
    group.elect('c')
    group.run(1.0)
    assert all(group.data(name) == [b'x'] for name in 'abc')


def test_a_promise_overtaken_by_a_new_leader_is_harmless_when_it_is_released() -> None:
    """b takes an entry of the old leader, then one of the new leader in its place; only then does
    its disk answer, so both acknowledgements leave."""
    group = led('abc')
    group.members['b'].is_disk_slow = True
    group.cut('ab', 'c')
    (index,) = group.propose('a', b'old')
    for parcel in [one for one in group.mail if one.recipient == 'b']:
        group.deliver(parcel)
    group.mail.clear()
    term = group['a'].term
    prev = group['b'].log.term_at(index - 1)
    new = Append(
        term=term + 1,
        prev_index=index - 1,
        prev_term=prev,
        commit_index=0,
        round=1,
        entries=(Entry(index, term + 1, b'new'),),
    )
    group.deliver(Parcel('c', 'b', new))
    group.sync('b')
    replies = [one.message for one in group.sent if one.sender == 'b'][-2:]
    assert [one.term for one in replies] == [term, term + 1]
    assert group.members['b'].entries[-1].data == b'new'


def test_a_write_that_was_replaced_does_not_make_its_successor_durable() -> None:
    """The durable prefix shrinks with the log: the answer of the disk about a replaced entry says
    nothing about the entry in its place."""
    group = led('abc')
    group.members['b'].is_disk_slow = True
    (index,) = group.propose('a', b'old')
    group.settle(lambda parcel: parcel.recipient == 'b')
    term = group['a'].term
    group.deliver(
        Parcel(
            'c',
            'b',
            Append(
                term=term + 1,
                prev_index=index - 1,
                prev_term=term,
                commit_index=0,
                round=1,
                entries=(Entry(index, term + 1, b'new'),),
            ),
        )
    )
    sequence, records, _ = group.members['b'].writes[0]
    group.members['b'].writes.popleft()
    group.members['b'].disk += records
    group['b'].persisted(sequence, group.now)
    ready = group['b'].ready()
    accepted = [
        message.term
        for _, message in ready.messages
        if isinstance(message, AppendReply) and message.is_accepted
    ]
    assert term + 1 not in accepted


def test_the_log_on_disk_is_replayed_with_its_replaced_suffixes_cut_off() -> None:
    member = Member(Group('abc').members['a'].config, Group('a').members['a'].rng)
    member.disk = [
        HardState(1, 'a'),
        Entry(1, 1),
        Entry(2, 1, b'gone'),
        Entry(3, 1, b'gone'),
        HardState(2, 'b'),
        Entry(2, 2, b'kept'),
    ]
    group = Group('abc')
    group.members['a'].disk = member.disk
    group.start('a')
    log = group['a'].log
    assert [entry.data for entry in log.slice(1, log.last_index + 1)] == [b'', b'kept']
    assert (group['a'].term, group['a'].voted_for) == (2, 'b')


def test_a_log_on_disk_with_a_gap_is_refused_with_the_position() -> None:
    group = Group('abc')
    group.members['a'].disk = [HardState(1, 'a'), Entry(1, 1), Entry(3, 1)]
    with pytest.raises(StorageError, match='entry 3 follows entry 1'):
        group.start('a')

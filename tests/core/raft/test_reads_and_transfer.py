"""Reads that see everything acknowledged before them, and leaders that hand over."""

from __future__ import annotations

import pytest

from muster.core.raft import Append, AppendReply, NotLeaderError, TransferRefusedError

from .group import Group, Parcel, last_message, led


def quiet(group: Group) -> None:
    group.run(0.3)


def test_a_leader_with_a_lease_answers_at_once() -> None:
    group = led('abc')
    quiet(group)
    before = len(group.sent)
    group.read('a', 1)
    assert group.members['a'].reads == {1: group['a'].commit_index}
    assert len(group.sent) == before, 'nobody had to be asked'


def test_without_a_lease_a_read_waits_for_a_round_of_heartbeats() -> None:
    group = led('abc')
    quiet(group)
    group.now += group['a'].config.election_min_s + 0.01
    group.read('a', 1)
    assert 1 not in group.members['a'].reads
    group.tick('a')
    group.settle()
    assert group.members['a'].reads == {1: group['a'].commit_index}


def test_a_follower_asks_its_leader() -> None:
    group = led('abc')
    group.propose('a', b'x')
    quiet(group)
    group.read('b', 7)
    group.settle()
    assert group.members['b'].reads == {7: group['a'].commit_index}


def test_a_leader_that_was_replaced_answers_no_read() -> None:
    group = led('abc')
    quiet(group)
    group.cut('a', 'bc')
    group.now += group['a'].config.election_min_s + 0.01
    group.read('a', 1)
    group.run(4.0)
    assert group.leaders != ['a']
    assert group.members['a'].reads == {1: -1}


def test_an_answer_to_an_earlier_leadership_proves_nothing_about_the_present_one() -> None:
    """Rounds are counted anew in each term: one of an old message would pass for a recent one."""
    group = led('abc')
    group.run(3.0)
    old = last_message(group, Append, 'a')
    for name in 'ba':
        group.elect(name)
        group.settle()
    group.deliver(old)
    answer = group.mail.pop()
    assert isinstance(answer.message, AppendReply)
    assert (answer.message.term, answer.recipient) == (group['a'].term, 'a')
    group.cut('a', 'bc')
    group.elect('b')
    group.propose('b', b'x')
    group.settle()
    group.read('a', 1)
    group.propose('a', b'y')
    group.deliver(answer)
    assert group['a'].is_leader, 'it does not know better yet'
    assert 1 not in group.members['a'].reads
    assert group['a'].quorum_heard_at(group.now) < group['b'].elected_at


def test_a_new_leader_answers_only_when_an_entry_of_its_own_is_committed() -> None:
    group = led('abc')
    group.propose('a', b'x')
    quiet(group)

    def no_entries(parcel: Parcel) -> bool:
        return not (isinstance(parcel.message, Append) and parcel.message.entries)

    group.crash('a')
    group.elect('b', accept=no_entries)
    assert group.leaders == ['b']
    group.read('b', 1)
    group.tick('b')
    group.settle(no_entries)
    assert 1 not in group.members['b'].reads
    group.run(0.3)
    assert group.members['b'].reads[1] >= 2


def test_without_a_leader_a_read_is_refused() -> None:
    group = Group('abc')
    with pytest.raises(NotLeaderError):
        group.read('a', 1)


def test_leadership_goes_where_it_is_wanted_without_a_time_without_leader() -> None:
    group = led('abc')
    group.propose('a', b'x')
    quiet(group)
    group.transfer('a', 'c')
    group.settle()
    assert group.leaders == ['c']
    assert group['c'].term == 2
    group.propose('c', b'y')
    quiet(group)
    assert group.data('b') == [b'x', b'y']


def test_a_successor_that_lags_is_brought_up_to_date_first() -> None:
    group = led('abc')
    group.cut('ab', 'c')
    group.propose('a', b'x')
    quiet(group)
    group.heal()
    group.transfer('a', 'c')
    group.run(0.5)
    assert group.leaders == ['c']
    assert group.data('c') == [b'x']


def test_while_it_hands_over_a_leader_takes_nothing_and_trusts_no_lease() -> None:
    group = led('abc')
    quiet(group)
    group.cut('ab', 'c')
    group.transfer('a', 'c')
    with pytest.raises(NotLeaderError, match='handing over to c'):
        group.propose('a', b'x')
    group.read('a', 1)
    assert 1 not in group.members['a'].reads
    group.run(1.5)
    group.propose('a', b'y')
    quiet(group)
    assert group.data('b') == [b'y'], 'it leads on when the successor does not answer'


@pytest.mark.parametrize('target', ['a', 'x'])
def test_leadership_goes_to_other_voters_only(target: str) -> None:
    group = led('abc')
    with pytest.raises(TransferRefusedError, match='no other voter'):
        group.transfer('a', target)


def test_commands_are_forwarded_to_the_leader() -> None:
    group = led('abc')
    quiet(group)
    group['b'].forward([b'x'])
    group._attend('b')
    quiet(group)
    assert group.data('c') == [b'x']


def test_a_follower_that_does_not_answer_is_sent_no_more_than_the_limit() -> None:
    group = led('abc')
    quiet(group)
    limit = group['a'].config.max_inflight_messages
    group.cut('ab', 'c')
    for number in range(3 * limit):
        group.propose('a', b'%d' % number)
        group.mail = [parcel for parcel in group.mail if parcel.recipient != 'c']
        group.settle()
    to_c = [
        one
        for one in group.sent
        if one.recipient == 'c' and isinstance(one.message, Append) and one.message.entries
    ]
    assert len(to_c) <= limit + 2
    group.heal()
    group.run(2.0)
    assert len(group.data('c')) == 3 * limit

"""Joint consensus: any change of the group, one at a time, without a moment of two majorities."""

from __future__ import annotations

import pytest

from muster.core.raft import (
    Append,
    EntryKind,
    Membership,
    MembershipRefusedError,
    NotLeaderError,
)
from muster.core.raft.log import decode_membership

from .group import Group, Parcel, led


def with_learners(names: str = 'abc', learners: str = 'd') -> Group:
    group = led(names)
    for name in learners:
        group.join(name)
    group.change('a', names, learners)
    group.run(0.5)
    return group


def test_a_learner_gets_the_log_and_decides_nothing() -> None:
    group = with_learners()
    group.propose('a', b'x')
    group.run(0.3)
    assert group.data('d') == [b'x']
    group.cut('ad', 'b', 'c')
    group.propose('a', b'y')
    group.run(0.5)
    assert group.data('a') == [b'x'], 'the learner does not count'
    group.crash('a')
    group.run(5.0)
    assert group['d'].elections == 0, 'nor does it stand for election'


def test_the_group_is_exchanged_at_once_and_the_change_ends_by_itself() -> None:
    group = with_learners('abc', 'de')
    group.propose('a', b'x')
    group.change('a', 'ade')
    group.run(1.0)
    for name in 'ade':
        assert group[name].membership == Membership(('a', 'd', 'e'))
    group.crash('b')
    group.crash('c')
    group.propose('a', b'y')
    group.run(0.5)
    assert group.data('d') == [b'x', b'y']


def test_in_a_joint_group_both_majorities_are_needed() -> None:
    group = with_learners('abc', 'de')
    group.cut('ade', 'b', 'c')
    index = group.change('a', 'ade')
    group.run(0.3)
    assert group['a'].commit_index < index, 'a, d and e are no majority of the old group'
    group.heal()
    group.run(0.5)
    assert group['a'].membership == Membership(('a', 'd', 'e'))


def test_a_leader_that_is_voted_out_leads_to_the_end_of_the_change_and_leaves() -> None:
    group = with_learners('abc', 'd')
    group.change('a', 'bcd')
    group.run(0.4)
    assert not group['a'].is_leader
    assert group['b'].membership == Membership(('b', 'c', 'd'))
    group.elect('b')
    group.propose('b', b'x')
    group.run(0.3)
    assert group.data('d') == [b'x']
    before = group['a'].elections
    group.run(5.0)
    assert group['a'].elections == before, 'who has left disturbs nobody'


def is_no_end(parcel: Parcel) -> bool:
    """It does not carry the entry that ends a change."""
    entries = parcel.message.entries if isinstance(parcel.message, Append) else ()
    changes = [decode_membership(one.data) for one in entries if one.kind is EntryKind.MEMBERSHIP]
    return all(one.is_joint for one in changes)


@pytest.mark.parametrize('restarts', [False, True])
def test_a_leader_that_is_voted_out_returns_if_the_others_lack_the_end_of_the_change(
    restarts: bool,
) -> None:
    """Nobody else has all entries, so nobody else can be elected (Ongaro 2014, section 4.2.2). It
    need not know that it was ever a voter: what is committed is forgotten in a crash."""
    group = with_learners('a', 'bc')
    group.change('a', 'b', 'c')
    group.run(3.0)
    assert group.leaders == ['b']
    group.change('b', 'c')
    group.settle(is_no_end)
    assert group['b'].membership == Membership(('c',))
    assert group['c'].membership == Membership(('c',), (), ('b',))
    if restarts:
        group.crash('b')
        group.start('b')
    group.cut('b', 'c')
    group.run(3.0)
    assert group.leaders == []
    group.heal()
    group.run(3.0)
    assert group.leaders == ['c']
    assert group['c'].membership == Membership(('c',))
    stood = group['b'].elections
    group.run(3.0)
    assert (group.leaders, group['b'].elections) == (['c'], stood)


def test_a_change_takes_effect_when_it_is_in_the_log_and_goes_with_its_entry() -> None:
    group = with_learners('abc', 'd')
    group.cut('a', 'bcd')
    group.change('a', 'abcd')
    assert group['a'].membership.is_joint
    group.elect('b')
    group.heal()
    group.run(1.0)
    assert group['a'].membership == Membership(('a', 'b', 'c'), ('d',))


def test_a_restarted_member_knows_the_group_of_its_log_and_of_its_snapshot() -> None:
    group = with_learners('abc', 'd')
    group.change('a', 'abcd')
    group.run(0.5)
    group.crash('d')
    group.start('d')
    assert group['d'].membership == Membership(('a', 'b', 'c', 'd'))
    group.run(0.5)
    group.compact('d')
    group.settle()
    group.crash('d')
    group.start('d')
    assert group['d'].membership == Membership(('a', 'b', 'c', 'd'))


def test_a_newcomer_learns_of_the_group_by_a_snapshot() -> None:
    group = led('abc')
    for number in range(5):
        group.propose('a', b'%d' % number)
    group.run(0.3)
    group.compact('a')
    group.join('d')
    group.change('a', 'abc', 'd')
    group.run(1.0)
    assert group['d'].membership == Membership(('a', 'b', 'c'), ('d',))
    assert len(group.data('d')) == 5


@pytest.mark.parametrize(
    ('voters', 'learners', 'words'),
    [
        ('', '', 'must be named'),
        ('aa', '', 'must be named'),
        ('ab', 'b', 'must be named'),
        ('axyz', '', 'x, y, z do not answer'),
    ],
)
def test_a_change_that_would_end_the_group_is_refused(
    voters: str, learners: str, words: str
) -> None:
    group = led('abc')
    before = group['a'].log.last_index
    with pytest.raises(MembershipRefusedError, match=words):
        group.change('a', voters, learners)
    assert group['a'].log.last_index == before


def test_one_change_at_a_time() -> None:
    group = with_learners('abc', 'd')
    group.cut('a', 'b', 'c', 'd')
    group.change('a', 'abcd')
    with pytest.raises(MembershipRefusedError, match='under way'):
        group.change('a', 'abc')


def test_removing_one_of_two_leaves_a_group_of_one() -> None:
    group = led('ab')
    group.change('a', 'a')
    group.run(0.5)
    group.crash('b')
    group.propose('a', b'x')
    group.run(0.3)
    assert group.data('a') == [b'x']


def test_only_the_leader_changes_the_group() -> None:
    group = led('abc')
    with pytest.raises(NotLeaderError):
        group.change('b', 'ab')

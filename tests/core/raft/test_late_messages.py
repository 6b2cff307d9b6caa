"""Messages that come late, or from whom nobody asked, change nothing."""

from __future__ import annotations

from muster.core.raft import Append, AppendReply, RaftRole, TakeOver

from .group import Parcel, led, node_log


def test_an_append_from_before_does_not_shorten_the_log() -> None:
    group = led('abc')
    group.cut('ab', 'c')
    group.loses = lambda parcel: isinstance(parcel.message, AppendReply)
    group.propose('a', b'first')
    early = group.mail[-1]
    group.settle()
    group.propose('a', b'second')
    group.settle()
    before = node_log(group.members['b'])
    assert [one.data for one in before[-2:]] == [b'first', b'second']
    assert group['b'].commit_index < before[-2].index, 'what is committed is safe in other ways'
    assert isinstance(early.message, Append) and early.recipient == 'b'
    assert [one.data for one in early.message.entries] == [b'first']
    group.deliver(early)
    assert node_log(group.members['b']) == before


def test_entries_in_place_of_durable_ones_are_not_durable_with_them() -> None:
    group = led('abc')
    group.cut('a', 'bc')
    group.propose('a', b'lost 1', b'lost 2')
    group.settle()
    assert group['a'].durable_index == 3
    group.run(3.0)
    (leader,) = group.leaders
    group.propose(leader, b'kept')
    group.settle()
    group.members['a'].is_disk_slow = True
    group.heal()
    group.run(0.3)
    assert [one.data for one in node_log(group.members['a'])[-1:]] == [b'kept']
    assert group.members['a'].writes, 'its disk has not answered'
    assert group['a'].durable_index < 3
    told = [
        parcel.message
        for parcel in group.sent
        if parcel.sender == 'a' and isinstance(parcel.message, AppendReply)
    ]
    newest = [reply for reply in told if reply.term == group[leader].term and reply.is_accepted]
    assert newest, 'it has answered the new leader'
    assert max(reply.match_index for reply in newest) < 2


def test_only_the_leader_may_call_a_successor() -> None:
    group = led('abc')
    term = group['b'].term
    group.deliver(Parcel('c', 'b', TakeOver(term)))
    assert group['b'].role is RaftRole.FOLLOWER
    group.deliver(Parcel('a', 'b', TakeOver(term)))
    assert group['b'].term == term + 1, 'the leader may'

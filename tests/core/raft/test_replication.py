"""Replication: logs that differ are repaired, and only what is safe is committed."""

from __future__ import annotations

from muster.core.raft import Append, AppendReply, Entry, HardState

from .group import Group, Parcel, last_message, led, node_log


def with_logs(**terms: list[int]) -> Group:
    """A group whose members have logs of entries of the given terms."""
    group = Group(''.join(terms))
    for name, of in terms.items():
        entries = [Entry(index, term) for index, term in enumerate(of, start=1)]
        group.members[name].disk = [HardState(max(of, default=0), ''), *entries]
        group.start(name)
    return group


def terms(group: Group, name: str) -> list[int]:
    return [entry.term for entry in node_log(group.members[name])]


def test_a_proposal_reaches_everybody_in_order() -> None:
    group = led('abcde')
    group.propose('a', b'1', b'2')
    group.propose('a', b'3')
    group.run(0.3)
    assert all(group.data(name) == [b'1', b'2', b'3'] for name in 'abcde')


def test_committed_entries_are_handed_out_exactly_once_although_messages_are_doubled() -> None:
    group = led('abc')
    for number in range(20):
        group.propose('a', b'%d' % number)
        for parcel in list(group.mail):
            group.deliver(parcel)
        group.settle()
    for parcel in list(group.sent):
        group.deliver(parcel)
        group.settle()
    group.run(0.5)
    assert all(group.data(name) == [b'%d' % one for one in range(20)] for name in 'abc')


def test_figure_8_an_entry_of_an_older_term_is_not_committed_by_counting() -> None:
    """Ongaro 2014, figure 3.7: in (c) entry 2 is on a majority, and can still be replaced (d)."""
    group = with_logs(a=[1, 2], b=[1, 2], c=[1], d=[1], e=[1, 3])
    for name in 'abcd':
        group.members[name].disk.append(HardState(3, ''))
        group.start(name)
    group.deaf = {('a', 'd'), ('a', 'e'), ('d', 'a'), ('e', 'a')}

    def no_new_entries(parcel: Parcel) -> bool:
        """What a appends in its own term 4 stays with it."""
        message = parcel.message
        return not isinstance(message, Append) or all(one.term < 4 for one in message.entries)

    # a and b hold entry 2 of term 2; c gets it from the leader of term 4.
    group.elect('a', no_new_entries)
    assert group['a'].is_leader
    assert group['a'].term == 4
    entry_2 = Append(
        term=4,
        prev_index=1,
        prev_term=1,
        commit_index=0,
        round=99,
        entries=(Entry(2, 2),),
    )
    for name in 'bc':
        group.deliver(Parcel('a', name, entry_2))
        group.settle(no_new_entries)
    assert sum(terms(group, name)[1:2] == [2] for name in 'abcde') == 3
    assert group['a'].commit_index == 0, 'counted an entry of an older term'

    # (d): e, with the newer last term, wins and replaces it. Nothing that was applied is lost.
    group.crash('a')
    group.heal()
    group.run(0.7)
    group.elect('e')
    group.run(1.0)
    assert all(terms(group, name)[:2] == [1, 3] for name in 'bcde')
    assert group.committed[1].term == 3


def test_figure_8_an_entry_of_the_own_term_commits_those_before_it() -> None:
    group = with_logs(a=[1, 2], b=[1], c=[1])
    group.elect('a')
    assert group['a'].commit_index == 3
    assert [entry.term for entry in group.committed] == [1, 2, 3]


def test_every_kind_of_divergent_log_is_repaired() -> None:
    """Ongaro 2014, figure 3.6."""
    leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
    group = with_logs(
        l=leader,
        a=leader[:9],
        b=leader[:4],
        c=[*leader, 6],
        d=[*leader, 7, 7],
        e=[1, 1, 1, 4, 4, 4, 4],
        f=[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    )
    group.cut('labef', 'cd')
    group.members['l'].disk.append(HardState(7, ''))
    group.start('l')
    group.elect('l')
    assert group.leaders == ['l']
    group.heal()
    group.run(3.0)
    want = terms(group, group.leaders[0])
    assert want[:10] == leader
    assert all(terms(group, name) == want for name in 'labcdef')
    group.check_log_matching()


def test_a_long_divergence_is_found_by_term_in_few_round_trips() -> None:
    group = with_logs(a=[1] * 5 + [4] * 300, b=[1] * 5 + [2] * 150 + [3] * 150, c=[])
    group.cut('ac', 'b')
    group.elect('a')
    group.heal()
    before = len(group.sent)
    group.now += 0.1
    group.tick('a')
    group.settle()
    refusals = [
        one
        for one in group.sent[before:]
        if isinstance(one.message, AppendReply)
        and one.sender == 'b'
        and not one.message.is_accepted
    ]
    assert terms(group, 'b') == terms(group, 'a')
    assert 1 <= len(refusals) <= 4


def test_a_follower_far_behind_catches_up_in_messages_of_bounded_size() -> None:
    group = led('abc')
    group.cut('ab', 'c')
    for number in range(40):
        group.propose('a', b'%d' % number * 3000)
        group.settle()
    group.heal()
    before = len(group.sent)
    group.run(1.0)
    assert group.data('c') == group.data('a')
    limit = group['a'].config.max_append_bytes
    for one in group.sent[before:]:
        if isinstance(one.message, Append) and len(one.message.entries) > 1:
            assert sum(len(entry.data) for entry in one.message.entries) <= limit


def test_an_entry_larger_than_a_message_still_travels() -> None:
    group = led('abc')
    large = b'x' * (group['a'].config.max_append_bytes + 1)
    group.propose('a', large)
    group.run(0.3)
    assert group.data('c') == [large]


def test_a_lost_message_in_a_stream_is_sent_again() -> None:
    group = led('abc')
    group.run(0.3)
    group.propose('a', b'1')
    group.mail.clear()
    group.propose('a', b'2')
    group.run(0.5)
    assert all(group.data(name) == [b'1', b'2'] for name in 'abc')


def test_a_silent_follower_is_not_sent_the_same_entries_with_every_heartbeat() -> None:
    group = led('abc')
    group.crash('c')
    for number in range(10):
        group.propose('a', b'%d' % number * 3000)
        group.settle()
    group.run(2.0)
    before = len(group.sent)
    group.run(5.0)
    to_c = [one.message for one in group.sent[before:] if one.recipient == 'c']
    assert len(to_c) > 20
    assert sum(len(one.entries) for one in to_c if isinstance(one, Append)) == 0
    group.start('c')
    group.run(0.5)
    assert group.data('c') == group.data('a')


def test_a_former_leader_whose_entries_were_replaced_is_told_so() -> None:
    """It was frozen, and does not know yet that others were committed in their place."""
    group = led('abc')
    group.cut('a', 'bc')
    group.propose('a', b'never')
    group.elect('b')
    group.propose('b', b'instead')
    group.settle()
    assert group.data('b') == [b'instead']
    group.heal()
    group.deliver(last_message(group, Append, 'a'))
    group.settle()
    assert not group['a'].is_leader
    group.run(0.5)
    assert group.data('a') == [b'instead']


def test_an_old_message_cannot_shorten_the_log() -> None:
    group = led('abc')
    group.propose('a', b'1')
    old = next(one for one in group.mail if one.recipient == 'b')
    group.settle()
    group.propose('a', b'2', b'3')
    group.settle()
    group.deliver(old)
    group.settle()
    assert node_log(group.members['b']) == node_log(group.members['a'])


def test_a_heartbeat_commits_only_what_it_has_compared() -> None:
    """The follower's tail may still differ beyond the position that the message speaks of."""
    group = with_logs(a=[1, 1], b=[1, 1, 1], c=[])
    heartbeat = Append(term=2, prev_index=1, prev_term=1, commit_index=3, round=1)
    group.deliver(Parcel('a', 'b', heartbeat))
    assert group['b'].commit_index == 1


def test_an_acknowledgement_of_more_than_was_sent_is_not_believed() -> None:
    group = led('abc')
    group.cut('a', 'b', 'c')
    (index,) = group.propose('a', b'x')
    group.settle()
    boast = AppendReply(term=group['a'].term, round=0, is_accepted=True, match_index=index + 1000)
    group.deliver(Parcel('b', 'a', boast))
    (later,) = group.propose('a', b'y')
    group.settle()
    assert group['a'].commit_index < later
    group.heal()
    group.run(1.0)
    assert group.data('c') == [b'x', b'y']


def test_a_leader_waits_with_answers_until_an_entry_of_its_own_is_committed() -> None:
    group = with_logs(a=[1, 1], b=[1, 1], c=[1])
    group.elect('a', accept=lambda parcel: not isinstance(parcel.message, AppendReply))
    assert group['a'].is_leader
    assert not group['a'].is_settled
    group.run(0.5)
    assert group['a'].is_settled


def test_the_newest_round_answered_counts_as_contact_even_when_refused() -> None:
    group = with_logs(a=[1, 2], b=[1], c=[1])
    group.elect('a', accept=lambda parcel: not isinstance(parcel.message, AppendReply))
    heard = group['a'].quorum_heard_at(group.now)
    append = last_message(group, Append, 'a')
    refusal = AppendReply(
        term=group['a'].term,
        round=append.message.round,  # type: ignore[union-attr]
        is_accepted=False,
        prev_index=2,
    )
    group.deliver(Parcel(append.recipient, 'a', refusal))
    assert group['a'].quorum_heard_at(group.now) > heard

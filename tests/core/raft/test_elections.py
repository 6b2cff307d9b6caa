"""Elections: who may lead, and what must not disturb the one who does."""

from __future__ import annotations

import pytest

from muster.core.raft import Append, HardState, NotLeaderError, RaftRole, Vote, VoteReply

from .group import Group, Parcel, Patience, last_message, led


def test_a_group_elects_one_leader_and_all_follow_it() -> None:
    group = Group('abcde', seed=1)
    group.run(3.0)
    (leader,) = group.leaders
    assert {group[name].leader for name in 'abcde'} == {leader}
    assert group[leader].is_settled


def test_a_single_voter_elects_itself_once_its_vote_is_durable() -> None:
    group = Group('a')
    group.members['a'].is_disk_slow = True
    group.elect('a')
    assert group['a'].role is RaftRole.CANDIDATE
    group.sync('a')
    group.sync('a')
    assert group['a'].is_settled
    (index,) = group.propose('a', b'x')
    assert group['a'].commit_index < index, 'committed before it was durable'
    group.sync('a')
    assert group.data('a') == [b'x']


def test_a_single_voter_never_steps_down() -> None:
    group = led('a')
    group.now += 1000.0
    group.tick('a')
    assert group['a'].is_leader


def test_only_a_leader_takes_proposals() -> None:
    group = led()
    with pytest.raises(NotLeaderError, match="b is follower; the leader is 'a'"):
        group['b'].propose([b'x'], group.now)
    assert group['b'].log.last_index == group['a'].log.last_index


def test_without_a_majority_nobody_leads_and_no_term_is_used_up() -> None:
    group = led('abcde')
    term = group['d'].term
    group.cut('abc', 'de')
    group.run(10.0)
    assert group.leaders == ['a']
    assert (group['d'].term, group['e'].term) == (term, term)
    roles = {group['d'].role, group['e'].role}
    assert RaftRole.POLLING in roles and RaftRole.CANDIDATE not in roles


def test_a_member_that_was_cut_off_does_not_disturb_the_leader_on_its_return() -> None:
    group = led('abc')
    term = group['a'].term
    group.cut('ab', 'c')
    group.run(20.0)
    group.heal()
    group.run(3.0)
    assert group.leaders == ['a']
    assert {group[name].term for name in 'abc'} == {term}
    assert group['c'].leader == 'a'


def test_a_member_deaf_to_the_leader_cannot_depose_it() -> None:
    group = led('abc')
    term = group['a'].term
    group.deaf = {('a', 'c')}
    group.run(10.0)
    assert group.leaders == ['a']
    assert group['a'].term == term
    assert any(isinstance(one.message, Vote) and one.sender == 'c' for one in group.sent)


def test_a_member_that_hears_a_leader_votes_for_nobody_else() -> None:
    group = led('abc')
    before = group['b'].term
    for is_poll in (True, False):
        vote = Vote(term=before + 5, last_index=99, last_term=99, is_poll=is_poll)
        group.deliver(Parcel('c', 'b', vote))
        group.sync('b')
        reply = last_message(group, VoteReply, 'b').message
        assert reply == VoteReply(term=before, is_granted=False, is_poll=is_poll)
    assert group['b'].term == before
    assert group['b'].leader == 'a'


def test_a_member_that_has_just_started_votes_for_nobody_for_a_while() -> None:
    group = led('abc')
    group.crash('b')
    group.now += 10.0
    group.start('b')
    vote = Vote(term=50, last_index=99, last_term=49)
    group.deliver(Parcel('c', 'b', vote))
    group.sync('b')
    assert group['b'].term < 50
    group.now += group['b'].config.election_min_s + 0.001
    group.deliver(Parcel('c', 'b', vote))
    group.sync('b')
    assert last_message(group, VoteReply, 'b').message == VoteReply(term=50, is_granted=True)


def test_a_leader_that_no_quorum_answers_steps_down_and_says_why() -> None:
    group = led('abc')
    group.cut('a', 'bc')
    group.run(1.5)
    assert group['a'].role is not RaftRole.LEADER
    assert group['a'].stepped_down_because == 'no quorum answers'


def test_a_leader_that_was_frozen_steps_down_before_it_does_anything_else() -> None:
    group = led('abc')
    group.now += 30.0
    group.tick('a')
    assert not group['a'].is_leader


def test_evidence_of_leading_is_the_time_of_sending_not_of_the_answer() -> None:
    group = led('abc')
    sent_at = group.now + 0.2
    group.now = sent_at
    group.tick('a')
    group.now += 0.7
    group.settle()
    assert group['a'].quorum_heard_at(group.now) == sent_at


def test_one_vote_a_term_across_a_restart() -> None:
    group = Group('abc')
    group.now += 10.0
    group.deliver(Parcel('b', 'a', Vote(term=3, last_index=0, last_term=0)))
    group.sync('a')
    assert last_message(group, VoteReply, 'a').message == VoteReply(term=3, is_granted=True)
    group.crash('a')
    group.start('a')
    group.now += 10.0
    group.deliver(Parcel('c', 'a', Vote(term=3, last_index=9, last_term=2)))
    group.sync('a')
    assert last_message(group, VoteReply, 'a').message == VoteReply(term=3, is_granted=False)


def test_a_repeated_request_of_the_same_candidate_is_granted_again() -> None:
    group = Group('abc')
    group.now += 10.0
    for _ in range(2):
        group.deliver(Parcel('b', 'a', Vote(term=3, last_index=0, last_term=0)))
        group.sync('a')
        assert last_message(group, VoteReply, 'a').message.is_granted  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ('last_index', 'last_term', 'is_granted'),
    [(2, 1, False), (9, 1, False), (1, 2, False), (2, 2, True), (3, 2, True), (1, 3, True)],
)
def test_a_vote_goes_only_to_a_log_that_holds_as_much(
    last_index: int, last_term: int, is_granted: bool
) -> None:
    group = Group('abc')
    group.elect('a')
    group.elect('a', accept=lambda parcel: False)
    group.elect('b')
    assert (group['c'].log.last_index, group['c'].log.last_term) == (2, 2)
    group.now += 10.0
    for is_poll in (True, False):
        vote = Vote(term=9, last_index=last_index, last_term=last_term, is_poll=is_poll)
        group.deliver(Parcel('a', 'c', vote))
        group.sync('c')
        reply = last_message(group, VoteReply, 'c').message
        assert (reply.is_granted, reply.is_poll) == (is_granted, is_poll)  # type: ignore[union-attr]


def test_a_poll_binds_nobody() -> None:
    group = Group('abc')
    group.now += 10.0
    for candidate in 'bc':
        poll = Vote(term=1, last_index=0, last_term=0, is_poll=True)
        group.deliver(Parcel(candidate, 'a', poll))
        group.sync('a')
        assert last_message(group, VoteReply, 'a').message.is_granted  # type: ignore[union-attr]
    assert (group['a'].term, group['a'].voted_for) == (0, '')


def test_a_member_whose_term_ran_ahead_is_taken_back_without_a_deadlock() -> None:
    """The pair that can elect is one with the higher term and the shorter log, and one with the
    lower term and the longer log (etcd's pre-vote deadlock)."""
    group = led('abc')
    group.cut('ab', 'c')
    group.propose('a', b'x')
    group.settle()
    group.crash('c')
    group.members['c'].disk.append(HardState(50, 'c'))
    group.start('c')
    group.crash('a')
    group.heal()
    group.run(6.0)
    assert group.leaders == ['b']
    assert group['b'].term > 50
    assert group['c'].log.last_index == group['b'].log.last_index


def test_a_split_vote_is_settled_by_the_next_timeouts() -> None:
    group = Group('ab', seed=None)
    group.now += 1.3
    group.tick('a', 'b')
    for parcel in list(group.mail):
        group.deliver(parcel)
    group.settle()
    for name, share in (('a', 0.1), ('b', 0.9)):
        rng = group.members[name].rng
        assert isinstance(rng, Patience)
        rng.share = share
    group.run(5.0)
    assert len(group.leaders) == 1


def test_a_deposed_leader_learns_of_it_from_the_first_answer() -> None:
    group = led('abc')
    group.cut('a', 'bc')
    group.elect('b')
    group.heal()
    assert group['a'].is_leader
    group.deliver(Parcel('a', 'b', last_message(group, Append, 'a').message))
    group.settle()
    assert not group['a'].is_leader
    assert group['a'].term == group['b'].term

"""A member whose disk has lost acknowledged records, and that knows it: it may come back, but it
has no say until nothing that it has forgotten can matter."""

from __future__ import annotations

import random

import pytest

from muster.core.raft import Append, HardState, RaftRole, TakeOver, Vote, VoteReply

from .group import Group, Parcel, led

LATER_THAN_ANY = 1_000_000
"""A term that no election has reached."""


def forget(group: Group, name: str, kept: int, until: int) -> None:
    """Restart a member with the beginning of its records; with `until`, it knows that it forgot
    promises in terms up to that one."""
    group.crash(name)
    member = group.members[name]
    del member.disk[kept:]
    if until:
        member.disk.append(HardState(until, '', until))
    group.start(name)


def support_by(group: Group, name: str) -> list[VoteReply]:
    """What a member has granted: votes, and polls before them."""
    replies = [one.message for one in group.sent if one.sender == name]
    return [one for one in replies if isinstance(one, VoteReply) and one.is_granted]


def votes_of(group: Group, name: str) -> list[int]:
    """The terms in which it voted for another."""
    return [reply.term for reply in support_by(group, name) if not reply.is_poll]


@pytest.mark.parametrize('until', [0, LATER_THAN_ANY])
def test_an_acknowledged_entry_that_a_member_forgot_is_not_lost_to_the_group(until: int) -> None:
    group = led('abc')
    group.cut('ab', 'c')
    group.propose('a', b'only a and b have it')
    group.run(0.5)
    assert len(group.committed) == 2
    forget(group, 'b', kept=0, until=until)
    group.cut('a', 'bc')
    if until:
        group.run(5.0)
        assert not group['b'].is_leader and not group['c'].is_leader
        group.heal()
        group.run(5.0)
        assert group.data('b') == group.data('c') == [b'only a and b have it']
    else:
        with pytest.raises(AssertionError, match='leads without 2'):
            group.run(5.0)


@pytest.mark.parametrize('until', [0, LATER_THAN_ANY])
def test_a_vote_that_a_member_forgot_is_not_given_twice(until: int) -> None:
    group = led('abc')
    kept = len(group.members['b'].disk)
    group.crash('a')
    group.elect('c')
    term = group['c'].term
    assert votes_of(group, 'b') == [term - 1, term]
    forget(group, 'b', kept, until)
    group.now += group['b'].config.election_max_s
    last = group['c'].log
    request = Vote(term=term, last_index=last.last_index, last_term=last.last_term)
    group.deliver(Parcel('a', 'b', request))
    group.sync('b')
    assert votes_of(group, 'b') == [term - 1, term, *([] if until else [term])]


def test_a_forgetful_member_stands_for_nothing_and_supports_nobody() -> None:
    group = led('abcde')
    forget(group, 'b', kept=0, until=LATER_THAN_ANY)
    group.cut('b', 'acde')
    group.run(5.0)
    assert group['b'].elections == 0
    assert group['b'].role is RaftRole.FOLLOWER
    group.heal()
    group.crash('d')
    group.crash('e')
    before = support_by(group, 'b')
    group.run(5.0)
    assert support_by(group, 'b') == before
    assert not group.leaders, 'a and c are no majority'
    group.deliver(Parcel('c', 'b', TakeOver(group['b'].term)))
    assert group['b'].role is RaftRole.FOLLOWER


def test_it_has_its_say_again_after_the_next_election() -> None:
    group = led('abc')
    group.propose('a', b'before')
    group.run(0.5)
    forget(group, 'b', kept=1, until=LATER_THAN_ANY)
    group.run(5.0)
    (leader,) = group.leaders
    assert leader != 'b'
    assert group[leader].term > LATER_THAN_ANY
    assert group.data('b') == [b'before']
    group.crash('a' if leader == 'c' else 'c')
    group.propose(leader, b'after')
    group.run(0.5)
    assert group.data('b') == [b'before', b'after']
    group.crash(leader)
    group.start('a' if leader == 'c' else 'c')
    group.run(5.0)
    assert group.leaders, 'b and the other are a majority again'


def test_one_election_is_all_that_it_costs() -> None:
    group = led('abcde')
    forget(group, 'b', kept=0, until=LATER_THAN_ANY)
    group.run(10.0)
    assert {group[name].term for name in 'abcde'} == {LATER_THAN_ANY + 1}
    assert len(group.leaders) == 1


def test_without_a_majority_that_remembers_nobody_leads() -> None:
    group = led('abc')
    forget(group, 'b', kept=0, until=LATER_THAN_ANY)
    forget(group, 'c', kept=0, until=LATER_THAN_ANY)
    group.run(10.0)
    assert not group.leaders
    assert group['b'].is_forgetful and not group['a'].is_forgetful


def test_forgetting_is_remembered() -> None:
    """By restarts, and by checkpoints, which replace all other records."""
    group = led('abc')
    forget(group, 'b', kept=0, until=LATER_THAN_ANY)
    group.cut('b', 'ac')
    group.crash('b')
    group.start('b')
    group.run(3.0)
    assert group['b'].elections == 0
    group.heal()
    group.run(5.0)
    group.compact('b')
    group.sync('b')
    assert group.members['b'].hard_state.forgot_until == LATER_THAN_ANY


@pytest.mark.parametrize('seed', range(8))
def test_members_that_forget_now_and_then_break_nothing(seed: int) -> None:
    """The group itself checks agreement after every step."""
    group = Group('abcde', seed=seed)
    rng = random.Random(seed)
    forgotten = 0
    for round in range(40):
        group.run(rng.uniform(0.1, 2.0))
        for leader in group.leaders:
            if not group[leader].is_handing_over:
                group.propose(leader, b'%d' % round)
        names = list('abcde')
        rng.shuffle(names)
        match rng.randrange(5):
            case 0:
                split = rng.randrange(1, 3)
                group.cut(''.join(names[:split]), ''.join(names[split:]))
            case 1:
                group.heal()
            case 2 if sum(group[name].is_forgetful for name in names) < 2:
                held = group.members[names[0]]
                kept = rng.randrange(len(held.disk) + 1)
                forgotten += len(held.disk) - kept
                forget(group, names[0], kept, until=(round + 1) * LATER_THAN_ANY)
            case 3:
                group.crash(names[0])
                group.start(names[0])
            case _:
                group.heal()
    group.heal()
    group.run(8.0)
    assert forgotten
    assert len(group.leaders) == 1
    assert len({tuple(group.data(name)) for name in 'abcde'}) == 1
    assert any(isinstance(one.message, Append) and one.message.entries for one in group.sent)

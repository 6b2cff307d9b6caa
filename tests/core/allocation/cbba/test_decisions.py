"""The consensus phase is the decision table of the paper."""

from __future__ import annotations

import itertools

import pytest

from muster.core.allocation.consensus_bundle.decisions import (
    TABLE,
    Action,
    If,
    Whom,
    decide,
    outcome,
)
from muster.core.allocation.consensus_bundle.messages import NOBODY, Claim, Word

PAPER = """
    k thinks  i thinks  situation                       action
    i:1       -         -                               leave
    i:5       i:1       -                               leave
    i:5       k:9       -                               reset
    i:5       n:9       newer n                         reset
    i:5       n:9       same n                          leave
    i:5       n:9       older n                         leave
    k:5       i:4       -                               update
    k:5       i:6       -                               leave
    k:5       k:9       -                               update
    k:5       k:1       -                               update
    k:5       n:9       newer n                         update
    k:5       n:9       same n                          leave
    k:5       n:4       older n                         update
    k:5       -         -                               update
    m:5       i:4       newer m                         update
    m:5       i:6       newer m                         leave
    m:5       i:4       same m                          leave
    m:5       i:4       older m                         leave
    m:5       k:9       newer m                         update
    m:5       k:9       same m                          reset
    m:5       k:4       older m                         reset
    m:5       m:9       newer m                         update
    m:5       m:4       same m                          leave
    m:5       m:4       older m                         leave
    m:5       n:9       newer m, newer n                update
    m:5       n:9       newer m, same n                 leave
    m:5       n:4       newer m, same n                 update
    m:5       n:4       newer m, older n                update
    m:5       n:9       newer m, older n                leave
    m:5       n:9       older m, newer n                reset
    m:5       n:4       older m, newer n                reset
    m:5       n:9       same m, newer n                 update
    m:5       n:4       same m, same n                  leave
    m:5       n:4       older m, older n                leave
    m:5       -         newer m                         update
    m:5       -         same m                          leave
    m:5       -         older m                         leave
    -         i:4       -                               leave
    -         k:4       -                               update
    -         n:4       newer n                         update
    -         n:4       same n                          leave
    -         n:4       older n                         leave
    -         -         -                               leave
"""
ROWS = [tuple(row.split(maxsplit=2)) for row in PAPER.strip().splitlines()[1:]]
STAMPS = {'newer': (7, 5), 'same': (5, 5), 'older': (5, 7)}


def claim(text: str) -> Claim:
    if text == '-':
        return NOBODY
    winner, _, bid = text.partition(':')
    return Claim(winner, float(bid))


@pytest.mark.parametrize(('theirs', 'mine', 'rest'), ROWS)
def test_a_row_of_the_table(theirs: str, mine: str, rest: str) -> None:
    *situation, action = rest.replace(',', ' ').split()
    sender_heard, receiver_heard = {'k': Word(9), 'i': Word(3)}, {'k': Word(8), 'i': Word(4)}
    for word, robot in zip(situation[:-1:2], situation[1::2], strict=True):
        sender_heard[robot], receiver_heard[robot] = map(Word, STAMPS[word])
    decided = decide('k', 'i', claim(theirs), claim(mine), sender_heard, receiver_heard)
    assert decided is Action(action)


def test_the_table_knows_every_case() -> None:
    cases = set(itertools.product(set(Whom) - {Whom.SAME}, set(Whom) - {Whom.SAME}))
    assert set(TABLE) == cases | {(Whom.OTHER, Whom.SAME)}


def test_no_rule_is_out_of_reach() -> None:
    for rules in TABLE.values():
        for number, (conditions, _) in enumerate(rules):
            assert not any(earlier & conditions == earlier for earlier, _ in rules[:number])
    assert all(If.ALWAYS in one for one in If)


def test_what_was_never_heard_of_is_older_than_anything() -> None:
    assert decide('k', 'i', Claim('m', 5.0), NOBODY, {'m': Word(1)}, {}) is Action.UPDATE
    assert decide('k', 'i', Claim('m', 5.0), NOBODY, {}, {}) is Action.LEAVE


def test_equal_bids_go_to_the_robot_that_sorts_first() -> None:
    assert decide('a', 'b', Claim('a', 5.0), Claim('b', 5.0), {}, {}) is Action.UPDATE
    assert decide('b', 'a', Claim('b', 5.0), Claim('a', 5.0), {}, {}) is Action.LEAVE


def test_actions_do_what_they_are_called() -> None:
    theirs, mine = Claim('k', 5.0), Claim('n', 4.0)
    assert outcome(Action.UPDATE, theirs, mine) == theirs
    assert outcome(Action.RESET, theirs, mine) == NOBODY
    assert outcome(Action.LEAVE, theirs, mine) == mine

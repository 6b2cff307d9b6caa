"""A mirror that lost some of what it was told is the journal again when it has caught up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.allocation.consensus_bundle.messages import NOBODY, Claim, Standings
from muster.core.allocation.consensus_bundle.records import Journal, Mirror

ORIGIN = 1 << 32


def tell(journal: Journal, since: int, stamp: int, limit: int) -> Standings:
    changes, up_to = journal.changes(since, limit)
    return Standings(
        stamp=stamp,
        since=since if since > journal.origin else 0,
        up_to=up_to,
        version=journal.version,
        changes=changes,
        heard={},
        holds={},
    )


def believed(claims: dict[str, Claim]) -> dict[str, Claim]:
    return {task: claim for task, claim in claims.items() if claim != NOBODY}


def test_only_changes_count() -> None:
    journal = Journal(ORIGIN)
    assert not journal.put('a', NOBODY)
    assert journal.put('a', Claim('r', 1.0))
    assert not journal.put('a', Claim('r', 1.0))
    assert journal.version == ORIGIN + 1


def test_changes_come_oldest_first_and_once_per_task() -> None:
    journal = Journal(ORIGIN)
    for number, task in enumerate('abcab'):
        journal.put(task, Claim('r', float(number)))
    changes, up_to = journal.changes(ORIGIN, 2)
    assert [one.task_id for one in changes] == ['c', 'a']
    assert up_to == ORIGIN + 4
    changes, up_to = journal.changes(up_to, 2)
    assert [one.task_id for one in changes] == ['b']
    assert up_to == journal.version


def test_a_gap_is_not_papered_over() -> None:
    journal, mirror = Journal(ORIGIN), Mirror()
    journal.put('a', Claim('r', 1.0))
    journal.put('b', Claim('r', 1.0))
    mirror.take(tell(journal, ORIGIN + 1, 1, 9))
    assert not mirror.is_current
    assert mirror.get('b') == NOBODY
    mirror.take(tell(journal, ORIGIN, 2, 9))
    assert mirror.is_current
    assert mirror.claims == journal.claims


def test_parts_may_come_in_any_order() -> None:
    journal, mirror = Journal(ORIGIN), Mirror()
    for number in range(6):
        journal.put(f'task_{number}', Claim('r', 1.0))
    parts = [tell(journal, ORIGIN + 2 * number, 1 + number, 2) for number in range(3)]
    journal.put('task_0', Claim('r', 2.0))
    parts.append(tell(journal, ORIGIN + 6, 4, 2))
    for number in (3, 1, 2):
        mirror.take(parts[number])
        assert not mirror.is_current
    mirror.take(parts[0])
    assert mirror.is_current
    assert mirror.claims == journal.claims


def test_a_mirror_keeps_only_so_many_parts_that_wait() -> None:
    journal, mirror = Journal(ORIGIN), Mirror()
    for number in range(100):
        journal.put(f'task_{number}', Claim('r', 1.0))
        if number:
            mirror.take(tell(journal, ORIGIN + number, number, 1))
    assert len(mirror._ahead) <= 16


def test_a_new_life_of_the_sender_replaces_all() -> None:
    old, new, mirror = Journal(ORIGIN), Journal(2 * ORIGIN), Mirror()
    old.put('a', Claim('r', 1.0))
    mirror.take(tell(old, ORIGIN, 1, 9))
    new.put('b', Claim('r', 2.0))
    mirror.take(tell(new, 2 * ORIGIN, 2, 9))
    assert mirror.is_current
    assert mirror.claims == {'b': Claim('r', 2.0)}


put = st.tuples(st.just('put'), st.sampled_from('abcdef'), st.integers(0, 3))
talk = st.tuples(st.just('talk'), st.booleans(), st.integers(1, 4))
restart = st.tuples(st.just('restart'), st.none(), st.none())


@given(st.lists(st.one_of(put, put, talk, talk, restart), max_size=60))
def test_a_mirror_follows_through_loss_and_restarts(story: list[tuple[str, object, int]]) -> None:
    """The sender begins each time with what it knows to be held, or with what follows what it
    sent last; the mirror is right whenever it says that it is current, and in the end it is."""
    journal, mirror, stamp, sent_up_to = Journal(ORIGIN), Mirror(), 0, 0
    for what, one, number in story:
        if what == 'put':
            journal.put(str(one), Claim('r', float(number)) if number else NOBODY)
        elif what == 'restart':
            journal = Journal(journal.version + ORIGIN)
        else:
            stamp += 1
            since = max(journal.origin, mirror.held, sent_up_to if number % 2 else 0)
            message = tell(journal, min(since, journal.version), stamp, number)
            sent_up_to = message.up_to
            if one:
                mirror.take(message)
                if mirror.is_current:
                    assert believed(mirror.claims) == believed(journal.claims)
    for _ in range(10):
        stamp += 1
        mirror.take(tell(journal, max(journal.origin, mirror.held), stamp, 2))
    assert mirror.is_current
    assert believed(mirror.claims) == believed(journal.claims)


@pytest.mark.parametrize('limit', [1, 2, 100])
def test_parts_add_up(limit: int) -> None:
    journal, mirror = Journal(ORIGIN), Mirror()
    for number in range(7):
        journal.put(f'task_{number}', Claim('r', 1.0))
    stamp = 0
    while mirror.held < journal.version:
        stamp += 1
        mirror.take(tell(journal, max(journal.origin, mirror.held), stamp, limit))
        assert mirror.is_current == (mirror.held == journal.version)
    assert mirror.claims == journal.claims
    assert stamp == -(-7 // limit)

"""The parts of a run of a group: its store, disks, schedules, changes of members, and clients."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.raft import Entry, HardState, Membership, Snapshot
from muster.core.types import ProtocolError
from muster.invariants.registers import REGISTER, Append, CompareAndSet, Read, Write
from muster.simulation.consensus.faults import (
    CHANGES,
    LEADER,
    Absence,
    ClockDrift,
    DiskHang,
    DiskLoss,
    MembershipChange,
    draw_schedule,
    with_leader,
)
from muster.simulation.consensus.key_values import KeyValues, decode_answer, encode_command
from muster.simulation.consensus.nemesis import MOST_VOTERS, changed
from muster.simulation.consensus.stored import Stored
from muster.simulation.faults import Crash, Partition

# The store

texts = st.text(max_size=3)
requests = st.one_of(
    st.builds(Write, texts), st.builds(CompareAndSet, texts, texts), st.builds(Append, texts)
)


@given(st.lists(st.tuples(st.sampled_from('xy'), requests)))
def test_the_store_does_what_the_checker_of_histories_expects(
    commands: list[tuple[str, Write | CompareAndSet | Append]],
) -> None:
    store, expected = KeyValues(), {'x': '', 'y': ''}
    for key, request in commands:
        answer = decode_answer(store.apply(encode_command(key, request)))
        is_right, after = REGISTER.step(expected[key], request, answer)
        assert is_right
        expected[key] = str(after)
        assert REGISTER.step(store[key], Read(), expected[key]) == (True, expected[key])


def test_a_store_is_restored_from_its_snapshot() -> None:
    store, other = KeyValues(), KeyValues()
    store.apply(encode_command('x', Write('1')))
    other.restore(store.encode())
    assert other['x'] == '1'
    with pytest.raises(ProtocolError, match='not texts by key'):
        other.restore(b'\x01')
    assert other['x'] == '1'


# What is durable


def test_entries_on_disk_replace_those_at_their_place_and_after() -> None:
    stored = Stored()
    stored.keep([HardState(1, 'a'), Entry(1, 1), Entry(2, 1), Entry(3, 1)])
    stored.keep([Entry(2, 2)])
    assert (stored.hard, stored.last_index) == (HardState(1, 'a'), 2)
    assert stored.holds(1, 1)
    assert stored.holds(2, 2)
    assert not stored.holds(2, 1)
    assert not stored.holds(3, 1)


def test_a_checkpoint_stands_for_what_was_before() -> None:
    stored = Stored([HardState(1, 'a'), Entry(1, 1), Entry(2, 1)])
    stored.keep([Snapshot(4, 2, Membership(('a',)), b''), HardState(3), Entry(5, 3)])
    assert stored.last_index == 5
    assert stored.holds(3, 1)
    assert stored.holds(4, 2)
    assert not stored.holds(4, 1)
    assert stored.holds(5, 3)


def test_a_disk_that_forgot_is_forgetful_until_an_entry_of_a_later_term() -> None:
    stored = Stored([Entry(1, 1), HardState(7, '', 7)])
    assert stored.is_forgetful
    stored.keep([HardState(8, '', 7), Entry(2, 7)])
    assert stored.is_forgetful
    stored.keep([Entry(3, 8)])
    assert not stored.is_forgetful


# Schedules


def test_schedules_are_over_in_time_and_hold_every_kind() -> None:
    kinds = set()
    for seed in range(60):
        faults = draw_schedule(random.Random(seed), ('a', 'b', 'c'), ('d',), 20.0)
        assert list(faults) == sorted(faults, key=lambda fault: fault.at)
        passing = [fault for fault in faults if not isinstance(fault, Absence)]
        assert all(fault.at >= 1.0 and fault.at + fault.lasts_s <= 20.001 for fault in passing)
        kinds |= {type(fault) for fault in faults}
        losses = sum(isinstance(fault, DiskLoss) for fault in faults)
        changes = sum(isinstance(fault, MembershipChange) for fault in faults)
        assert losses <= 1
        assert not (losses and changes), 'a group need not survive both'
    assert len(kinds) == 13


def test_small_groups_lose_no_disk() -> None:
    for seed in range(60):
        faults = draw_schedule(random.Random(seed), ('a',), ('b', 'c'), 20.0)
        assert not any(isinstance(fault, DiskLoss) for fault in faults)


def test_whoever_leads_is_named_when_the_fault_begins() -> None:
    assert with_leader(Crash(1.0, 1.0, ('a', LEADER)), 'b').robots == ('a', 'b')
    assert with_leader(ClockDrift(1.0, 1.0, LEADER, 0.5), 'b').member == 'b'
    hang = DiskHang(1.0, 1.0, ('a',))
    assert with_leader(hang, 'b') is hang
    bridge = Partition(1.0, 1.0, ('a',), bridges=(LEADER,))
    assert with_leader(bridge, 'b').bridges == ('b',)


# Members


GROUP = Membership(('a', 'b', 'c'), ('d',))


@pytest.mark.parametrize('kind', CHANGES)
@pytest.mark.parametrize('seed', range(10))
def test_changes_of_members_name_everybody_once(kind: str, seed: int) -> None:
    after = changed(GROUP, kind, 'a', ['e', 'f'], random.Random(seed))
    assert after is not None
    assert not after.is_joint
    assert len(after.everyone) == len(after.voters) + len(after.learners)
    assert 0 < len(after.voters) <= MOST_VOTERS


def test_changes_of_members_do_what_they_are_called() -> None:
    def change(kind: str, before: Membership = GROUP) -> Membership | None:
        return changed(before, kind, 'a', ['e'], random.Random(0))

    assert change('add a learner') == Membership(('a', 'b', 'c'), ('d', 'e'))
    assert change('promote') == Membership(('a', 'b', 'c', 'd'))
    assert change('add a voter') == Membership(('a', 'b', 'c', 'e'), ('d',))
    assert change('remove the leader') == Membership(('b', 'c'), ('d',))
    removed = change('remove a voter')
    assert removed is not None
    assert 'a' in removed.voters
    assert len(removed.voters) == 2
    replaced = change('replace a voter')
    assert replaced is not None
    assert 'd' in replaced.voters
    assert len(replaced.voters) == 3


def test_changes_that_mean_nothing_are_left_alone() -> None:
    alone = Membership(('a',))
    for kind in ('promote', 'remove a voter', 'remove the leader'):
        assert changed(alone, kind, 'a', [], random.Random(0)) is None
    for kind in ('add a learner', 'add a voter', 'replace a voter'):
        assert changed(alone, kind, 'a', [], random.Random(0)) is None

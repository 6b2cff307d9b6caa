"""Compaction, and members that lag behind what the leader's log still holds (chapter 5)."""

from __future__ import annotations

import random
from dataclasses import replace

import msgspec
import pytest

from muster.core.raft import RaftNode, SnapshotChunk, SnapshotReply

from .group import Group, Parcel, led, node_log


def lagging(chunk_bytes: int = 32) -> Group:
    """c has missed twenty commands, which a and b have compacted."""
    group = led('abc')
    for name in 'abc':
        limits = replace(group[name].config, chunk_bytes=chunk_bytes)
        group.members[name].config = limits
        group[name]._state.config = limits
    group.cut('ab', 'c')
    for number in range(20):
        group.propose('a', b'%d' % number)
        group.settle()
    group.run(0.2)
    for name in 'ab':
        group.compact(name)
    group.settle()
    assert group['a'].log.base_index > group['c'].log.last_index
    return group


def test_a_member_restarts_from_its_snapshot_and_what_follows() -> None:
    group = led('abc')
    group.propose('a', b'x', b'y')
    group.settle()
    group.compact('a')
    group.propose('a', b'z')
    group.settle()
    assert len(group.members['a'].entries) == 4
    group.crash('a')
    group.start('a')
    group.elect('b')
    group.run(0.5)
    assert group.data('a') == [b'x', b'y', b'z']
    assert group['a'].log.base_index == 3


def test_a_checkpoint_that_a_crash_cuts_off_leaves_the_old_log() -> None:
    group = led('abc')
    group.propose('a', b'x')
    group.settle()
    group.members['b'].is_disk_slow = True
    group.run(0.2)
    group.compact('b')
    group.crash('b', kept=1)
    group.members['b'].is_disk_slow = False
    group.start('b')
    assert group['b'].log.base_index == 0
    group.run(1.0)
    assert group.data('b') == [b'x']


def test_entries_not_yet_durable_are_part_of_the_checkpoint() -> None:
    group = led('abc')
    group.propose('a', b'x')
    group.run(0.2)
    group.members['b'].is_disk_slow = True
    group.propose('a', b'y')
    group.settle()
    group.compact('b')
    group.sync('b')
    assert [entry.data for entry in group.members['b'].entries] == [b'', b'x', b'y']


def test_a_follower_gets_a_snapshot_for_what_the_leader_no_longer_has() -> None:
    group = lagging()
    group.heal()
    group.run(1.0)
    assert group.data('c') == [b'%d' % number for number in range(20)]
    assert node_log(group.members['c']) == node_log(group.members['a'])
    chunks = [one.message for one in group.sent if isinstance(one.message, SnapshotChunk)]
    assert len({chunk.offset for chunk in chunks if chunk.data}) > 3, 'it came in pieces'
    group.propose('a', b'later')
    group.run(0.2)
    assert group.data('c')[-1] == b'later'


def test_a_follower_a_little_behind_needs_no_snapshot() -> None:
    group = led('abc')
    group.cut('ab', 'c')
    group.propose('a', b'x', b'y')
    group.run(0.2)
    group.compact('a', keep=10)
    group.heal()
    group.run(0.5)
    assert group.data('c') == [b'x', b'y']
    assert not any(isinstance(one.message, SnapshotChunk) for one in group.sent)


def test_a_snapshot_goes_on_where_it_was_interrupted() -> None:
    group = lagging()
    group.heal()
    group.now += 0.1
    group.tick('a')
    received = 0

    def first_half(parcel: Parcel) -> bool:
        nonlocal received
        if isinstance(parcel.message, SnapshotChunk) and parcel.message.data:
            received += 1
        return received <= 3

    group.settle(first_half)
    arrived = group['c']._following.intake.offset
    assert arrived > 0
    sent_before = len(group.sent)
    group.run(1.0)
    again = [
        one.message.offset
        for one in group.sent[sent_before:]
        if isinstance(one.message, SnapshotChunk) and one.message.data
    ]
    assert min(again) >= arrived - 64
    assert len(group.data('c')) == 20


def test_a_damaged_snapshot_is_fetched_again() -> None:
    group = lagging(chunk_bytes=10_000)
    group.heal()
    group.now += 0.1
    group.tick('a')
    group.settle(lambda parcel: not isinstance(parcel.message, SnapshotReply))
    chunk = next(
        one.message
        for one in reversed(group.sent)
        if isinstance(one.message, SnapshotChunk) and one.message.data
    )
    assert len(group.data('c')) == 20
    fresh = RaftNode(group['c'].config, (), random.Random(0), group.now)
    bad = msgspec.structs.replace(chunk, data=chunk.data[:-1] + b'\xff')
    fresh.step('a', bad, group.now)
    assert fresh.ready().snapshot is None
    fresh.step('a', chunk, group.now)
    assert fresh.ready().snapshot is not None


def test_a_dead_follower_is_not_sent_its_snapshot_over_and_over() -> None:
    group = lagging()
    group.crash('c')
    group.heal()
    group.run(1.0)
    before = len(group.sent)
    group.run(1.0)
    pieces = [one.message for one in group.sent[before:] if one.recipient == 'c']
    assert pieces
    assert not any(isinstance(one, SnapshotChunk) and one.data for one in pieces)


def test_a_snapshot_of_less_than_is_known_changes_nothing() -> None:
    group = lagging(chunk_bytes=10_000)
    group.heal()
    group.run(1.0)
    chunk = next(
        one for one in group.sent if isinstance(one.message, SnapshotChunk) and one.message.data
    )
    group.propose('a', b'later')
    group.run(0.3)
    before = list(group.members['c'].applied)
    group.deliver(chunk)
    assert group.members['c'].applied == before


def test_only_what_was_handed_out_can_be_compacted() -> None:
    group = led('abc')
    with pytest.raises(ValueError, match='is not between'):
        group['a'].compact(99, b'')

"""What operators are told about a robot's share in consensus."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from hypothesis import example, given, settings
from hypothesis import strategies as st
from muster_msgs import msg as ros
from rclpy.serialization import deserialize_message, serialize_message

from muster.core.coordinator.effects import Persist
from muster.core.coordinator.views import DiskView, GroupView, Role
from muster.ros.diagnostics import SLOW_DISK_S, Level, consensus_status, disk_view, judge
from muster.runtime.log_writer import LogWriter
from muster.runtime.wal import WriteAheadLog

NONE = math.nan
FOLLOWER = GroupView(
    group='alpha',
    role=Role.FOLLOWER,
    term=4,
    leader='r2',
    is_starting=False,
    is_handing_over=False,
    left_because='',
    commit_index=17,
    applied_index=17,
    last_index=18,
    durable_index=18,
    snapshot_index=0,
    log_entries=18,
    log_bytes=2000,
    elections_stood=1,
    terms_led=0,
    snapshots_taken=0,
    snapshots_installed=0,
    commit_p50_s=NONE,
    commit_p99_s=NONE,
    write_p50_s=0.001,
    write_p99_s=0.004,
    write_pending_s=0.0,
    disk=DiskView(
        size_bytes=65536,
        segments=1,
        sync_p50_s=0.0005,
        sync_p99_s=0.002,
        recent_sync_p99_s=0.002,
    ),
)
LEADER = {'role': Role.LEADER, 'leader': 'r1'}
LOST = {'leader': ''}
SLOW = {'disk': DiskView(recent_sync_p99_s=0.23)}
ONCE_SLOW = {'disk': DiskView(sync_p99_s=0.23)}
AT_THE_BOUND = {
    'disk': DiskView(recent_sync_p99_s=SLOW_DISK_S),
    'write_pending_s': SLOW_DISK_S,
}
HANGING = {'write_pending_s': 3.21}
LEFT = {'leader': '', 'left_because': 'disk full; mend the disk'}
NO_LEADER = 'no leader is known in term 4: a majority of the group must be able to talk'


@pytest.mark.parametrize(
    ('changes', 'level', 'message'),
    [
        ({}, Level.OK, 'follows r2 in term 4'),
        (LEADER, Level.OK, 'leads term 4'),
        (ONCE_SLOW, Level.OK, 'follows r2'),
        (AT_THE_BOUND, Level.OK, 'follows r2'),
        (LOST, Level.WARN, NO_LEADER),
        (LOST | {'role': Role.CANDIDATE}, Level.WARN, NO_LEADER),
        (LEADER | {'is_forgetful': True}, Level.WARN, 'its log was repaired: it neither votes'),
        (LEADER | {'is_handing_over': True}, Level.WARN, 'hands over: another robot is to lead'),
        (HANGING, Level.WARN, 'the disk has not answered for 3.2 s'),
        (SLOW, Level.WARN, 'the disk is slow: 1 % of the syncs of the last minute took 230 ms'),
        ({'is_starting': True, 'leader': ''}, Level.STALE, 'starting: its first record is not'),
        (LEFT, Level.ERROR, 'disk full; mend the disk'),
        (LEFT | HANGING | SLOW, Level.ERROR, 'disk full; mend the disk'),
    ],
)
def test_how_bad_it_is_and_in_which_words(
    changes: dict[str, Any], level: Level, message: str
) -> None:
    judgement = judge(msgspec.structs.replace(FOLLOWER, **changes))
    assert judgement.level is level
    assert judgement.message.startswith(message)


def test_nothing_that_is_wrong_is_left_unsaid() -> None:
    everything = msgspec.structs.replace(FOLLOWER, **(LOST | HANGING | SLOW))
    words = judge(everything).message.split('; ')
    assert [one.split(':')[0] for one in words] == [
        'no leader is known in term 4',
        'the disk has not answered for 3.2 s',
        'the disk is slow',
    ]


def test_levels_are_those_of_ros() -> None:
    for level in Level:
        assert getattr(DiagnosticStatus, level.name) == bytes([level])


def test_the_status_has_the_numbers_of_the_message_in_plain_text() -> None:
    status = consensus_status('r1', FOLLOWER)
    read: DiagnosticStatus = deserialize_message(serialize_message(status), DiagnosticStatus)
    assert (read.level, read.name, read.hardware_id) == (b'\0', 'r1: consensus', 'r1')
    values = {one.key: one.value for one in read.values}
    assert list(values) == list(ros.GroupStatus.get_fields_and_field_types())
    assert values['role'] == 'follower'
    assert values['commit_index'] == '17'
    assert values['is_handing_over'] == 'false'
    assert values['sync_p99_s'] == '0.002'
    assert values['commit_p50_s'] == 'nan'


@settings(max_examples=30, derandomize=True, database=None, deadline=None)
@example('a\ud800b\0c', -1, math.inf)
@given(st.text(st.characters(exclude_categories=[])), st.integers(-(2**70), 2**70), st.floats())
def test_whatever_a_robot_shows_can_be_told(text: str, whole: int, real: float) -> None:
    group = msgspec.structs.replace(
        FOLLOWER, left_because=text, leader=text, term=whole, write_pending_s=real
    )
    status = consensus_status('r1', group)
    assert deserialize_message(serialize_message(status), DiagnosticStatus) == status


def test_what_the_disk_does_is_measured_where_it_is_written(tmp_path: Path) -> None:
    writer = LogWriter(WriteAheadLog(tmp_path, 'team/robot'), lambda outcome: None)
    before = disk_view(writer)
    assert math.isnan(before.sync_p50_s)
    assert math.isnan(before.recent_sync_p99_s)
    writer.submit(Persist(1, (b'a' * 100,)))
    assert writer.stop()
    after = disk_view(writer)
    assert 0 < after.sync_p50_s <= after.sync_p99_s == after.recent_sync_p99_s
    assert after.segments == 1
    assert after.size_bytes >= 100

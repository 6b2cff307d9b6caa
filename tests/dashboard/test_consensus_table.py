import math

import msgspec

from muster.core.coordinator.views import DiskView, GroupView, Role
from muster.dashboard.consensus_table import consensus_table, milliseconds

from .test_tables import robot, text_of


def group(**changes: object) -> GroupView:
    calm = GroupView(
        group='alpha',
        role=Role.FOLLOWER,
        term=4,
        leader='a',
        is_starting=False,
        is_handing_over=False,
        left_because='',
        commit_index=17,
        applied_index=16,
        last_index=18,
        durable_index=18,
        snapshot_index=0,
        log_entries=18,
        log_bytes=2000,
        elections_stood=3,
        terms_led=1,
        snapshots_taken=0,
        snapshots_installed=0,
        commit_p50_s=math.nan,
        commit_p99_s=math.nan,
        write_p50_s=0.001,
        write_p99_s=0.004,
        write_pending_s=0.0,
        disk=DiskView(size_bytes=65536, segments=1, sync_p50_s=0.0005, sync_p99_s=0.0021),
    )
    return msgspec.structs.replace(calm, **changes)


def row_of(name: str, *groups: GroupView) -> str:
    lines = text_of(consensus_table([robot(name, groups=groups)])).splitlines()
    return next(line for line in lines if line.split()[:1] == [name])


def test_a_robot_shows_its_share_in_one_line() -> None:
    row = row_of('b', group())
    for expected in (
        'alpha',
        '17',
        '16',
        '18 entries',
        '65.5 kB',
        '3 stood, 1 won',
        '0.5 / 2.1 ms',
        'follows a in term 4',
    ):
        assert expected in row


def test_what_is_wrong_is_said_in_words() -> None:
    assert 'the disk has not answered for 2.0 s' in row_of('b', group(write_pending_s=2.0))
    assert 'disk full' in row_of('b', group(left_because='disk full', leader=''))


def test_a_robot_in_two_groups_has_two_lines() -> None:
    both = (group(), group(group='team', role=Role.LEADER, leader='b'))
    lines = text_of(consensus_table([robot('b', groups=both)])).splitlines()
    assert [line.split()[1] for line in lines if line.split()[:1] == ['b']] == ['alpha', 'team']


def test_nothing_measured_is_no_number() -> None:
    assert milliseconds(math.nan, math.nan) == ''
    assert milliseconds(0.0004, 0.0021) == '0.4 / 2.1 ms'

"""What a robot tells on /diagnostics about its share in consensus: a level, a sentence for people
and the numbers for programs.

`judge` alone decides what is worth a warning, so that `muster status` says the same.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import NamedTuple

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from muster.core.coordinator.views import DiskView, GroupView, Role
from muster.core.types import RobotId
from muster.ros.conversions import group_view_to_msg, text_to_msg
from muster.runtime.log_writer import LogWriter

SLOW_DISK_S = 0.1
"""[s] A disk is slow when 1 % of its recent syncs take longer, or one is not over by then. An
election waits for two in a row, the candidate's and a voter's: with more than this it takes longer
than the shortest election time-out of the profile `lan`."""
RECENT_S = 60.0
"""[s] A warning about the disk ends so long after the last slow sync."""


class Level(enum.IntEnum):
    """The numbers are those of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


class Judgement(NamedTuple):
    """How bad it is, and what it is, in words."""

    level: Level
    message: str


def judge(group: GroupView) -> Judgement:
    """What an operator should think of a robot's share in a group."""
    if group.left_because:
        return Judgement(Level.ERROR, group.left_because)
    if group.is_starting:
        return Judgement(Level.STALE, 'starting: its first record is not on the disk yet')
    worries = '; '.join(_worries(group))
    if worries:
        return Judgement(Level.WARN, worries)
    if group.role is Role.LEADER:
        return Judgement(Level.OK, f'leads term {group.term}')
    return Judgement(Level.OK, f'follows {group.leader} in term {group.term}')


def consensus_status(robot: RobotId, group: GroupView) -> DiagnosticStatus:
    """The judgement with the fields of muster_msgs/GroupStatus that led to it."""
    level, text = judge(group)
    fields = group_view_to_msg(group)
    values = {name: _plain(getattr(fields, name)) for name in fields.get_fields_and_field_types()}
    values['role'] = group.role.name.lower()
    return DiagnosticStatus(
        level=bytes([level]),
        name=f'{robot}: consensus',
        message=text_to_msg(text),
        hardware_id=robot,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )


def disk_view(writer: LogWriter) -> DiskView:
    """What the writer of a log has measured."""
    lately, recently = writer.sync_times.summary(), writer.sync_times.summary(RECENT_S)
    return DiskView(
        size_bytes=writer.bytes_on_disk,
        segments=writer.segments,
        sync_p50_s=lately.p50_s,
        sync_p99_s=lately.p99_s,
        recent_sync_p99_s=recently.p99_s,
    )


def _worries(group: GroupView) -> Iterator[str]:
    if not group.leader:
        yield (
            f'no leader is known in term {group.term}: '
            'a majority of the group must be able to talk to each other'
        )
    if group.is_handing_over:
        yield 'hands over: another robot is to lead'
    if group.is_forgetful:
        yield (
            'its log was repaired: it neither votes nor leads until the team has elected a leader '
            'whom it follows'
        )
    if group.write_pending_s > SLOW_DISK_S:
        yield f'the disk has not answered for {group.write_pending_s:.1f} s'
    if group.disk.recent_sync_p99_s > SLOW_DISK_S:
        yield (
            'the disk is slow: 1 % of the syncs of the last minute took '
            f'{_ms(group.disk.recent_sync_p99_s)} or more, which should be {_ms(SLOW_DISK_S)} '
            'at most'
        )


def _ms(seconds: float) -> str:
    return f'{1000 * seconds:.0f} ms'


def _plain(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f'{value:.6g}'
    return str(value)

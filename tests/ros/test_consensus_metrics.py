"""What real robots tell of their share in consensus, on /diagnostics and in their status."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from muster_msgs.msg import GroupStatus, Stop, TaskRequest, TaskSpec
from wire import Body, RobotProcesses, Wire

pytestmark = [pytest.mark.ros]
ALL = ('r1', 'r2', 'r3')
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR

AILING_DISK = """
import os, pathlib, time
def ailing(descriptor, sync=os.fdatasync):
    if pathlib.Path({broken!r}).exists():
        raise OSError(5, 'Input/output error')
    time.sleep({delay_s})
    sync(descriptor)
os.fdatasync = ailing
"""


def told(wire: Wire, robot: str) -> tuple[bytes, str]:
    """Level and message of a robot's diagnostics."""
    status = wire.diagnostics.get(f'{robot}: consensus', DiagnosticStatus(level=b'\xff'))
    return status.level, status.message


def numbers(wire: Wire, robot: str) -> dict[str, str]:
    return {one.key: one.value for one in wire.diagnostics[f'{robot}: consensus'].values}


def group(wire: Wire, robot: str) -> GroupStatus:
    (one,) = wire.status[robot].groups
    return one


def leader_beyond(wire: Wire, index: int) -> str:
    """Who leads, and has committed more than this, by its status and its diagnostics."""
    for robot in ALL:
        if wire.status[robot].groups and group(wire, robot).role == GroupStatus.LEADER:
            values = numbers(wire, robot)
            is_told = values['role'] == 'leader' and int(values['commit_index']) > index
            if is_told and group(wire, robot).commit_index > index:
                return robot
    return ''


def submit(wire: Wire, request_id: str) -> None:
    spec = TaskSpec(kind='go_to', stops=[Stop(place='east')], robots_needed=1)
    wire.requests.publish(
        TaskRequest(request_id=request_id, operation=TaskRequest.SUBMIT, spec=spec)
    )


def test_numbers_of_a_team_are_alive(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    robots.start('r1')
    wire.until(lambda: told(wire, 'r1')[0] == WARN, 'a robot alone that warns')
    assert told(wire, 'r1')[1].startswith('no leader is known in term ')

    for robot in ('r2', 'r3'):
        robots.start(robot)
    wire.until(lambda: all(told(wire, robot)[0] == OK for robot in ALL), 'a team that is well')
    wire.until(lambda: leader_beyond(wire, 0), 'a leader')
    wire.until(lambda: wire.requests.get_subscription_count() == 3, 'all robots hear requests')
    before = max(group(wire, robot).commit_index for robot in ALL)

    submit(wire, 'first')
    wire.until(lambda: wire.responses, 'an answer')
    wire.until(lambda: leader_beyond(wire, before), 'the commit of a leader')
    leader = leader_beyond(wire, before)
    shown, values = group(wire, leader), numbers(wire, leader)
    assert (shown.group, shown.leader) == ('alpha', leader)
    assert (shown.term, shown.role) == (wire.status[leader].term, wire.status[leader].raft_role)
    assert shown.commit_index <= shown.last_index
    assert 0 < shown.commit_p50_s <= shown.commit_p99_s
    assert 0 < shown.sync_p50_s <= shown.sync_p99_s
    assert shown.sync_p50_s <= shown.write_p99_s
    assert shown.terms_led >= 1
    assert shown.disk_segments >= 1
    assert shown.disk_bytes > shown.log_bytes > 0
    assert told(wire, leader) == (OK, f'leads term {values["term"]}')
    assert math.isfinite(float(values['commit_p50_s']))
    for robot in ALL:
        wire.until(lambda robot=robot: group(wire, robot).applied_index > before, 'it everywhere')
        assert math.isfinite(group(wire, robot).sync_p50_s)


def test_a_disk_that_is_slow_and_then_fails_is_told(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body], tmp_path: Path
) -> None:
    robots.only('r1')
    broken = tmp_path / 'broken'
    robots.start('r1', prelude=AILING_DISK.format(broken=str(broken), delay_s=0.2))
    wire.until(lambda: 'the disk is slow' in told(wire, 'r1')[1], 'a warning')
    wire.until(lambda: group(wire, 'r1').sync_p50_s > 0.2, 'the delay was felt')
    assert told(wire, 'r1')[0] == WARN

    wire.until(lambda: wire.team is not None and wire.team.robots[0].is_fit, 'a team of one')
    broken.touch()
    submit(wire, 'too late')
    wire.until(lambda: told(wire, 'r1')[0] == ERROR, 'an error')
    assert 'Input/output error' in told(wire, 'r1')[1]
    wire.until(lambda: group(wire, 'r1').left_because, 'the same in its status')
    assert group(wire, 'r1').left_because == told(wire, 'r1')[1]
    assert not robots.has_ended('r1')

"""What a robot does when its files, its peers, its time or its own program are wrong."""

from __future__ import annotations

import os
import signal
from array import array
from pathlib import Path

import pytest
from muster_msgs.msg import Envelope, Stop, Task, TaskRequest, TaskSpec
from rosgraph_msgs.msg import Clock
from wire import Body, RobotProcesses, Wire

pytestmark = [pytest.mark.ros]
ALL = ('r1', 'r2', 'r3')


def written(segment: Path) -> int:
    """Bytes of a segment of the log, without the zeros that are written ahead."""
    return len(segment.read_bytes().rstrip(b'\0'))


def test_a_robot_that_is_not_in_the_team_is_told_so(robots: RobotProcesses) -> None:
    robots.start('r9')
    assert robots.wait('r9') == os.EX_CONFIG
    log = robots.log_file('r9').read_text()
    assert log == "'r9' is not in team 'trio', whose robots are r1, r2, r3\n"


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (('-p', 'rate_hz:=1000.0'), '/r1/skills: parameter rate_hz: '),
        (('-p', 'tick_rate_hz:=fast'), '/r1/coordinator: parameter tick_rate_hz: '),
        (('--params-file', 'nowhere.yaml'), '--ros-args: '),
    ],
)
def test_a_wrong_parameter_is_named(
    robots: RobotProcesses, arguments: tuple[str, ...], complaint: str
) -> None:
    robots.start('r1', *arguments)
    assert robots.wait('r1') == os.EX_CONFIG
    log = robots.log_file('r1').read_text()
    assert complaint in log
    assert 'Traceback' not in log


def test_a_second_process_of_a_robot_is_refused(robots: RobotProcesses, wire: Wire) -> None:
    robots.start('r1')
    wire.until(lambda: 'r1' in wire.status, 'the first process')
    first = robots.pid('r1')
    with RobotProcesses(robots.team_file, robots.data) as others:
        others.start('r1')
        assert others.wait('r1') == os.EX_IOERR
    assert f'in use by process {first}' in robots.log_file('r1').read_text()
    assert not robots.has_ended('r1')


def test_a_damaged_log_keeps_the_robot_out_of_the_team(
    robots: RobotProcesses, wire: Wire, tmp_path: Path
) -> None:
    robots.start('r1')
    wire.until(lambda: 'r1' in wire.status, 'the robot')
    assert robots.stop('r1') == os.EX_OK
    segment = tmp_path / 'r1' / 'log' / '00000001.wal'
    image = bytearray(segment.read_bytes())
    image[written(segment) // 2] ^= 1
    segment.write_bytes(image)
    robots.start('r1')
    assert robots.wait('r1') == os.EX_IOERR
    assert f'{segment}: ' in robots.log_file('r1').read_text()
    assert segment.read_bytes() == image


def test_nothing_is_acknowledged_once_the_disk_is_full(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    robots.only('r1')
    robots.start('r1')
    wire.until(lambda: wire.team is not None and wire.team.robots[0].is_fit, 'a team of one')
    robots.kill('r1')
    full = written(robots.data / 'r1' / 'log' / '00000001.wal') + 1000
    robots.start(
        'r1',
        prelude=f'import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({full}, {full}))',
    )
    wire.until(lambda: wire.status['r1'].incarnation == 2, 'the robot on its small disk')
    spec = TaskSpec(kind='go_to', stops=[Stop(place='east')], robots_needed=1)
    for number in range(10):
        wire.requests.publish(
            TaskRequest(request_id=f'{number}', operation=TaskRequest.SUBMIT, spec=spec)
        )
    wire.until(lambda: 'storage_failed' in wire.warnings(), 'an alert')
    assert 'File too large' in wire.warnings()['storage_failed']
    assert wire.stays(lambda: len(wire.responses) < 10, seconds=1.0)
    assert not robots.has_ended('r1')
    acknowledged = {one.request_id for one in wire.responses}
    robots.kill('r1')

    robots.start('r1')
    wire.until(lambda: wire.status['r1'].incarnation == 3, 'the robot with room again')
    wire.until(lambda: wire.tasks is not None and wire.tasks.term > 2, 'its ledger')
    assert wire.tasks is not None
    assert acknowledged <= {task.request_id for task in wire.tasks.tasks}


def test_an_error_that_nobody_foresaw_ends_the_process_in_order(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    prelude = (
        'from muster.ros.request_desk import RequestDesk\n'
        'RequestDesk._receive = lambda self, message: {}[message.request_id]'
    )
    robots.start('r1', prelude=prelude)
    wire.until(lambda: 'r1' in wire.status and bodies['r1'].commands, 'the robot')
    wire.requests.publish(TaskRequest(request_id='the culprit'))
    wire.until(lambda: 'internal_error' in wire.warnings(), 'an alert')
    assert wire.warnings()['internal_error'].startswith("KeyError: 'the culprit'")
    assert robots.wait('r1') == os.EX_SOFTWARE
    lines = robots.log_file('r1').read_text().splitlines()
    log = [line for line in lines if 'consensus: ' not in line]
    assert len(log) == 1, log
    assert "KeyError: 'the culprit'" in log[0]
    assert bodies['r1'].commands[-1].linear.x == 0.0

    robots.start('r1')
    wire.until(lambda: wire.status['r1'].incarnation == 2, 'the robot again')


def test_envelopes_of_strangers_and_liars_are_counted_and_dropped(
    robots: RobotProcesses, wire: Wire
) -> None:
    robots.start('r1')
    wire.until(lambda: 'r1' in wire.status, 'the robot')
    good = {
        'version': Envelope.VERSION,
        'team': 'trio',
        'sender': 'r2',
        'recipient': 'r1',
        'kind': 'team.heartbeat',
        'incarnation': 1,
    }
    bad = (
        {'version': 2},
        {'team': 'quartet'},
        {'sender': 'mallory'},
        {'recipient': 'r3'},
        {'payload': array('B', b'\xc1not msgpack')},
        {'payload': array('B', bytes(300_000))},
        {'kind': 'raft.coup'},
        {'sender': 'r3', 'payload': array('B', b'')},
    )
    put = wire.inbox('r1')

    def dropped() -> int:
        return wire.status['r1'].envelopes_dropped

    while not dropped():  # the robot may discover this writer later than the writer does the robot
        put(Envelope(**{**good, **bad[0]}))
        wire.stays(lambda: not dropped(), 2.0)
    before = dropped()
    for number, flaw in enumerate(bad):
        put(Envelope(**{**good, 'sequence': number, **flaw}))
    wire.until(lambda: dropped() == before + len(bad), 'all dropped')
    told = [event.subject for event in wire.events if event.kind == 'envelope_dropped']
    assert sorted(told) == ['', 'r2', 'r3'], 'once per peer'
    assert not robots.has_ended('r1')


def test_simulated_time_is_waited_for(robots: RobotProcesses, wire: Wire) -> None:
    robots.start('r1', '-p', 'use_sim_time:=true')
    wire.until(lambda: b'waiting for /clock' in robots.log_file('r1').read_bytes(), 'a hint')
    assert wire.status == {}
    clock = wire.node.create_publisher(Clock, '/clock', 1)
    now = Clock()
    now.clock.sec = 7
    wire.node.create_timer(0.05, lambda: clock.publish(now))
    wire.until(lambda: 'r1' in wire.status, 'the robot')
    assert wire.status['r1'].stamp.sec == 7


@pytest.mark.slow
def test_a_robot_that_was_paused_does_no_stale_work(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    """SIGSTOP for longer than a lease; meanwhile another robot takes the work over."""
    for robot in ALL:
        robots.start(robot)
    wire.until(
        lambda: wire.team is not None and all(one.is_fit for one in wire.team.robots), 'a team'
    )
    spec = TaskSpec(
        kind='go_to',
        stops=[Stop(place=place) for place in ('east', 'middle')],
        robots_needed=1,
        exclusive=True,
    )
    wire.requests.publish(
        TaskRequest(request_id='patrol', operation=TaskRequest.SUBMIT, spec=spec)
    )
    wire.until(lambda: 'execution_started' in wire.kinds(), 'work')
    paused = next(event.robot for event in wire.events if event.kind == 'execution_started')
    wire.until(lambda: bodies[paused].commands[-1].linear.x != 0.0, 'a moving body')
    robots.signal(paused, signal.SIGSTOP)
    before = len(bodies[paused].commands)
    wire.until(lambda: wire.kinds().count('execution_started') == 2, 'another takes over')
    robots.signal(paused, signal.SIGCONT)
    wire.until(lambda: 'execution_ended' in wire.kinds(paused), 'it lets go')
    wire.until(lambda: len(bodies[paused].commands) > before + 5, 'it commands its body')
    late = bodies[paused].commands[before + 2 :]  # what was in flight at the pause is not counted
    assert all(command.linear.x == 0.0 and command.angular.z == 0.0 for command in late)
    wire.until(
        lambda: wire.tasks is not None and wire.tasks.tasks[0].state == Task.DONE, 'it is done'
    )
    assert wire.tasks is not None
    assert wire.tasks.tasks[0].robot != paused

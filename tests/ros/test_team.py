"""Robots as real processes on real DDS."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from muster_msgs.msg import Stop, Task, TaskRequest, TaskSpec
from wire import Body, RobotProcesses, Wire

from muster.runtime.wal import WriteAheadLog

pytestmark = [pytest.mark.ros]
ALL = ('r1', 'r2', 'r3')


def start_all(robots: RobotProcesses, wire: Wire) -> str:
    """Start the team; returns its leader once everybody follows it and has been heard."""
    for robot in ALL:
        robots.start(robot)
    wire.until(lambda: agreed_leader(wire), 'a leader that all follow')
    wire.until(
        lambda: wire.team is not None and all(one.is_fit for one in wire.team.robots),
        'all robots fit',
    )
    return agreed_leader(wire)


def agreed_leader(wire: Wire, among: tuple[str, ...] = ALL) -> str:
    """The leader that all the robots follow; empty when they do not agree."""
    if not set(among) <= set(wire.status):
        return ''
    leaders = {wire.status[robot].leader for robot in among}
    return leaders.pop() if len(leaders) == 1 else ''


def request(request_id: str, place: str) -> TaskRequest:
    spec = TaskSpec(kind='go_to', stops=[Stop(place=place)], robots_needed=1, exclusive=True)
    return TaskRequest(request_id=request_id, operation=TaskRequest.SUBMIT, spec=spec)


def submit(wire: Wire, message: TaskRequest, times: int = 1) -> None:
    wire.until(lambda: wire.requests.get_subscription_count() == 3, 'all robots hear requests')
    for _ in range(times):
        wire.requests.publish(message)


def tasks(wire: Wire) -> dict[str, Task]:
    return {task.request_id: task for task in wire.tasks.tasks} if wire.tasks else {}


def test_three_robots_elect_one_leader(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    leader = start_all(robots, wire)
    assert wire.status[leader].raft_role == 2
    assert {wire.status[robot].term for robot in ALL} == {wire.status[leader].term}
    assert wire.team is not None
    assert wire.team.leader == leader
    assert wire.team.has_quorum
    assert wire.status['r1'].process_id == robots.pid('r1')
    assert wire.status['r1'].host == os.uname().nodename
    numbers = [event.sequence for event in wire.events if event.robot == leader]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [robots.stop(robot) for robot in ALL] == [0, 0, 0]


def test_a_killed_leader_is_replaced_and_comes_back_as_it_was(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body], tmp_path: Path
) -> None:
    leader = start_all(robots, wire)
    submit(wire, request('first', 'east'))
    wire.until(lambda: tasks(wire).get('first') is not None, 'the task in the ledger')
    before = wire.status[leader]
    wire.until(
        lambda: wire.status[leader].applied_index >= wire.tasks.log_index, 'the task in its status'
    )
    assert robots.kill(leader) == -signal.SIGKILL
    others = tuple(robot for robot in ALL if robot != leader)
    wire.until(lambda: agreed_leader(wire, others) in others, 'one of the others leads')
    wire.until(lambda: wire.team.leader in others, 'and says so')
    assert tasks(wire).get('first') is not None

    robots.start(leader)
    wire.until(
        lambda: wire.status[leader].incarnation == before.incarnation + 1, 'the next incarnation'
    )
    wire.until(lambda: agreed_leader(wire), 'it follows with the others')
    assert wire.status[leader].term > before.term
    wire.until(lambda: tasks(wire)['first'].state == Task.DONE, 'the task done')


def test_a_robot_alone_remembers_its_term_after_kill_9(
    robots: RobotProcesses, wire: Wire, tmp_path: Path
) -> None:
    robots.only('r1')
    robots.start('r1')
    wire.until(
        lambda: 'r1' in wire.status and wire.status['r1'].commit_index > 0, 'it leads itself'
    )
    first = wire.status['r1']
    robots.kill('r1')
    with WriteAheadLog(tmp_path / 'r1' / 'log', 'trio/r1') as log:
        assert log.torn is None
        assert log.read()
    robots.start('r1')
    wire.until(lambda: wire.status['r1'].incarnation == 2, 'the second incarnation')
    wire.until(
        lambda: wire.status['r1'].commit_index > first.commit_index, 'it leads itself again'
    )
    assert wire.status['r1'].leader == 'r1'
    assert wire.status['r1'].term > first.term


def test_a_request_sent_three_times_to_all_makes_one_task_and_is_carried_out(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    leader = start_all(robots, wire)
    submit(wire, request('once', 'middle'), times=3)
    wire.until(lambda: tasks(wire).get('once') is not None, 'the task in the ledger')
    wire.until(lambda: tasks(wire)['once'].state == Task.DONE, 'the task done')
    answers = [one for one in wire.responses if one.request_id == 'once']
    assert answers
    assert all(one.accepted and one.answered_by == leader for one in answers)
    assert {one.task_id for one in answers} == {tasks(wire)['once'].id}
    assert list(tasks(wire)) == ['once']
    assert wire.kinds().count('execution_started') == 1
    assert wire.kinds().count('execution_ended') == 1
    performer = tasks(wire)['once'].robot
    assert abs(bodies[performer].pose.x - 2.0) < 0.5
    assert bodies[performer].commands[-1].linear.x == 0.0


def test_what_cannot_be_done_is_refused_with_a_reason(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    start_all(robots, wire)
    nonsense = request('no such place', 'moon')
    malformed = request('malformed', 'east')
    malformed.spec.parameters = '{"a": '
    not_a_number = request('not a number', 'east')
    not_a_number.spec.duration_s = float('nan')
    oversize = request('oversize', 'east')
    oversize.spec.parameters = '{"a": "' + 'x' * 200_000 + '"}'
    unknown = request('unknown operation', 'east')
    unknown.operation = 99
    for message in (nonsense, malformed, not_a_number, oversize, unknown):
        submit(wire, message)
    wire.until(lambda: len({one.request_id for one in wire.responses}) == 5, 'five answers')
    assert not any(one.accepted for one in wire.responses)
    assert all(one.reason for one in wire.responses)
    assert not any(robots.has_ended(robot) for robot in ALL)

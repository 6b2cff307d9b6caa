"""What operators ask of a running team besides work: why, otherwise, by others, not that way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from muster_msgs.msg import Explanation, Task, TaskRequest
from muster_msgs.srv import ExplainTask
from test_team import ALL, agreed_leader, request, start_all, submit, tasks
from wire import Body, RobotProcesses, Wire

from muster.ros import names

pytestmark = [pytest.mark.ros]


def ask(wire: Wire, robot: str, task_id: str) -> ExplainTask.Response:
    """What a robot answers when it is asked to explain a task."""
    client = wire.node.create_client(ExplainTask, f'/{robot}/{names.EXPLAIN_TASK}')
    wire.until(client.service_is_ready, f'{robot} can be asked')
    future = client.call_async(ExplainTask.Request(task_id=task_id))
    wire.until(future.done, f'{robot} answers')
    return future.result()


def refusals(explanation: Explanation) -> dict[str, str]:
    return {one.robot: one.reason for one in explanation.refusals}


def asked(wire: Wire, operation: int, **fields: Any) -> None:
    """Put a request that is accepted."""
    name = f'request {len(wire.responses)}'
    submit(wire, TaskRequest(request_id=name, operation=operation, **fields))
    wire.until(lambda: any(one.request_id == name for one in wire.responses), 'an answer')
    (answer, *_) = (one for one in wire.responses if one.request_id == name)
    assert answer.accepted, answer.reason


def test_why_is_told_by_the_leader_while_a_task_waits_and_by_anybody_afterwards(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body], tmp_path: Path
) -> None:
    hall = tmp_path / 'hall.yaml'
    text = hall.read_text().replace('bounds: [-1, -2, 6, 2]', 'bounds: [-1, -2, 12, 2]')
    text = text.replace('lanes:', '  far: {x: 10.0, y: 0.0}\nlanes:\n  - [east, far]')
    hall.write_text(text)
    leader = start_all(robots, wire)
    asked(wire, TaskRequest.CLOSE_LANE, lane_from='far', lane_to='east')
    submit(wire, request('beyond', 'far'))
    wire.until(lambda: 'beyond' in tasks(wire), 'the task in the ledger')
    task_id = tasks(wire)['beyond'].id
    told: list[ExplainTask.Response] = []

    def is_ruled_out() -> bool:
        told.append(ask(wire, leader, task_id))
        return len(told[-1].explanation.refusals) == len(ALL)

    wire.until(is_ruled_out, 'an auction without offers')
    assert (told[-1].found, told[-1].is_leader, told[-1].answered_by) == (True, True, leader)
    waiting = told[-1].explanation
    assert set(refusals(waiting).values()) == {'there is no way to it on the roadmap'}
    assert list(waiting.waits_for) == ['a way to it: the lane between east and far is closed']

    asked(wire, TaskRequest.OPEN_LANE, lane_from='east', lane_to='far')
    wire.until(lambda: tasks(wire)['beyond'].state >= Task.AWARDED, 'somebody has it')
    winner = tasks(wire)['beyond'].robot
    robots.kill(leader)
    (other, *_) = (robot for robot in ALL if robot != leader)
    wire.until(lambda: ask(wire, other, task_id).explanation.state >= Task.AWARDED, 'it knows')
    answer = ask(wire, other, task_id)
    account = answer.explanation
    assert (answer.answered_by, account.how) == (other, 'auction')
    assert (account.offers[0].robot, account.offers[0].won) == (winner, True)
    assert len(account.offers) == 3
    assert f'{winner} ' in account.summary
    assert 'Runner-up: ' in account.summary
    for offer in account.offers:
        assert abs(sum(term.cost for term in offer.terms) - offer.cost) < 0.02
    assert not ask(wire, other, 'task_0099').found


def test_a_task_is_changed_and_taken_back_while_it_is_done(
    robots: RobotProcesses, wire: Wire, bodies: dict[str, Body]
) -> None:
    start_all(robots, wire)
    submit(wire, request('walk', 'east'))

    def is_at(attempt: int) -> bool:
        task = tasks(wire).get('walk')
        return task is not None and task.state == Task.EXECUTING and task.attempt == attempt

    wire.until(lambda: is_at(1), 'the first attempt')
    task = tasks(wire)['walk']
    asked(wire, TaskRequest.TAKE_BACK, task_id=task.id)
    wire.until(lambda: is_at(2), 'another has it')
    second = tasks(wire)['walk']
    assert second.robot != task.robot
    assert list(second.crew) == [second.robot]
    spec = second.spec
    spec.stops[0].place = 'west'
    asked(wire, TaskRequest.AMEND, task_id=task.id, spec=spec)
    wire.until(lambda: tasks(wire)['walk'].state == Task.DONE, 'the task done')
    third = tasks(wire)['walk']
    assert (third.attempt, third.spec.stops[0].place) == (3, 'west')
    assert third.robot != task.robot
    assert abs(bodies[third.robot].pose.x) < 0.5
    assert agreed_leader(wire)
    assert wire.kinds().count('execution_started') == wire.kinds().count('execution_ended') == 3
    assert {'task_taken_back', 'task_amended'} <= set(wire.kinds())

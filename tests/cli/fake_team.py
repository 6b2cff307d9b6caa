"""A process that talks like a team: one leader's word, two robots, a ledger that takes requests.

It stands in for real robots where only the operator's side is tested. Started by the fixture
`team`.
"""

from __future__ import annotations

import argparse
import math
from functools import partial

import msgspec
from muster_msgs import msg as ros
from muster_msgs.srv import ExplainTask
from rclpy.node import Node

from muster.core.allocation.account import Account, Offer, encode_account
from muster.core.coordinator.effects import Report
from muster.core.coordinator.explanation import explain
from muster.core.coordinator.views import (
    DiskView,
    GroupView,
    RobotSummary,
    RobotView,
    Role,
    TeamView,
)
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import Task
from muster.core.types import Amend, Pose2D, Response, SetLane, Submit, TakeBack, TaskState
from muster.dashboard.ros_session import RosSession
from muster.ros import names, qos
from muster.ros.conversions import (
    explanation_to_msg,
    report_to_msg,
    request_from_msg,
    response_to_msg,
    robot_view_to_msg,
    task_to_msg,
    team_view_to_msg,
)

ROBOTS = ('g1_1', 'g1_2')
TERM = 3
ACCOUNT = Account(
    'auction',
    4,
    TERM,
    (Offer('g1_2', (500, 0, 300)), Offer('g1_1', (900, 250, 300))),
    {'g1_3': 'lacks arms'},
    ('g1_4',),
)


class FakeTeam:
    """Accepts every kind but `dance`, and has each task done a moment later."""

    def __init__(self, node: Node, deaf: int, ends_as: TaskState, explains: str) -> None:
        self._node = node
        self._deaf = deaf
        self._ends_as = ends_as
        self._tasks: dict[str, Task] = {}
        self._events = 0
        publish = node.create_publisher
        self._team = publish(ros.TeamStatus, names.TEAM_STATUS, qos.STATE)
        self._array = publish(ros.TaskArray, names.TEAM_TASKS, qos.STATE)
        self._event = publish(ros.Event, names.TEAM_EVENTS, qos.EVENTS)
        self._response = publish(ros.TaskResponse, names.TASK_RESPONSES, qos.REQUESTS)
        self._robots = {
            robot: publish(ros.RobotStatus, f'/{robot}/{names.STATUS}', qos.STATE)
            for robot in ROBOTS
        }
        node.create_subscription(ros.TaskRequest, names.TASK_REQUESTS, self._hear, qos.REQUESTS)
        node.create_timer(0.1, self._tell)
        for robot in explains.split():
            node.create_service(
                ExplainTask, f'/{robot}/{names.EXPLAIN_TASK}', partial(self._explain, robot)
            )

    def _by_id(self, task_id: str) -> Task:
        return next(task for task in self._tasks.values() if task.id == task_id)

    def _explain(
        self, robot: str, request: ExplainTask.Request, response: ExplainTask.Response
    ) -> ExplainTask.Response:
        ledger = Ledger()
        for task in self._tasks.values():
            ledger.enter(task)
        found = explain(ledger, request.task_id, self._now())
        response.answered_by = robot
        response.is_leader = robot == 'g1_1'
        response.found = found is not None
        if found is not None:
            response.explanation = explanation_to_msg(found)
        return response

    def _hear(self, message: ros.TaskRequest) -> None:
        if self._deaf > 0:
            self._deaf -= 1
            return
        request = request_from_msg(message)
        assert not isinstance(request, str)
        if isinstance(request, SetLane):
            self._say('lane_closed' if request.is_closed else 'lane_opened', request.a)
            answer = Response(request.request_id, True)
        elif isinstance(request, Amend):
            known = self._by_id(request.task_id)
            changed = msgspec.structs.replace(known, amended=request.spec, trouble='changed')
            self._tasks[known.request_id] = changed
            answer = Response(request.request_id, True, known.id)
        elif isinstance(request, TakeBack):
            answer = Response(request.request_id, True, request.task_id)
        elif not isinstance(request, Submit):
            answer = Response(request.request_id, False, reason='nothing can be cancelled here')
        elif request.spec.kind == 'dance':
            answer = Response(request.request_id, False, reason="no robot has a skill 'dance'")
        else:
            known = self._tasks.get(request.request_id)
            task = known or Task(
                id=f'task_{len(self._tasks) + 1:04d}',
                request_id=request.request_id,
                spec=request.spec,
                state=TaskState.EXECUTING,
                robot='g1_2',
                crew=('g1_2',),
                attempt=1,
                award_reason='cheapest of 2',
                account=encode_account(ACCOUNT),
                awarded_at=self._now(),
                submitted_at=self._now(),
                started_at=self._now(),
            )
            self._tasks[request.request_id] = task
            answer = Response(request.request_id, True, task.id)
            self._say('task_submitted', task.id)
        self._response.publish(response_to_msg(answer, 'g1_1'))

    def _tell(self) -> None:
        for request, task in self._tasks.items():
            if not task.state.is_final and self._now() - task.started_at > 0.5:
                self._tasks[request] = msgspec.structs.replace(
                    task, state=self._ends_as, ended_at=self._now(), detail='so it goes'
                )
        stamp = self._node.get_clock().now().to_msg()
        self._team.publish(team_view_to_msg(self._view(), stamp))
        tasks = [task_to_msg(task) for task in self._tasks.values()]
        self._array.publish(
            ros.TaskArray(stamp=stamp, leader='g1_1', term=TERM, log_index=9, tasks=tasks)
        )
        for robot, publisher in self._robots.items():
            publisher.publish(robot_view_to_msg(self._robot(robot)))

    def _say(self, kind: str, task_id: str) -> None:
        self._events += 1
        event = report_to_msg(Report(kind, task_id=task_id, detail='told by the fake'))
        event.robot, event.incarnation, event.sequence = 'g1_1', 1, self._events
        self._event.publish(event)

    def _now(self) -> float:
        return self._node.get_clock().now().nanoseconds * 1e-9

    def _view(self) -> TeamView:
        robots = tuple(
            RobotSummary(
                robot=robot,
                squad='alpha',
                is_alive=True,
                is_fit=True,
                unfit_reason='',
                battery=0.8,
                silent_s=0.1,
                task_id='',
                queued=0,
            )
            for robot in ROBOTS
        )
        return TeamView(
            team='fake',
            leader='g1_1',
            term=TERM,
            commit_index=9,
            has_quorum=True,
            robots=robots,
            tasks_pending=0,
            tasks_awarded=0,
            tasks_executing=0,
            tasks_done=0,
            tasks_failed=0,
            tasks_cancelled=0,
        )

    def _robot(self, robot: str) -> RobotView:
        role = Role.LEADER if robot == 'g1_1' else Role.FOLLOWER
        return RobotView(
            robot=robot,
            squad='alpha',
            incarnation=1,
            is_fit=True,
            unfit_reason='',
            pose=Pose2D(1.0, 2.0, 0.0),
            battery=0.8,
            capabilities=('walk',),
            task_id='',
            attempt=0,
            activity='',
            progress=0.0,
            schedule=(),
            raft_role=role,
            term=TERM,
            leader='g1_1',
            commit_index=9,
            applied_index=9,
            lease_remaining_s=2.0,
            groups=(self._group(role),),
        )

    def _group(self, role: Role) -> GroupView:
        return GroupView(
            group='alpha',
            role=role,
            term=TERM,
            leader='g1_1',
            is_starting=False,
            is_handing_over=False,
            left_because='',
            commit_index=9,
            applied_index=9,
            last_index=9,
            durable_index=9,
            snapshot_index=0,
            log_entries=9,
            log_bytes=900,
            elections_stood=int(role is Role.LEADER),
            terms_led=int(role is Role.LEADER),
            snapshots_taken=0,
            snapshots_installed=0,
            commit_p50_s=0.001 if role is Role.LEADER else math.nan,
            commit_p99_s=0.004 if role is Role.LEADER else math.nan,
            write_p50_s=0.001,
            write_p99_s=0.003,
            write_pending_s=0.0,
            disk=DiskView(size_bytes=65536, segments=1, sync_p50_s=0.0005, sync_p99_s=0.002),
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--deaf', type=int, default=0, help='requests that go unheard at first')
    parser.add_argument('--ends-as', default='DONE')
    parser.add_argument('--explains', default=' '.join(ROBOTS), help='robots that do')
    arguments = parser.parse_args()
    with RosSession('fake_team', {}) as session:
        ends_as = TaskState[arguments.ends_as]
        FakeTeam(session.node, arguments.deaf, ends_as, arguments.explains)
        session.spin(120.0)


if __name__ == '__main__':
    main()

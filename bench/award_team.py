"""Five real robots on real DDS, and an operator who asks them for work.

The robots are `muster_robot` processes with their logs on disk, every write synced. Their bodies
have nothing to do: tasks may not begin for a minute, so what is measured is how fast work is
accepted, auctioned and awarded, and not how fast robots walk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import rclpy
from muster_msgs.msg import Envelope, Event, RobotStatus, Stop, TaskRequest, TaskSpec, TeamStatus
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions

from muster.ros import names, qos

ROBOTS = ('r1', 'r2', 'r3', 'r4', 'r5')
CAPACITY = 1000
"""Of every robot's schedule: no award has to wait for work to be done."""
LATER_S = 50.0
"""[s] from now that tasks may begin, less than the look-ahead of auctions."""
PATIENCE_S = 60.0
PLACES = tuple(f'p{row}{column}' for row in range(5) for column in range(5))


class TeamError(Exception):
    """The team did not do what it should have."""


class AwardTeam:
    """The processes, and the operator's node in this one.

    Parameters
    ----------
    folder : for the robots' logs, emptied by the caller.
    domain : ROS domain; nobody else may use it.
    """

    def __init__(self, folder: Path, domain: int) -> None:
        self.awarded_at: dict[str, float] = {}
        """[s] monotonic, by request: when the operator heard of its award."""
        self.bytes_heard = 0
        """Of envelopes between robots, as they are on the wire; counted while `count_bytes`."""
        self._folder = folder
        self._environment = dict(
            os.environ,
            ROS_DOMAIN_ID=str(domain),
            ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST',
        )
        os.environ.update(ROS_DOMAIN_ID=str(domain), ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST')
        self._processes: list[subprocess.Popen[bytes]] = []
        self._requests: dict[str, str] = {}
        self._team: TeamStatus | None = None
        self._status: dict[str, RobotStatus] = {}

    def __enter__(self) -> AwardTeam:
        self._context = Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node('operator', context=self._context)
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self._node)
        listen = self._node.create_subscription
        listen(TeamStatus, names.TEAM_STATUS, self._on_team, qos.STATE)
        listen(Event, names.TEAM_EVENTS, self._on_event, qos.EVENTS)
        many = QoSProfile(depth=5000, reliability=qos.REQUESTS.reliability)
        self._publisher = self._node.create_publisher(TaskRequest, names.TASK_REQUESTS, many)
        self._odometry = [
            (
                self._node.create_publisher(Odometry, f'/{robot}/{names.ODOMETRY}', qos.SENSORS),
                4.0 * number,
            )
            for number, robot in enumerate(ROBOTS)
        ]
        self._node.create_timer(0.1, self._sense)
        try:
            team_file = self._write_files()
            for robot in ROBOTS:
                self._start(robot, team_file)
            self.until(self._is_ready, 'a team that is ready')
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)

    def submit(self, request_ids: list[str]) -> float:
        """Ask for one task per id, all at once; returns the moment before."""
        begins = time.time() + LATER_S
        messages = [
            TaskRequest(
                request_id=request_id,
                operation=TaskRequest.SUBMIT,
                spec=TaskSpec(
                    kind='go_to',
                    stops=[Stop(place=PLACES[number * 7 % len(PLACES)])],
                    robots_needed=1,
                    priority=100,
                    earliest_start_s=begins,
                    exclusive=True,
                    retries=2,
                    late_cost=1.0,
                    requester='bench',
                ),
            )
            for number, request_id in enumerate(request_ids)
        ]
        asked_at = time.monotonic()
        for message in messages:
            self._publisher.publish(message)
        return asked_at

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Spin until a condition holds.

        Raises
        ------
        TeamError
            it does not come to.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TeamError(f'not within {PATIENCE_S:.0f} s: {what}; see {self._folder}')
            self._executor.spin_once(timeout_sec=0.01)

    def spin(self, seconds: float) -> None:
        """Let time pass."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._executor.spin_once(timeout_sec=0.01)

    def count_bytes(self) -> None:
        """From now on, hear all that robots say to each other."""
        for robot in ROBOTS:
            self._node.create_subscription(
                Envelope, names.inbox_of(robot), self._on_envelope, qos.INBOX, raw=True
            )

    def _is_ready(self) -> bool:
        team = self._team
        return (
            team is not None
            and len(team.robots) == len(ROBOTS)
            and all(one.is_fit and one.is_alive for one in team.robots)
            and self._publisher.get_subscription_count() >= len(ROBOTS)
        )

    def _write_files(self) -> Path:
        places = ''.join(
            f'  {name}: {{x: {4.0 * int(name[1])}, y: {4.0 * int(name[2])}}}\n' for name in PLACES
        )
        lanes = ''.join(
            f'  - [{a}, {b}]\n'
            for a in PLACES
            for b in PLACES
            if a < b and abs(int(a[1]) - int(b[1])) + abs(int(a[2]) - int(b[2])) == 1
        )
        (self._folder / 'grid.yaml').write_text(
            f'name: grid\nbounds: [-2, -2, 18, 18]\nplaces:\n{places}lanes:\n{lanes}'
        )
        robots = ''.join(
            f'  - {{name: {robot}, squad: alpha, start: [{4.0 * number}, 0, 0], '
            'capabilities: [walk]}\n'
            for number, robot in enumerate(ROBOTS)
        )
        path = self._folder / 'five.yaml'
        path.write_text(
            f'team: five\nworld: grid.yaml\nrobots:\n{robots}'
            'skills:\n  go_to: {requires: [walk], stops: [1, 8]}\n'
            f'coordination: {{timing: lan, schedule_capacity: {CAPACITY}}}\n'
        )
        return path

    def _start(self, robot: str, team_file: Path) -> None:
        program = 'import sys\nfrom muster.ros.robot_process import main\nsys.exit(main())'
        command = [sys.executable, '-c', program, '--team', str(team_file)]
        command += ['--robot', robot, '--data', str(self._folder)]
        with (self._folder / f'{robot}.log').open('ab') as log:
            self._processes.append(
                subprocess.Popen(
                    command, stdout=log, stderr=subprocess.STDOUT, env=self._environment
                )
            )

    def _sense(self) -> None:
        for publisher, x in self._odometry:
            message = Odometry()
            message.pose.pose.position.x = x
            message.pose.pose.orientation.w = 1.0
            publisher.publish(message)

    def _on_team(self, message: TeamStatus) -> None:
        self._team = message

    def _on_event(self, message: Event) -> None:
        now = time.monotonic()
        if message.kind == 'task_submitted':
            request_id = message.data.split('"request_id":"')[1].split('"')[0]
            self._requests[message.task_id] = request_id
        elif message.kind == 'task_awarded' and message.task_id in self._requests:
            self.awarded_at.setdefault(self._requests[message.task_id], now)

    def _on_envelope(self, serialized: bytes) -> None:
        self.bytes_heard += len(serialized)

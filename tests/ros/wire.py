"""What a test sees of a team on real DDS, and the bodies that it lends to the robots."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Twist
from muster_msgs.msg import (
    Alert,
    Envelope,
    Event,
    RobotStatus,
    TaskArray,
    TaskRequest,
    TaskResponse,
    TeamStatus,
)
from nav_msgs.msg import Odometry
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.signals import SignalHandlerOptions

from muster.core.types import Pose2D
from muster.ros import names, qos

PATIENCE_S = 60.0
BODY_PERIOD_S = 0.05


class Wire:
    """A node of the test: hears everything that a team publishes, and spins while it waits."""

    def __init__(self, robots: Iterable[str]) -> None:
        self._context = Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node('observer', context=self._context)
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.status: dict[str, RobotStatus] = {}
        self.diagnostics: dict[str, DiagnosticStatus] = {}
        """By name, e.g. `r1: consensus`."""
        self.events: list[Event] = []
        self.alerts: list[Alert] = []
        self.responses: list[TaskResponse] = []
        self.team: TeamStatus | None = None
        self.tasks: TaskArray | None = None
        listen = self.node.create_subscription
        for robot in robots:
            listen(RobotStatus, f'/{robot}/{names.STATUS}', self._on_status, qos.STATE)
        listen(DiagnosticArray, names.DIAGNOSTICS, self._on_diagnostics, qos.DIAGNOSTICS)
        listen(Event, names.TEAM_EVENTS, self.events.append, qos.EVENTS)
        listen(Alert, names.TEAM_ALERTS, self.alerts.append, qos.ALERTS)
        listen(TaskResponse, names.TASK_RESPONSES, self.responses.append, qos.REQUESTS)
        listen(TeamStatus, names.TEAM_STATUS, self._on_team, qos.STATE)
        listen(TaskArray, names.TEAM_TASKS, self._on_tasks, qos.STATE)
        self.requests = self.node.create_publisher(TaskRequest, names.TASK_REQUESTS, qos.REQUESTS)

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def until(
        self, condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S
    ) -> None:
        """Spin until the condition holds; fails the test when it does not come to."""
        deadline = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < deadline, f'not within {patience_s:.0f} s: {what}'
            self._executor.spin_once(timeout_sec=0.02)

    def stays(self, condition: Callable[[], object], seconds: float) -> bool:
        """Whether the condition holds all the time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not condition():
                return False
            self._executor.spin_once(timeout_sec=0.02)
        return True

    def kinds(self, robot: str = '') -> list[str]:
        """Kinds of the events heard, of one robot or of all."""
        return [event.kind for event in self.events if robot in ('', event.robot)]

    def warnings(self) -> dict[str, str]:
        """Texts of the alerts heard, by code."""
        return {alert.code: alert.text for alert in self.alerts}

    def inbox(self, robot: str) -> Callable[[Envelope], None]:
        """A way to put envelopes into a robot's inbox."""
        publisher = self.node.create_publisher(Envelope, names.inbox_of(robot), qos.INBOX)
        self.until(lambda: publisher.get_subscription_count() > 0, f'inbox of {robot}')
        return publisher.publish

    def _on_status(self, message: RobotStatus) -> None:
        self.status[message.robot] = message

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.diagnostics |= {status.name: status for status in message.status}

    def _on_team(self, message: TeamStatus) -> None:
        self.team = message

    def _on_tasks(self, message: TaskArray) -> None:
        self.tasks = message


class Body:
    """A body without dynamics: it does at once what it is told, and says where it is."""

    def __init__(self, wire: Wire, robot: str, start: Pose2D) -> None:
        self.pose = start
        self.commands: list[Twist] = []
        self._odometry = wire.node.create_publisher(
            Odometry, f'/{robot}/{names.ODOMETRY}', qos.SENSORS
        )
        wire.node.create_subscription(
            Twist, f'/{robot}/{names.COMMAND}', self.commands.append, qos.COMMANDS
        )
        self._timer = wire.node.create_timer(BODY_PERIOD_S, self._move)

    def cut_sensors(self) -> None:
        self._timer.cancel()

    def _move(self) -> None:
        if self.commands:
            twist, pose = self.commands[-1], self.pose
            cos, sin = math.cos(pose.yaw), math.sin(pose.yaw)
            vx, vy = twist.linear.x, twist.linear.y
            self.pose = Pose2D(
                pose.x + BODY_PERIOD_S * (vx * cos - vy * sin),
                pose.y + BODY_PERIOD_S * (vx * sin + vy * cos),
                pose.yaw + BODY_PERIOD_S * twist.angular.z,
            )
        message = Odometry()
        message.pose.pose.position.x = self.pose.x
        message.pose.pose.position.y = self.pose.y
        message.pose.pose.orientation.z = math.sin(self.pose.yaw / 2)
        message.pose.pose.orientation.w = math.cos(self.pose.yaw / 2)
        self._odometry.publish(message)


class RobotProcesses:
    """Real `muster_robot` processes, ended by pid however the test ends."""

    def __init__(self, team_file: Path, data: Path) -> None:
        self.team_file = team_file
        self.data = data
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> RobotProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for robot in list(self._running):
            self.kill(robot)

    def only(self, robot: str) -> None:
        """Make it a team of one."""
        lines = self.team_file.read_text().splitlines()
        kept = [line for line in lines if '- {name' not in line or f'name: {robot},' in line]
        self.team_file.write_text('\n'.join(kept))

    def start(self, robot: str, *ros_arguments: str, prelude: str = '') -> None:
        """Start a robot; `prelude` is Python that runs before it, to break something."""
        program = (
            f'{prelude}\nimport sys\nfrom muster.ros.robot_process import main\nsys.exit(main())'
        )
        command = [sys.executable, '-c', program, '--team', str(self.team_file)]
        command += ['--robot', robot, '--data', str(self.data)]
        if ros_arguments:
            command += ['--ros-args', *ros_arguments]
        with self.log_file(robot).open('ab') as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, 'ROS_PYTHON_CHECK_FIELDS': '1'},
            )
        self._running[robot] = process

    def log_file(self, robot: str) -> Path:
        return self.data / f'{robot}.log'

    def pid(self, robot: str) -> int:
        return self._running[robot].pid

    def signal(self, robot: str, number: int) -> None:
        os.kill(self.pid(robot), number)

    def has_ended(self, robot: str) -> bool:
        return self._running[robot].poll() is not None

    def wait(self, robot: str) -> int:
        """The exit status of a process that ends by itself."""
        try:
            return self._running[robot].wait(PATIENCE_S)
        finally:
            self.kill(robot)

    def kill(self, robot: str) -> int:
        """SIGKILL, as a crash; returns the exit status (of its own, if it was over already)."""
        process = self._running.pop(robot)
        if process.poll() is None:
            process.kill()
        return process.wait()

    def stop(self, robot: str) -> int:
        """SIGTERM, and the exit status."""
        process = self._running.pop(robot)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

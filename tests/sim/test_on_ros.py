"""The simulator as other nodes meet it: clock, sensors, velocities, grip, failures, and its
end."""

from __future__ import annotations

import math
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import rclpy
from geometry_msgs.msg import PoseArray, Twist, Vector3
from muster_msgs.msg import RobotStatus, SensedObjects
from muster_msgs.srv import InjectFailure
from nav_msgs.msg import Odometry
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.experimental import EventsExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rmw_test_fixture_implementation import RMWTestIsolator
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import BatteryState, Imu, JointState
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

PROGRAM = str(Path(sys.executable).with_name('muster_sim'))
pytestmark = [pytest.mark.ros, pytest.mark.physics]

TEAM = """
team: pair
world: warehouse
skills: {}
robots:
  - {name: one, squad: alpha, start: [4.0, 0.0, 0.0]}
  - {name: two, squad: alpha, start: [0.2, 0.0, 0.0], battery: 0.5}
"""
DEADLINE_S = 60.0
TOPICS = {
    'odom': Odometry,
    'imu': Imu,
    'joint_states': JointState,
    'battery': BatteryState,
    'neighbours': PoseArray,
    'is_fallen': Bool,
    'is_holding': Bool,
    'objects': SensedObjects,
}


class Probe:
    """A node that listens to robot `one` and talks to the simulator."""

    def __init__(self, team: Path, *options: str) -> None:
        self.simulator = subprocess.Popen(
            [PROGRAM, '--team', str(team), *options], stderr=subprocess.PIPE, text=True
        )
        rclpy.init()
        self.node = rclpy.create_node('probe')
        self.newest: dict[str, Any] = {}
        self.counts: dict[str, int] = {}
        for name, kind in TOPICS.items():
            self._listen(name, kind, f'/one/{name}')
        self._listen('clock', Clock, '/clock')
        self._velocity = self.node.create_publisher(Twist, '/one/cmd_vel', qos_profile_sensor_data)
        self._command: Twist | None = None
        self.node.create_timer(0.05, self._publish)
        self._executor = EventsExecutor()
        self._executor.add_node(self.node)

    def close(self) -> None:
        self.simulator.kill()
        self.simulator.communicate()
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown()

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, f'waited in vain for {what}'
            assert self.simulator.poll() is None, self.simulator.communicate()[1]
            self._executor.spin_once(timeout_sec=0.1)

    def call(self, kind: type, service: str, request: object) -> Any:
        client = self.node.create_client(kind, service)
        self.wait(client.service_is_ready, service)
        answer = client.call_async(request)
        self.wait(answer.done, f'an answer of {service}')
        self.node.destroy_client(client)
        return answer.result()

    def inject(self, failure: str, **fields: object) -> InjectFailure.Response:
        request = InjectFailure.Request(robot='one', failure=failure, **fields)
        return self.call(InjectFailure, '/sim/inject_failure', request)

    def walk(self, vx: float | None) -> None:
        """Command a velocity from now on, or nothing at all."""
        self._command = None if vx is None else Twist(linear=Vector3(x=vx))

    @property
    def x(self) -> float:
        return self.newest['odom'].pose.pose.position.x

    @property
    def time_s(self) -> float:
        clock = self.newest['clock'].clock
        return clock.sec + clock.nanosec * 1e-9

    def _listen(self, name: str, kind: type, topic: str) -> None:
        def keep(message: object) -> None:
            self.newest[name] = message
            self.counts[name] = self.counts.get(name, 0) + 1

        self.node.create_subscription(kind, topic, keep, qos_profile_sensor_data)

    def _publish(self) -> None:
        if self._command is not None:
            self._velocity.publish(self._command)


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    with RMWTestIsolator():
        yield


@pytest.fixture
def probe(domain: None, tmp_path: Path) -> Iterator[Probe]:
    team = tmp_path / 'pair.yaml'
    team.write_text(TEAM)
    probe = Probe(team)
    yield probe
    probe.close()


def test_every_sensor_is_published_in_the_robots_namespace(probe: Probe) -> None:
    probe.wait(lambda: set(probe.newest) == {*TOPICS, 'clock'}, 'every topic')
    probe.walk(0.0)
    probe.wait(lambda: probe.time_s > 3.0, 'the robot to stand')
    odom, joints, battery = (probe.newest[name] for name in ('odom', 'joint_states', 'battery'))
    assert odom.header.frame_id == 'map'
    assert odom.child_frame_id == 'one/base_link'
    assert odom.pose.pose.position.x == pytest.approx(4.0, abs=0.3)
    assert len(joints.name) == len(joints.position) == len(joints.effort) == 29
    assert probe.newest['imu'].linear_acceleration.z == pytest.approx(9.81, abs=1.0)
    assert 0.9 < battery.percentage < 1.0
    assert battery.current < -2.0
    assert not probe.newest['is_fallen'].data
    assert not probe.newest['is_holding'].data
    names = [each.name for each in probe.newest['objects'].objects]
    assert names == ['parcel_1', 'parcel_2', 'parcel_3']
    (other,) = probe.newest['neighbours'].poses
    assert other.position.x == pytest.approx(0.2, abs=0.3)


def test_the_clock_ticks_fifty_times_a_simulated_second(probe: Probe) -> None:
    probe.wait(lambda: probe.counts.get('clock', 0) > 10, 'the clock')
    began_s, began = probe.time_s, probe.counts['clock']
    probe.wait(lambda: probe.time_s > began_s + 4.0, 'time to pass')
    # A few may be lost: sensor data is sent best effort.
    assert probe.counts['clock'] - began >= 0.95 * 50 * (probe.time_s - began_s)
    assert probe.counts['odom'] >= 0.9 * probe.counts['clock'] - 10


def test_a_robot_walks_while_it_is_told_to_and_fetches_what_it_reaches(probe: Probe) -> None:
    probe.wait(lambda: 'odom' in probe.newest and 'clock' in probe.newest, 'odometry')
    refused = probe.call(SetBool, '/one/grip', SetBool.Request(data=True))
    assert not refused.success
    assert 'no parcel' in refused.message
    probe.walk(0.5)
    probe.wait(lambda: probe.x > 5.4, 'the robot to walk to the parcel')
    probe.walk(None)
    stopping_s = probe.time_s
    probe.wait(lambda: probe.time_s > stopping_s + 2.0, 'the robot to stop')
    at = probe.x
    probe.wait(lambda: probe.time_s > stopping_s + 4.0, 'time to pass')
    assert abs(probe.x - at) < 0.1
    taken = probe.call(SetBool, '/one/grip', SetBool.Request(data=True))
    assert taken.success
    assert taken.message == 'holds parcel_3'
    probe.wait(lambda: probe.newest['is_holding'].data, 'the hands to hold')


def test_failures_bite_and_say_how_hard(probe: Probe) -> None:
    probe.wait(lambda: 'odom' in probe.newest, 'odometry')
    probe.walk(0.0)
    pushed = probe.inject('push', severity=20.0, direction=math.pi)
    assert pushed.accepted
    assert pushed.has_bitten
    assert 'm/s' in pushed.detail
    weakened = probe.inject('torque_loss', severity=0.95)
    assert weakened.has_bitten
    assert 'N m' in weakened.detail
    probe.wait(lambda: probe.newest['is_fallen'].data, 'the robot to fall')
    unknown = probe.inject('rust')
    assert not unknown.accepted
    assert "no failure 'rust'; there are process_kill" in unknown.detail


def test_nobody_is_pushed_who_is_not_there(probe: Probe) -> None:
    request = InjectFailure.Request(robot='three', failure='push', severity=20.0)
    answer = probe.call(InjectFailure, '/sim/inject_failure', request)
    assert not answer.accepted
    assert "no robot 'three'; there are one, two" in answer.detail


def test_a_robots_process_is_killed_by_what_its_status_says(probe: Probe) -> None:
    assert 'no status yet' in probe.inject('process_kill').detail
    idle = 'import signal; print("up", flush=True); signal.pause()'
    with subprocess.Popen(
        [sys.executable, '-c', idle, 'muster_robot'], stdout=subprocess.PIPE
    ) as robot:
        robot.stdout.readline()
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        publisher = probe.node.create_publisher(RobotStatus, '/one/status', latched)
        probe.wait(lambda: publisher.get_subscription_count() > 0, 'the simulator to listen')
        publisher.publish(RobotStatus(process_id=robot.pid, host=socket.gethostname()))
        answers: list[InjectFailure.Response] = []

        def has_heard() -> bool:
            answers.append(probe.inject('process_kill'))
            return answers[-1].accepted

        probe.wait(has_heard, 'the status to arrive')
        assert answers[-1].has_bitten
        assert answers[-1].detail == f'pid {robot.pid} gone'
        assert robot.wait(DEADLINE_S) == -signal.SIGKILL


def test_parameters_take_effect_while_running(probe: Probe) -> None:
    probe.wait(lambda: 'neighbours' in probe.newest, 'neighbours')
    assert probe.newest['neighbours'].poses
    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=1.0)
    request = SetParameters.Request(parameters=[Parameter(name='sensing_range_m', value=value)])
    answer = probe.call(SetParameters, '/simulator/set_parameters', request)
    assert answer.results[0].successful
    probe.wait(lambda: not probe.newest['neighbours'].poses, 'the other to be out of range')
    beyond = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=-1.0)
    request = SetParameters.Request(parameters=[Parameter(name='sensing_range_m', value=beyond)])
    answer = probe.call(SetParameters, '/simulator/set_parameters', request)
    assert not answer.results[0].successful


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_with_status_0(probe: Probe, number: signal.Signals) -> None:
    probe.wait(lambda: 'clock' in probe.newest, 'the clock')
    family = psutil.Process(probe.simulator.pid).children(recursive=True)
    assert family
    probe.simulator.send_signal(number)
    _, errors = probe.simulator.communicate(timeout=DEADLINE_S)
    assert probe.simulator.returncode == 0, errors
    assert 'Traceback' not in errors
    assert not [process for process in family if process.is_running()]


def test_losing_the_physics_ends_the_simulator_with_a_word(probe: Probe) -> None:
    probe.wait(lambda: 'clock' in probe.newest, 'the clock')
    (physics,) = psutil.Process(probe.simulator.pid).children()
    physics.kill()
    _, errors = probe.simulator.communicate(timeout=DEADLINE_S)
    assert probe.simulator.returncode == 1
    assert 'the physics process ended with status -9' in errors
    assert 'Traceback' not in errors

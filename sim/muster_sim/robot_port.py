"""The topics of one simulated robot: what its sensors publish, and the velocity it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from geometry_msgs.msg import PoseArray, Twist
from muster_msgs.msg import SensedObjects
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import BatteryState, Imu, JointState
from std_msgs.msg import Bool

from muster_sim import conversions
from muster_sim.physics_messages import Command, Ready
from muster_sim.simulation_setup import Setup
from muster_sim.snapshot import Snapshot


@dataclass(frozen=True)
class Body:
    """What a message about one robot is made of, besides the snapshot."""

    robot: int
    name: str
    setup: Setup
    ready: Ready
    sensing_range_m: Callable[[], float]


@dataclass(frozen=True)
class Topic:
    """One thing that a robot's sensors tell."""

    kind: type
    every: int
    """Published once in so many ticks of 20 ms."""
    message: Callable[[Snapshot, Body], Any]


TOPICS = {
    'odom': Topic(Odometry, 1, lambda state, me: conversions.odometry(state, me.robot, me.name)),
    'imu': Topic(Imu, 1, lambda state, me: conversions.imu(state, me.robot, me.name)),
    'joint_states': Topic(
        JointState,
        2,
        lambda state, me: conversions.joint_state(state, me.robot, me.ready.joint_names),
    ),
    'neighbours': Topic(
        PoseArray,
        5,
        lambda state, me: conversions.neighbours(state, me.robot, me.sensing_range_m()),
    ),
    'is_fallen': Topic(Bool, 5, lambda state, me: Bool(data=bool(state.is_fallen[me.robot]))),
    'is_holding': Topic(Bool, 5, lambda state, me: Bool(data=bool(state.is_holding[me.robot]))),
    'objects': Topic(
        SensedObjects, 10, lambda state, me: conversions.objects(state, me.ready.parcel_names)
    ),
    'battery': Topic(
        BatteryState, 25, lambda state, me: conversions.battery(state, me.robot, me.setup)
    ),
}


class RobotPort:
    """One robot's namespace."""

    def __init__(self, node: Node, body: Body, send: Callable[[Command], None]) -> None:
        self._body = body
        self._send = send
        self._publishers: list[tuple[Publisher, Topic]] = [
            (
                node.create_publisher(topic.kind, f'/{body.name}/{name}', qos_profile_sensor_data),
                topic,
            )
            for name, topic in TOPICS.items()
        ]
        node.create_subscription(
            Twist, f'/{body.name}/cmd_vel', self._on_velocity, qos_profile_sensor_data
        )

    def publish(self, tick: int, state: Snapshot) -> None:
        """Publish the topics that are due. Robots take turns, so that not all fall on one tick."""
        for publisher, topic in self._publishers:
            if (tick + self._body.robot) % topic.every == 0:
                publisher.publish(topic.message(state, self._body))

    def _on_velocity(self, message: Twist) -> None:
        linear, angular = message.linear, message.angular
        self._send(Command(self._body.robot, linear.x, linear.y, angular.z))

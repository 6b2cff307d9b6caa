"""What the robot's sensors last told, for its skills and for its coordinator."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from geometry_msgs.msg import Pose, PoseArray
from muster_msgs.msg import SensedObjects
from nav_msgs.msg import Odometry
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import BatteryState
from std_msgs.msg import Bool

from muster.core.types import Pose2D, RobotReport
from muster.ros import names, qos
from muster.ros.fuse import Fuse
from muster.ros.steady import steady_now
from muster.runtime.skills import BodyView, Twist2D


class Body:
    """Subscribed on the skill server's thread; `report` may be asked for on any.

    Odometry is expected in the map frame. Values that are not finite are ignored: a broken sensor
    then shows as one that has fallen silent. With `use_sim_time` silence is measured in simulated
    time: a simulator that stalls, with all that moves in it, is no broken sensor.
    """

    def __init__(self, node: LifecycleNode, fuse: Fuse) -> None:
        is_simulated = bool(node.get_parameter('use_sim_time').value)
        self._time = partial(_node_time, node) if is_simulated else steady_now
        self._sensed_at = -math.inf
        self._pose = Pose2D(0.0, 0.0)
        self._velocity = Twist2D()
        self._battery = 1.0
        self._is_fallen = False
        self._is_holding = False
        self._neighbours: tuple[Pose2D, ...] = ()
        self._objects: dict[str, Pose2D] = {}
        sources: tuple[tuple[type, str, Callable[[Any], None]], ...] = (
            (Odometry, names.ODOMETRY, self._on_odometry),
            (BatteryState, names.BATTERY, self._on_battery),
            (PoseArray, names.NEIGHBOURS, self._on_neighbours),
            (SensedObjects, names.OBJECTS, self._on_objects),
            (Bool, names.IS_FALLEN, self._on_fallen),
            (Bool, names.IS_HOLDING, self._on_holding),
        )
        self._subscriptions = [
            node.create_subscription(kind, topic, fuse.guard(callback), qos.SENSORS)
            for kind, topic, callback in sources
        ]

    def sensed_age(self) -> float:
        """[s] since the newest odometry; inf before the first."""
        return self._time() - self._sensed_at

    def view(self, now_s: float) -> BodyView:
        """What a skill sees; `now_s` is node time."""
        return BodyView(
            now_s=now_s,
            pose=self._pose,
            velocity=self._velocity,
            battery=self._battery,
            is_fallen=self._is_fallen,
            neighbours=self._neighbours,
            objects=self._objects,
            is_holding=self._is_holding,
            sensed_age_s=self.sensed_age(),
        )

    def report(self, flaw: str) -> RobotReport:
        """What the coordinator is told: where the robot is, and what keeps it from working (if
        anything)."""
        return RobotReport(
            pose=self._pose, battery=self._battery, is_fit=not flaw, unfit_reason=flaw
        )

    def flaw(self, sensing_timeout_s: float, least_battery: float) -> str:
        """Why the body is not up to any work; empty when it is."""
        age = self.sensed_age()
        if math.isinf(age):
            return 'no odometry yet'
        if age > sensing_timeout_s:
            return f'no odometry for more than {sensing_timeout_s:.1f} s'
        if self._is_fallen:
            return 'fallen'
        if self._battery < least_battery:
            return f'battery below {least_battery:.0%}'
        return ''

    def _on_odometry(self, message: Odometry) -> None:
        pose = pose_from_msg(message.pose.pose)
        twist = message.twist.twist
        velocity = Twist2D(twist.linear.x, twist.linear.y, twist.angular.z)
        if pose is not None and all(map(math.isfinite, (velocity.vx, velocity.vy, velocity.wz))):
            self._pose, self._velocity = pose, velocity
            self._sensed_at = self._time()

    def _on_battery(self, message: BatteryState) -> None:
        if math.isfinite(message.percentage):
            self._battery = min(max(message.percentage, 0.0), 1.0)

    def _on_neighbours(self, message: PoseArray) -> None:
        poses = map(pose_from_msg, message.poses)
        self._neighbours = tuple(pose for pose in poses if pose is not None)

    def _on_objects(self, message: SensedObjects) -> None:
        self._objects = {
            one.name: Pose2D(one.x, one.y, one.yaw)
            for one in message.objects
            if all(map(math.isfinite, (one.x, one.y, one.yaw)))
        }

    def _on_fallen(self, message: Bool) -> None:
        self._is_fallen = message.data

    def _on_holding(self, message: Bool) -> None:
        self._is_holding = message.data


def _node_time(node: LifecycleNode) -> float:
    return float(node.get_clock().now().nanoseconds) * 1e-9


def pose_from_msg(message: Pose) -> Pose2D | None:
    """A pose on the floor: the yaw of the quaternion, whatever its roll and pitch. None when it is
    not finite."""
    q = message.orientation
    sine = 2.0 * (q.w * q.z + q.x * q.y)
    cosine = 1.0 - 2.0 * (q.y * q.y + q.z * q.z)
    values = (message.position.x, message.position.y, math.atan2(sine, cosine))
    return Pose2D(*values) if all(map(math.isfinite, values)) else None

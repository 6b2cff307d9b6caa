"""What there is to see of a simulated world at one moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from muster.core.types import Pose2D
from muster_sim import rotations

Array = NDArray[np.float64]

BODY_ENDS_M = 0.55
"""[m] from the base to the head, and to the shins."""


@dataclass(frozen=True)
class Snapshot:
    """The state of the world after a tick; row i is robot i. Velocities are in the base link
    frames."""

    time_s: float
    position: Array
    orientation: Array
    velocity: Array
    rotation_rate: Array
    acceleration: Array
    """(n, 3) [m/s^2] specific force, as an accelerometer in the base feels it."""
    angles: Array
    speeds: Array
    torque: Array
    charge: Array
    power: Array
    is_fallen: NDArray[np.bool_]
    is_holding: NDArray[np.bool_]
    parcel_position: Array
    parcel_orientation: Array

    def pose(self, robot: int) -> Pose2D:
        """Where a robot stands, and which way it faces."""
        x, y, _ = self.position[robot].tolist()
        return Pose2D(x, y, float(rotations.yaw(self.orientation[robot : robot + 1])[0]))

    def outline(self, robot: int) -> tuple[Pose2D, ...]:
        """Points that others should keep away from: one for a robot on its feet, three along one
        that lies."""
        pose = self.pose(robot)
        if not self.is_fallen[robot]:
            return (pose,)
        up = rotations.rotate(self.orientation[robot : robot + 1], np.array([[0.0, 0.0, 1.0]]))[0]
        offsets = [(BODY_ENDS_M * up[0] * end, BODY_ENDS_M * up[1] * end) for end in (-1, 0, 1)]
        return tuple(Pose2D(pose.x + dx, pose.y + dy, pose.yaw) for dx, dy in offsets)


@dataclass(frozen=True)
class Contact:
    """A robot touches something that is not the floor."""

    robot: int
    link: str
    """Part of the robot that touches."""
    what: str
    """Name of a box, `wall 0`, `robot 1`, ..."""

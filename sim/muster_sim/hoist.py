"""Somebody who helps a fallen robot up.

The walking policies in use cannot get up from the floor. So the simulation has an assistant with a
hoist, which is what it is: after a while it grips the base of a fallen robot, lifts it upright
over two seconds with limited force, lets its legs take the weight, and lets go. It waits while
somebody stands too close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pybullet
from numpy.typing import NDArray

from muster_sim import rotations
from muster_sim.humanoids import Humanoids

Array = NDArray[np.float64]

LIFT_S = 2.0
"""[s] from the floor to upright."""
STEADY_S = 0.6
"""[s] held upright before the hoist lets go."""
FORCE_N = 1500.0
CLEARANCE_M = 0.6
"""[m] to the next robot, less than which the hoist waits."""


@dataclass
class _Lift:
    constraint: int
    start: Array
    start_turn: Array
    start_angles: Array
    end: Array
    end_turn: Array
    elapsed_s: float = 0.0


class Hoist:
    """Lifts robots up; as many at once as need it."""

    def __init__(self, client: int, robots: Humanoids, posture: Array, height: float) -> None:
        self._client = client
        self._robots = robots
        self._posture = posture
        self._height = height
        self._lifts: dict[int, _Lift] = {}

    def is_lifting(self, robot: int) -> bool:
        return robot in self._lifts

    def start(self, robot: int) -> bool:
        """Grip a robot, unless somebody is too close."""
        robots = self._robots
        gaps = np.hypot(*(robots.position - robots.position[robot])[:, :2].T)
        gaps[robot] = np.inf
        if gaps.min() < CLEARANCE_M:
            return False
        position, turn = (
            np.array(value)
            for value in pybullet.getBasePositionAndOrientation(
                robots.bodies[robot], physicsClientId=self._client
            )
        )
        heading = float(rotations.yaw(robots.orientation[robot : robot + 1])[0])
        stands = rotations.upright(heading)[np.newaxis]
        end = np.array([*robots.position[robot, :2], self._height])
        end += rotations.rotate(stands, robots.base_center)[0]
        constraint = pybullet.createConstraint(
            robots.bodies[robot],
            -1,
            -1,
            -1,
            pybullet.JOINT_FIXED,
            (0.0, 0.0, 0.0),
            (0.0, 0.0, 0.0),
            position.tolist(),
            (0.0, 0.0, 0.0, 1.0),
            turn.tolist(),
            physicsClientId=self._client,
        )
        end_turn = rotations.multiply(stands, robots.base_turn)[0]
        self._lifts[robot] = _Lift(
            constraint, position, turn, robots.angles[robot].copy(), end, end_turn
        )
        return True

    def tick(self, period_s: float) -> list[int]:
        """Move all lifts on; returns the robots that were let go."""
        released = []
        for robot, lift in list(self._lifts.items()):
            lift.elapsed_s += period_s
            share = self._share(lift)
            at = lift.start + share * (lift.end - lift.start)
            turn = rotations.between(lift.start_turn, lift.end_turn, share)
            pybullet.changeConstraint(
                lift.constraint, at.tolist(), turn.tolist(), FORCE_N, physicsClientId=self._client
            )
            if lift.elapsed_s >= LIFT_S + STEADY_S:
                pybullet.removeConstraint(lift.constraint, physicsClientId=self._client)
                del self._lifts[robot]
                released.append(robot)
        return released

    def targets(self, robot: int) -> Array:
        """(joints,) [rad] where a lifted robot's joints should be: on the way to its standing
        posture."""
        lift = self._lifts[robot]
        return lift.start_angles + self._share(lift) * (self._posture - lift.start_angles)

    def _share(self, lift: _Lift) -> float:
        return min(1.0, lift.elapsed_s / LIFT_S)

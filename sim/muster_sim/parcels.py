"""Hands that pick up, hold and set down parcels.

Grasping is abstracted, and says so: no fingers are simulated. A hand that closes near a parcel
draws it to the chest over a second by a constraint of limited force, holds it there, where its
weight burdens the walk, and sets it down on the floor ahead over another second. A robot that
falls drops it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pybullet
from numpy.typing import NDArray

from muster.runtime.world_file import World
from muster_sim import rotations
from muster_sim.humanoids import Humanoids
from muster_sim.scenery import build_parcel

Array = NDArray[np.float64]

REACH_M = 0.8
"""[m] from the base link, over the floor, within which a parcel can be taken."""
HOLD = np.array([[0.32, 0.0, 0.12]])
"""[m] centre of a held parcel, in the frame of the torso link."""
AHEAD_M = 0.15
"""[m] farther ahead than held, a parcel is set down."""
MOVE_S = 1.0
"""[s] that lifting takes, and lowering."""
GRIP_N = 150.0
"""[N] beyond which the grip gives."""


class _Phase(enum.Enum):
    LIFTING = enum.auto()
    HOLDING = enum.auto()
    LOWERING = enum.auto()


@dataclass
class _Grip:
    """One parcel in one robot's hands. Offsets are those of the hands, in the parcel's frame."""

    parcel: int
    constraint: int
    offset: Array
    turn: Array
    start: Array
    start_turn: Array
    end: Array
    phase: _Phase = _Phase.LIFTING
    elapsed_s: float = 0.0


class Hands:
    """The hands of all robots, and all parcels of a world."""

    def __init__(self, client: int, world: World, robots: Humanoids) -> None:
        self._client = client
        self._robots = robots
        self.names: tuple[str, ...] = tuple(parcel.name for parcel in world.parcels)
        self._half_heights = [parcel.size[2] / 2 for parcel in world.parcels]
        self._bodies = [
            build_parcel(client, parcel, world.places[parcel.place]) for parcel in world.parcels
        ]
        self._grips: dict[int, _Grip] = {}
        dynamics = pybullet.getDynamicsInfo(robots.bodies[0], robots.torso, physicsClientId=client)
        to_principal = rotations.conjugate(np.array([dynamics[4]]))
        self._frame = rotations.rotate(to_principal, HOLD - np.array([dynamics[3]]))[0]
        self._frame_turn = to_principal[0]

    def poses(self) -> tuple[Array, Array]:
        """Positions (m, 3) and orientations (m, 4) of all parcels."""
        poses = [self._pose(parcel) for parcel in range(len(self._bodies))]
        return (
            np.array([pose[0] for pose in poses]).reshape(-1, 3),
            np.array([pose[1] for pose in poses]).reshape(-1, 4),
        )

    def is_holding(self, robot: int) -> bool:
        """Whether a robot has a parcel in its hands, on the way up or down included."""
        return robot in self._grips

    def take(self, robot: int) -> str:
        """Close a robot's hands on the nearest parcel in reach; returns its name, or '' when there
        is none."""
        if robot in self._grips:
            return self.names[self._grips[robot].parcel]
        taken = {grip.parcel for grip in self._grips.values()}
        here = self._robots.position[robot, :2]
        gaps = [
            (float(np.hypot(*(self._pose(parcel)[0][:2] - here))), parcel)
            for parcel in range(len(self._bodies))
            if parcel not in taken
        ]
        gap, parcel = min(gaps, default=(np.inf, -1))
        if gap > REACH_M:
            return ''
        self._grips[robot] = self._attach(robot, parcel)
        return self.names[parcel]

    def set_down(self, robot: int) -> str:
        """Begin to set down what a robot holds; returns its name, or '' when it holds nothing."""
        grip = self._grips.get(robot)
        if grip is None:
            return ''
        if grip.phase is not _Phase.LOWERING:
            height = self._pose(grip.parcel)[0][2] - self._half_heights[grip.parcel]
            grip.phase, grip.elapsed_s = _Phase.LOWERING, 0.0
            grip.start, grip.start_turn = grip.offset, grip.turn
            grip.end = np.array([-AHEAD_M, 0.0, max(0.0, height)])
        return self.names[grip.parcel]

    def drop(self, robot: int) -> None:
        """Let go of whatever a robot holds, at once."""
        grip = self._grips.pop(robot, None)
        if grip is not None:
            pybullet.removeConstraint(grip.constraint, physicsClientId=self._client)

    def tick(self, period_s: float) -> None:
        """Move the hands that are lifting or lowering."""
        for robot, grip in list(self._grips.items()):
            if grip.phase is _Phase.HOLDING:
                continue
            grip.elapsed_s += period_s
            share = min(1.0, grip.elapsed_s / MOVE_S)
            grip.offset = grip.start + share * (grip.end - grip.start)
            grip.turn = rotations.between(grip.start_turn, rotations.upright(0.0), share)
            pybullet.changeConstraint(
                grip.constraint,
                grip.offset.tolist(),
                grip.turn.tolist(),
                GRIP_N,
                physicsClientId=self._client,
            )
            if share >= 1.0 and grip.phase is _Phase.LIFTING:
                grip.phase = _Phase.HOLDING
            elif share >= 1.0:
                self.drop(robot)

    def _attach(self, robot: int, parcel: int) -> _Grip:
        """A constraint that holds the parcel just where it is, as seen from the torso."""
        body, torso = self._robots.bodies[robot], self._robots.torso
        link = pybullet.getLinkState(body, torso, physicsClientId=self._client)
        center, turn = (np.array([value]) for value in link[:2])
        hands = center + rotations.rotate(turn, self._frame[np.newaxis])
        hands_turn = rotations.multiply(turn, self._frame_turn[np.newaxis])
        position, orientation = (np.array([value]) for value in self._pose(parcel))
        offset = rotations.rotate_back(orientation, hands - position)[0]
        offset_turn = rotations.multiply(rotations.conjugate(orientation), hands_turn)[0]
        constraint = pybullet.createConstraint(
            body,
            torso,
            self._bodies[parcel],
            -1,
            pybullet.JOINT_FIXED,
            (0.0, 0.0, 0.0),
            self._frame.tolist(),
            offset.tolist(),
            self._frame_turn.tolist(),
            offset_turn.tolist(),
            physicsClientId=self._client,
        )
        pybullet.changeConstraint(constraint, maxForce=GRIP_N, physicsClientId=self._client)
        return _Grip(parcel, constraint, offset, offset_turn, offset, offset_turn, np.zeros(3))

    def _pose(self, parcel: int) -> Sequence[Array]:
        pose = pybullet.getBasePositionAndOrientation(
            self._bodies[parcel], physicsClientId=self._client
        )
        return np.array(pose[0]), np.array(pose[1])

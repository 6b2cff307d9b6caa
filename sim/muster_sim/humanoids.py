"""The bodies of the humanoids in Bullet: loaded once, then read and driven as arrays over the
whole team.

Two things that Bullet does not do by itself are done here. Motors have rotors whose inertia, seen
through the gear, exceeds that of the links they move: without it the joint controllers are
unstable. And Bullet tells where a body's centre of mass is and how it moves, whereas everyone else
asks about its base link.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pybullet
from numpy.typing import NDArray

from muster_sim import rotations
from muster_sim.description import prepare_description
from muster_sim.robot_model import RobotModel
from muster_sim.scenery import ROBOT, STATIC

Array = NDArray[np.float64]

SOLE_FRICTION = 0.8
"""Rubber on a dry floor."""


class Humanoids:
    """Robots of one model; row i of every array is robot i, joints are in the order of
    `joint_names`.

    Attributes
    ----------
    position, orientation : (n, 3) [m], (n, 4) of the base links in the map frame.
    velocity, rotation_rate : (n, 3) [m/s], [rad/s] of the base links, in the map frame.
    gravity : (n, 3) direction of gravity in the base link frames.
    angles, speeds : (n, joints) [rad], [rad/s].
    effort_limit : (joints,) [N m].
    mass : [kg] of one robot.
    """

    def __init__(
        self,
        client: int,
        model: RobotModel,
        joint_names: Sequence[str],
        posture: Array,
        starts: Sequence[tuple[float, float, float]],
        with_meshes: bool = False,
    ) -> None:
        self._client = client
        self.joint_names = tuple(joint_names)
        self.bodies = self._load(model, starts, with_meshes)
        joints = {self._joint(index)[1].decode(): index for index in self._joint_indices()}
        links = {self._joint(index)[12].decode(): index for index in self._joint_indices()}
        self._joints = [joints[name] for name in self.joint_names]
        self.torso = links[model.torso]
        self.link_names = {-1: 'base', **{index: name for name, index in links.items()}}
        self.effort_limit: Array = np.array([self._joint(index)[10] for index in self._joints])
        self.links = tuple(range(-1, len(self._joint_indices())))
        self._prepare_dynamics(model)
        base = self._dynamics(-1)
        self.base_center: Array = np.array([base[3]])
        """(1, 3) [m] centre of mass of the base, in the frame of its link."""
        self.base_turn: Array = np.array([base[4]])
        """(1, 4) its principal axes, likewise."""
        self._masses = np.array([self._dynamics(link)[0] for link in self.links])
        self.mass = float(self._masses.sum())
        count = len(self.bodies)
        self.angles: Array = np.tile(posture, (count, 1))
        self.speeds: Array = np.zeros_like(self.angles)
        self.position: Array = np.zeros((count, 3))
        self.orientation: Array = np.zeros((count, 4))
        self.velocity: Array = np.zeros((count, 3))
        self.rotation_rate: Array = np.zeros((count, 3))
        self.gravity: Array = np.zeros((count, 3))
        self._down = np.tile((0.0, 0.0, -1.0), (count, 1))
        for robot in range(count):
            self.set_joints(robot, posture)
        self.read_bases()

    def __len__(self) -> int:
        return len(self.bodies)

    def set_joints(self, robot: int, angles: Array) -> None:
        """Put a robot's joints somewhere at once, at rest. For the start, never while running."""
        for joint, angle in zip(self._joints, angles, strict=True):
            pybullet.resetJointState(
                self.bodies[robot], joint, angle, 0.0, physicsClientId=self._client
            )
        self.angles[robot] = angles
        self.speeds[robot] = 0.0

    def read_joints(self) -> None:
        """Bring `angles` and `speeds` up to date."""
        states = [
            pybullet.getJointStates(body, self._joints, physicsClientId=self._client)
            for body in self.bodies
        ]
        # Flat lists become arrays three times as fast as nested tuples.
        angles = [joint[0] for robot in states for joint in robot]
        speeds = [joint[1] for robot in states for joint in robot]
        self.angles, self.speeds = np.array((angles, speeds)).reshape(2, len(states), -1)

    def read_bases(self) -> None:
        """Bring the position, orientation and velocities of the base links up to date."""
        client = self._client
        poses = [
            pybullet.getBasePositionAndOrientation(body, physicsClientId=client)
            for body in self.bodies
        ]
        moves = [pybullet.getBaseVelocity(body, physicsClientId=client) for body in self.bodies]
        centers = np.array([pose[0] for pose in poses])
        self.orientation = rotations.multiply(
            np.array([pose[1] for pose in poses]),
            np.repeat(rotations.conjugate(self.base_turn), len(poses), axis=0),
        )
        arm = rotations.rotate(self.orientation, np.repeat(self.base_center, len(poses), axis=0))
        self.position = centers - arm
        self.rotation_rate = np.array([move[1] for move in moves])
        self.velocity = np.array([move[0] for move in moves]) - np.cross(self.rotation_rate, arm)
        self.gravity = rotations.rotate_back(self.orientation, self._down)

    def apply(self, torque: Array) -> None:
        """Drive the joints with torques (n, joints) [N m] in the next physics step."""
        for body, efforts in zip(self.bodies, torque.tolist(), strict=True):
            pybullet.setJointMotorControlArray(
                body,
                self._joints,
                pybullet.TORQUE_CONTROL,
                forces=efforts,
                physicsClientId=self._client,
            )

    def push(self, robot: int, force: Array) -> None:
        """Push a robot's torso at its centre of mass, (3,) [N] in the map frame, in the next
        physics step."""
        body = self.bodies[robot]
        at = pybullet.getLinkState(body, self.torso, physicsClientId=self._client)[0]
        pybullet.applyExternalForce(
            body,
            self.torso,
            force.tolist(),
            at,
            pybullet.WORLD_FRAME,
            physicsClientId=self._client,
        )

    def drift(self, robot: int) -> Array:
        """Velocity (3,) [m/s] of a robot's whole mass, in the map frame."""
        body, client = self.bodies[robot], self._client
        links = pybullet.getLinkStates(
            body, self.links[1:], computeLinkVelocity=1, physicsClientId=client
        )
        base = pybullet.getBaseVelocity(body, physicsClientId=client)[0]
        velocities = np.array([base, *(link[6] for link in links)])
        return self._masses @ velocities / self.mass

    def _load(
        self, model: RobotModel, starts: Sequence[tuple[float, float, float]], with_meshes: bool
    ) -> list[int]:
        text = prepare_description(model, with_meshes)
        with tempfile.TemporaryDirectory(prefix='muster_sim_') as folder:
            path = Path(folder) / 'robot.urdf'
            path.write_text(text, encoding='utf-8')
            return [
                pybullet.loadURDF(
                    str(path),
                    (x, y, model.start_height),
                    (0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)),
                    flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
                    physicsClientId=self._client,
                )
                for x, y, yaw in starts
            ]

    def _prepare_dynamics(self, model: RobotModel) -> None:
        client = self._client
        armature = {
            joint: model.joints[name].armature * model.armature_scale
            for joint, name in zip(self._joints, self.joint_names, strict=True)
        }
        for body in self.bodies:
            for link in self.links:
                pybullet.changeDynamics(
                    body,
                    link,
                    linearDamping=0.0,
                    angularDamping=0.0,
                    jointDamping=0.0,
                    lateralFriction=SOLE_FRICTION,
                    physicsClientId=client,
                )
                pybullet.setCollisionFilterGroupMask(
                    body, link, ROBOT, ROBOT | STATIC, physicsClientId=client
                )
                if link in armature:
                    dynamics = self._dynamics(link)
                    axis = np.array([self._joint(link)[13]])
                    axis = rotations.rotate_back(np.array([dynamics[4]]), axis)[0]
                    inertia = np.array(dynamics[2]) + armature[link] * axis**2
                    pybullet.changeDynamics(
                        body, link, localInertiaDiagonal=inertia.tolist(), physicsClientId=client
                    )
            pybullet.setJointMotorControlArray(
                body,
                self._joints,
                pybullet.VELOCITY_CONTROL,
                forces=[0.0] * len(self._joints),
                physicsClientId=client,
            )

    def _joint_indices(self) -> range:
        return range(pybullet.getNumJoints(self.bodies[0], physicsClientId=self._client))

    def _joint(self, index: int) -> tuple:
        return pybullet.getJointInfo(self.bodies[0], index, physicsClientId=self._client)

    def _dynamics(self, link: int) -> tuple:
        return pybullet.getDynamicsInfo(self.bodies[0], link, physicsClientId=self._client)

"""The trained policy that makes humanoids walk by velocity command, evaluated for the whole team
at once.

It observes a robot's rotation, gravity, joints, its own last action and the phase of the gait, 50
times a second, and answers with a target angle for each joint. The network belongs to the package
`holosoma-inference`.
"""

from __future__ import annotations

import json

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from muster.core.types import ConfigurationError
from muster_sim.robot_model import TICK_S, RobotModel

Array = NDArray[np.float64]

ACTION_SCALE = 0.25
"""[rad] of joint angle per unit of the network's output."""
GAIT_HZ = 1.0
"""Full cycles (one step with each foot) a second."""
STILL = 0.02
"""Commands smaller than this in every component mean: stand."""
STANDING_PHASES = (np.pi, np.pi)
STARTING_PHASES = (0.0, np.pi)


class WalkingPolicy:
    """Turns velocity commands into joint targets for `robots` robots of one model.

    Attributes
    ----------
    joint_names : order of all joint arrays.
    stiffness, damping : (joints,) [N m/rad], [N m s/rad] of the joint controllers the policy was
    trained with.
    posture : (joints,) [rad] angles about which it acts.
    """

    def __init__(self, model: RobotModel, robots: int) -> None:
        network = model.policy.locate().read_bytes()
        metadata = _session(network).get_modelmeta().custom_metadata_map
        self.joint_names: tuple[str, ...] = tuple(json.loads(metadata['dof_names']))
        self.stiffness: Array = np.array(json.loads(metadata['kp']))
        self.damping: Array = np.array(json.loads(metadata['kd']))
        self.posture: Array = np.array([model.joints[name].posture for name in self.joint_names])
        joints = len(self.joint_names)
        features = 3 * joints + 13
        self._session = _session(_with_batch(network, robots, (features, joints)))
        self._input = self._session.get_inputs()[0].name
        self._observation = np.zeros((robots, features), np.float32)
        self._model = model
        self._action = np.zeros((robots, joints))
        self._phases = np.tile(STANDING_PHASES, (robots, 1))
        self._walks = np.zeros(robots, bool)

    def restart(self, robot: int) -> None:
        """Forget what a robot was doing, as after a fall."""
        self._action[robot] = 0.0
        self._phases[robot] = STANDING_PHASES
        self._walks[robot] = False

    def step(
        self, commands: Array, rotation_rate: Array, gravity: Array, angles: Array, speeds: Array
    ) -> Array:
        """Joint targets for the next period.

        Parameters
        ----------
        commands : (n, 3) wanted vx, vy [m/s] and turning rate [rad/s], in the body frames.
        rotation_rate : (n, 3) [rad/s] in the body frames.
        gravity : (n, 3) direction of gravity in the body frames.
        angles, speeds : (n, joints) [rad], [rad/s].

        Returns
        -------
        targets : (n, joints) [rad].
        """
        model, joints = self._model, len(self.joint_names)
        self._advance_gait(np.abs(commands).max(axis=1) > STILL)
        parts = (
            self._action,
            rotation_rate * model.angular_velocity_scale,
            commands[:, 2:],
            commands[:, :2],
            np.cos(self._phases),
            angles - self.posture,
            speeds * model.joint_velocity_scale,
            gravity,
            np.sin(self._phases),
        )
        np.concatenate(parts, axis=1, out=self._observation, casting='same_kind')
        (action,) = self._session.run(None, {self._input: self._observation})
        self._action = np.asarray(action, float).reshape(-1, joints)
        return self.posture + ACTION_SCALE * self._action

    def _advance_gait(self, walks: NDArray[np.bool_]) -> None:
        self._phases += 2.0 * np.pi * GAIT_HZ * TICK_S
        self._phases = np.where(self._phases > np.pi, self._phases - 2.0 * np.pi, self._phases)
        self._phases[walks & ~self._walks] = STARTING_PHASES
        self._phases[~walks] = STANDING_PHASES
        self._walks = walks


def _session(network: bytes) -> ort.InferenceSession:
    """One thread: more of them spin between calls and take a core from the physics."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(network, options, providers=['CPUExecutionProvider'])


def _with_batch(network: bytes, batch: int, widths: tuple[int, int]) -> bytes:
    """The same network declared for a batch of robots.

    The file fixes the batch at 1 in the shapes of its input and output alone; every layer takes
    any. The two numbers are rewritten in place (protobuf field 1 of the first dimension), which
    keeps the length of the message. At four robots this is three times faster than four calls,
    with the same bits as a result.
    """
    for width in widths:
        declared, wanted = (bytes((0x0A, 2, 8, n, 0x0A, 2, 8, width)) for n in (1, batch))
        if network.count(declared) != 1 or not 0 < batch < 128:
            raise ConfigurationError(
                f'the walking policy cannot be run for {batch} robots at once: there are '
                'more than 127, or it is not the one that requirements/robots.txt installs'
            )
        network = network.replace(declared, wanted)
    return network

"""The robots that can be simulated, as data: where their files are, how they stand, what their
motors weigh.

Robot descriptions and walking policies belong to the packages `holosoma` and `holosoma-inference`;
they are found in the installed packages and read, never imported and never copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from muster.core.types import ConfigurationError

PHYSICS_STEP_S = 0.005
STEPS_PER_TICK = 4
TICK_S = PHYSICS_STEP_S * STEPS_PER_TICK
"""[s] period of the walking policy (50 Hz), and of everything that is read or commanded."""


@dataclass(frozen=True)
class Asset:
    """A file inside an installed Python package."""

    package: str
    path: str

    def locate(self) -> Path:
        """Its path on this machine; ConfigurationError when the package is not installed."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise ConfigurationError(
                f'the Python package {self.package!r} holds {self.path}, and is not installed; '
                'run `make setup`, or `pip install --no-deps -r requirements/robots.txt`'
            )
        path = Path(spec.submodule_search_locations[0]) / self.path
        if not path.is_file():
            raise ConfigurationError(
                f'{path} is missing: requirements/robots.txt asks for another version of '
                f'{self.package!r}'
            )
        return path


@dataclass(frozen=True)
class JointDefaults:
    """What neither the robot description nor the policy file says about a joint."""

    posture: float
    """[rad] angle about which the policy acts."""
    armature: float
    """[kg m^2] inertia of the rotor, seen through the gear."""


@dataclass(frozen=True)
class RobotModel:
    """One kind of humanoid."""

    description: Asset
    """URDF."""
    policy: Asset
    """ONNX; joint order, stiffness and damping are in its metadata."""
    joints: Mapping[str, JointDefaults]
    torso: str
    """Link that is pushed and that carries parcels."""
    feet: tuple[str, ...]
    """Links that get one box in place of their collision shapes: cheaper steps, same walk."""
    sole_size: tuple[float, float, float]
    sole_center: tuple[float, float, float]
    start_height: float
    """[m] of the base above the floor, standing in `posture`."""
    fallen_height: float
    """[m] a base below this height lies on the floor."""
    armature_scale: float
    """Armature is multiplied by it: with the true one this robot needs steps shorter than
    `PHYSICS_STEP_S`."""
    walking_gain: tuple[float, float, float]
    """Forward, sideways and turning velocity that the policy really walks with, per velocity asked
    of it."""
    angular_velocity_scale: float
    """Of the policy's observation."""
    joint_velocity_scale: float
    """Of the policy's observation."""


def _both_sides(
    stems: Mapping[str, JointDefaults], mirrored: frozenset[str] = frozenset()
) -> dict[str, JointDefaults]:
    """The left and right joints of a limb; `mirrored` stems change sign on the right."""
    joints = {}
    for side, sign in (('left', 1.0), ('right', -1.0)):
        for stem, defaults in stems.items():
            posture = defaults.posture * (sign if stem in mirrored else 1.0)
            joints[f'{side}_{stem}_joint'] = JointDefaults(posture, defaults.armature)
    return joints


_G1_LEG = {
    'hip_pitch': JointDefaults(-0.312, 0.01018),
    'hip_roll': JointDefaults(0.0, 0.02510),
    'hip_yaw': JointDefaults(0.0, 0.01018),
    'knee': JointDefaults(0.669, 0.02510),
    'ankle_pitch': JointDefaults(-0.363, 0.00722),
    'ankle_roll': JointDefaults(0.0, 0.00722),
}
_G1_WAIST = {
    'waist_yaw_joint': JointDefaults(0.0, 0.01018),
    'waist_roll_joint': JointDefaults(0.0, 0.00722),
    'waist_pitch_joint': JointDefaults(0.0, 0.00722),
}
_G1_ARM = {
    'shoulder_pitch': JointDefaults(0.2, 0.00361),
    'shoulder_roll': JointDefaults(0.2, 0.00361),
    'shoulder_yaw': JointDefaults(0.0, 0.00361),
    'elbow': JointDefaults(0.6, 0.00361),
    'wrist_roll': JointDefaults(0.0, 0.00361),
    'wrist_pitch': JointDefaults(0.0, 0.00425),
    'wrist_yaw': JointDefaults(0.0, 0.00425),
}

UNITREE_G1 = RobotModel(
    description=Asset('holosoma', 'data/robots/g1/g1_29dof.urdf'),
    policy=Asset('holosoma_inference', 'models/loco/g1_29dof/fastsac_g1_29dof.onnx'),
    joints={
        **_both_sides(_G1_LEG),
        **_G1_WAIST,
        **_both_sides(_G1_ARM, frozenset({'shoulder_roll'})),
    },
    torso='torso_link',
    feet=('left_ankle_roll_link', 'right_ankle_roll_link'),
    sole_size=(0.19, 0.056, 0.02),
    sole_center=(0.039, 0.0, -0.025),
    start_height=0.78,
    fallen_height=0.45,
    armature_scale=3.0,
    walking_gain=(0.80, 0.47, 0.95),
    angular_velocity_scale=0.25,
    joint_velocity_scale=0.05,
)

MODELS: Mapping[str, RobotModel] = {'unitree_g1': UNITREE_G1}
"""By the name that team files use."""

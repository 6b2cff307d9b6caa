"""Descriptions and policies read from the installed packages, and made fit for the simulation."""

import xml.etree.ElementTree as Xml

import numpy as np
import pytest

from muster.core.types import ConfigurationError
from muster_sim import rotations
from muster_sim.description import fold_fixed_joints, prepare_description
from muster_sim.robot_model import MODELS, UNITREE_G1, Asset
from muster_sim.walking_policy import WalkingPolicy

ARM = """
<robot name="arm">
  <link name="base"><inertial><mass value="2"/>
    <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <link name="frame"/>
  <link name="tool"><inertial><mass value="2"/>
    <inertia ixx="1" iyy="2" izz="3" ixy="0" ixz="0" iyz="0"/></inertial>
    <collision><geometry><sphere radius="0.1"/></geometry></collision></link>
  <joint name="mount" type="fixed"><origin xyz="1 0 0"/>
    <parent link="base"/><child link="frame"/></joint>
  <joint name="flange" type="fixed"><origin xyz="0 1 0" rpy="0 0 1.5707963267948966"/>
    <parent link="frame"/><child link="tool"/></joint>
</robot>
"""


def test_links_behind_fixed_joints_become_part_of_their_parent() -> None:
    robot = Xml.fromstring(ARM)
    fold_fixed_joints(robot)
    (link,) = robot.findall('link')
    assert not robot.findall('joint')
    inertial = link.find('inertial')
    assert float(inertial.find('mass').get('value')) == 4.0
    center = [float(word) for word in inertial.find('origin').get('xyz').split()]
    assert center == pytest.approx([0.5, 0.5, 0.0])
    # Two masses of 2 kg, each (0.5, 0.5) from the common centre; the tool is turned by 90 degrees.
    tensor = {key: float(value) for key, value in inertial.find('inertia').attrib.items()}
    assert tensor['ixx'] == pytest.approx(1 + 2 + 4 * 0.25)
    assert tensor['iyy'] == pytest.approx(1 + 1 + 4 * 0.25)
    assert tensor['izz'] == pytest.approx(1 + 3 + 4 * 0.5)
    assert tensor['ixy'] == pytest.approx(-4 * 0.25)
    assert link.find('collision/origin').get('xyz').split()[:2] == ['1', '1']


def test_the_prepared_description_weighs_what_the_original_does() -> None:
    original = Xml.parse(UNITREE_G1.description.locate()).getroot()
    prepared = Xml.fromstring(prepare_description(UNITREE_G1, with_meshes=False))
    assert _mass(prepared) == pytest.approx(_mass(original))
    assert not [joint for joint in prepared.findall('joint') if joint.get('type') == 'fixed']
    assert not prepared.findall('.//visual')
    for foot in UNITREE_G1.feet:
        (shape,) = prepared.findall(f"link[@name='{foot}']/collision/geometry/*")
        assert shape.tag == 'box'


def test_meshes_are_named_by_paths_that_exist() -> None:
    prepared = Xml.fromstring(prepare_description(UNITREE_G1, with_meshes=True))
    meshes = {mesh.get('filename') for mesh in prepared.iter('mesh')}
    assert len(meshes) > 20
    assert all(name.startswith('/') for name in meshes)


def test_a_package_that_is_missing_is_named_with_the_remedy() -> None:
    with pytest.raises(
        ConfigurationError, match=r"'no_such_robots' .* not installed; run `make setup`"
    ):
        Asset('no_such_robots', 'robot.urdf').locate()
    with pytest.raises(ConfigurationError, match='another version'):
        Asset('holosoma', 'data/no_such.urdf').locate()


@pytest.mark.parametrize('name', sorted(MODELS))
def test_every_joint_of_the_policy_is_described(name: str) -> None:
    policy = WalkingPolicy(MODELS[name], 1)
    assert set(policy.joint_names) == set(MODELS[name].joints)
    assert (policy.stiffness > 0.0).all()
    assert (policy.damping > 0.0).all()


def test_robots_decided_together_get_what_each_would_get_alone() -> None:
    random = np.random.default_rng(5)
    count, steps = 5, 20
    together = WalkingPolicy(UNITREE_G1, count)
    alone = [WalkingPolicy(UNITREE_G1, 1) for _ in range(count)]
    joints = len(together.joint_names)
    for _ in range(steps):
        inputs = [random.normal(0.0, 0.3, (count, width)) for width in (3, 3, 3, joints, joints)]
        targets = together.step(*inputs)
        for robot in range(count):
            one = alone[robot].step(*(each[robot : robot + 1] for each in inputs))
            np.testing.assert_allclose(targets[robot], one[0], rtol=1e-5, atol=1e-5)


def test_a_policy_refuses_more_robots_than_it_can_take() -> None:
    with pytest.raises(ConfigurationError, match='128 robots'):
        WalkingPolicy(UNITREE_G1, 128)


def test_rotations_undo_each_other() -> None:
    random = np.random.default_rng(6)
    turns = random.normal(size=(10, 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    vectors = random.normal(size=(10, 3))
    there = rotations.rotate(turns, vectors)
    np.testing.assert_allclose(np.linalg.norm(there, axis=1), np.linalg.norm(vectors, axis=1))
    np.testing.assert_allclose(rotations.rotate_back(turns, there), vectors, atol=1e-12)
    whole = rotations.multiply(turns, rotations.conjugate(turns))
    np.testing.assert_allclose(whole, np.tile((0.0, 0.0, 0.0, 1.0), (10, 1)), atol=1e-12)


def test_halfway_between_two_headings_is_the_heading_between_them() -> None:
    half = rotations.between(rotations.upright(0.2), rotations.upright(1.0), 0.5)
    assert rotations.yaw(half[np.newaxis])[0] == pytest.approx(0.6)
    flipped = rotations.between(rotations.upright(0.2), -rotations.upright(1.0), 0.5)
    assert rotations.yaw(flipped[np.newaxis])[0] == pytest.approx(0.6)


def _mass(robot: Xml.Element) -> float:
    return sum(float(mass.get('value')) for mass in robot.iter('mass'))

"""Robot descriptions (URDF), made fit for a fast and truthful simulation.

Bullet can merge links behind fixed joints itself, but gives every link without an `<inertial>` a
kilogram and a moment of inertia of 1 kg m^2 first: frames for sensors then triple the inertia of a
humanoid's trunk. So it is done here, where a link without `<inertial>` weighs nothing.
"""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from muster_sim.robot_model import RobotModel

Array = NDArray[np.float64]


def prepare_description(model: RobotModel, with_meshes: bool) -> str:
    """The URDF text to load for a robot model: fixed joints folded, feet as boxes, meshes as
    asked.

    Parameters
    ----------
    with_meshes : keep the visual meshes, named by absolute path (for a window); loading takes much
    longer.
    """
    source = model.description.locate()
    robot = Xml.parse(source).getroot()
    fold_fixed_joints(robot)
    for link in robot.findall('link'):
        if link.get('name') in model.feet:
            _replace_by_box(link, model.sole_size, model.sole_center)
        if not with_meshes:
            for visual in link.findall('visual'):
                link.remove(visual)
    for mesh in robot.iter('mesh'):
        mesh.set('filename', str(_beside(source, mesh.get('filename', ''))))
    return Xml.tostring(robot, encoding='unicode')


def fold_fixed_joints(robot: Xml.Element) -> None:
    """Make every link behind a fixed joint part of its parent: mass, inertia and shapes. In
    place."""
    links = {link.get('name'): link for link in robot.findall('link')}
    while True:
        parents = {_end(joint, 'parent') for joint in robot.findall('joint')}
        leaves = [
            joint
            for joint in robot.findall('joint')
            if joint.get('type') == 'fixed' and _end(joint, 'child') not in parents
        ]
        if not leaves:
            return
        for joint in leaves:
            parent, child = links[_end(joint, 'parent')], links[_end(joint, 'child')]
            _fold(parent, child, _Frame.of(joint))
            robot.remove(child)
            robot.remove(joint)


@dataclass(frozen=True)
class _Frame:
    """Where something is in its parent's frame."""

    origin: Array
    rotation: Array

    @classmethod
    def of(cls, element: Xml.Element) -> _Frame:
        origin = element.find('origin')
        xyz = '0 0 0' if origin is None else origin.get('xyz', '0 0 0')
        rpy = '0 0 0' if origin is None else origin.get('rpy', '0 0 0')
        turn = Rotation.from_euler('xyz', _numbers(rpy))
        return cls(_numbers(xyz), turn.as_matrix())

    def after(self, outer: _Frame) -> _Frame:
        return _Frame(outer.origin + outer.rotation @ self.origin, outer.rotation @ self.rotation)

    def write(self, element: Xml.Element) -> None:
        origin = element.find('origin')
        if origin is None:
            origin = Xml.SubElement(element, 'origin')
        rpy = Rotation.from_matrix(self.rotation).as_euler('xyz')
        origin.set('xyz', ' '.join(f'{value:.9g}' for value in self.origin))
        origin.set('rpy', ' '.join(f'{value:.9g}' for value in rpy))


@dataclass(frozen=True)
class _MassProperties:
    mass: float
    center: Array
    inertia: Array
    """About the centre of mass, along the link's axes."""

    @classmethod
    def of(cls, link: Xml.Element, frame: _Frame) -> _MassProperties | None:
        """Those of a link, as seen from outside `frame`; None when it has none."""
        inertial = link.find('inertial')
        if inertial is None:
            return None
        mass, tensor = inertial.find('mass'), inertial.find('inertia')
        if mass is None or tensor is None:
            return None
        at = _Frame.of(inertial).after(frame)
        xx, xy, xz, yy, yz, zz = (
            float(tensor.get(name, '0')) for name in ('ixx', 'ixy', 'ixz', 'iyy', 'iyz', 'izz')
        )
        own = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
        return cls(float(mass.get('value', '0')), at.origin, at.rotation @ own @ at.rotation.T)

    def about(self, point: Array) -> Array:
        arm = self.center - point
        return self.inertia + self.mass * (arm @ arm * np.eye(3) - np.outer(arm, arm))

    def joined_with(self, other: _MassProperties) -> _MassProperties:
        mass = self.mass + other.mass
        center = (self.mass * self.center + other.mass * other.center) / mass
        return _MassProperties(mass, center, self.about(center) + other.about(center))

    def write(self, link: Xml.Element) -> None:
        old = link.find('inertial')
        if old is not None:
            link.remove(old)
        inertial = Xml.SubElement(link, 'inertial')
        _Frame(self.center, np.eye(3)).write(inertial)
        Xml.SubElement(inertial, 'mass', value=f'{self.mass:.9g}')
        names = {
            'ixx': (0, 0),
            'ixy': (0, 1),
            'ixz': (0, 2),
            'iyy': (1, 1),
            'iyz': (1, 2),
            'izz': (2, 2),
        }
        Xml.SubElement(
            inertial, 'inertia', {name: f'{self.inertia[at]:.9g}' for name, at in names.items()}
        )


def _fold(parent: Xml.Element, child: Xml.Element, frame: _Frame) -> None:
    own = _MassProperties.of(parent, _Frame(np.zeros(3), np.eye(3)))
    added = _MassProperties.of(child, frame)
    if added is not None:
        (added if own is None else own.joined_with(added)).write(parent)
    for tag in ('visual', 'collision'):
        for shape in child.findall(tag):
            _Frame.of(shape).after(frame).write(shape)
            parent.append(shape)


def _replace_by_box(link: Xml.Element, size: tuple[float, ...], center: tuple[float, ...]) -> None:
    for collision in link.findall('collision'):
        link.remove(collision)
    collision = Xml.SubElement(link, 'collision')
    Xml.SubElement(collision, 'origin', xyz=' '.join(map(str, center)), rpy='0 0 0')
    geometry = Xml.SubElement(collision, 'geometry')
    Xml.SubElement(geometry, 'box', size=' '.join(map(str, size)))


def _end(joint: Xml.Element, which: str) -> str:
    end = joint.find(which)
    return '' if end is None else end.get('link', '')


def _numbers(text: str) -> Array:
    return np.array([float(word) for word in text.split()])


def _beside(source: Path, filename: str) -> Path:
    return (source.parent / filename).resolve()

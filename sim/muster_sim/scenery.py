"""The parts of the world that do not walk: floor, walls, boxes and loose parcels, built from a
world file."""

from __future__ import annotations

import math

import pybullet

from muster.runtime.world_file import Parcel, Place, World

ROBOT, STATIC, LOOSE = 1, 2, 4
"""Collision groups. Robots and parcels pass through each other: feet would trip over what lies on
the floor, and no gripper is modelled that could touch (see parcels.py)."""

FRICTION = 1.0
"""Of everything here. Bullet multiplies it by that of the soles; at a product of 0.25 the robots
slip and fall."""

FLOOR_COLOR = (0.82, 0.82, 0.80, 1.0)
WALL_COLOR = (0.60, 0.62, 0.66, 1.0)
BOX_COLOR = (0.35, 0.45, 0.60, 1.0)
PARCEL_COLOR = (0.80, 0.58, 0.32, 1.0)


def build_scenery(client: int, world: World) -> dict[int, str]:
    """Floor, walls and boxes, all immovable; returns the names of all bodies but the floor."""
    names = {}
    x_min, y_min, x_max, y_max = world.bounds
    center = ((x_min + x_max) / 2, (y_min + y_max) / 2)
    margin = 2.0
    size = (x_max - x_min + margin, y_max - y_min + margin, 1.0)
    _solid(client, size, (*center, -0.5), 0.0, 0.0, FLOOR_COLOR, STATIC)
    for index, wall in enumerate(world.walls):
        dx, dy = wall.end[0] - wall.start[0], wall.end[1] - wall.start[1]
        middle = ((wall.start[0] + wall.end[0]) / 2, (wall.start[1] + wall.end[1]) / 2)
        length = math.hypot(dx, dy) + wall.thickness
        extent = (length, wall.thickness, wall.height)
        at, yaw = (*middle, wall.height / 2), math.atan2(dy, dx)
        names[_solid(client, extent, at, yaw, 0.0, WALL_COLOR, STATIC)] = f'wall {index}'
    for box in world.boxes:
        at = (*box.center, box.size[2] / 2)
        names[_solid(client, box.size, at, box.yaw, 0.0, BOX_COLOR, STATIC)] = box.name
    return names


def build_parcel(client: int, parcel: Parcel, place: Place) -> int:
    """A loose box on the floor at a place; returns its body."""
    at = (place.x, place.y, parcel.size[2] / 2)
    return _solid(client, parcel.size, at, place.yaw, parcel.mass_kg, PARCEL_COLOR, LOOSE)


def _solid(
    client: int,
    size: tuple[float, float, float],
    center: tuple[float, float, float],
    yaw: float,
    mass: float,
    color: tuple[float, float, float, float],
    group: int,
) -> int:
    half = [side / 2 for side in size]
    shape = pybullet.createCollisionShape(
        pybullet.GEOM_BOX, halfExtents=half, physicsClientId=client
    )
    look = pybullet.createVisualShape(
        pybullet.GEOM_BOX, halfExtents=half, rgbaColor=color, physicsClientId=client
    )
    body = pybullet.createMultiBody(
        mass,
        shape,
        look,
        center,
        (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)),
        physicsClientId=client,
    )
    mask = {STATIC: ROBOT | LOOSE, LOOSE: STATIC | LOOSE}[group]
    pybullet.setCollisionFilterGroupMask(body, -1, group, mask, physicsClientId=client)
    pybullet.changeDynamics(body, -1, lateralFriction=FRICTION, physicsClientId=client)
    return int(body)

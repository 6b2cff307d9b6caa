"""Rotations of many bodies at once.

Quaternions are (n, 4) arrays in the order x, y, z, w, as in PyBullet and in ROS messages.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotate(quaternion: Array, vector: Array) -> Array:
    """Vectors (n, 3) given in the body frames, as seen from the world."""
    axis, scalar = quaternion[:, :3], quaternion[:, 3:]
    twice = 2.0 * _cross(axis, vector)
    return vector + scalar * twice + _cross(axis, twice)


def rotate_back(quaternion: Array, vector: Array) -> Array:
    """Vectors (n, 3) given in the world, as seen from the body frames."""
    return rotate(conjugate(quaternion), vector)


def conjugate(quaternion: Array) -> Array:
    """The opposite rotations."""
    return quaternion * np.array([-1.0, -1.0, -1.0, 1.0])


def multiply(first: Array, second: Array) -> Array:
    """Products of (n, 4) quaternions: `second` is applied first, then `first`."""
    a, s = first[:, :3], first[:, 3:]
    b, t = second[:, :3], second[:, 3:]
    product = np.empty_like(first)
    product[:, :3] = s * b + t * a + _cross(a, b)
    product[:, 3] = first[:, 3] * second[:, 3] - np.einsum('ij,ij->i', a, b)
    return product


def yaw(quaternion: Array) -> Array:
    """Headings (n,) [rad], counter-clockwise from +x."""
    x, y, z, w = quaternion.T
    return np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def upright(heading: float) -> Array:
    """The quaternion (4,) of something that stands upright and faces `heading`."""
    return np.array([0.0, 0.0, np.sin(heading / 2), np.cos(heading / 2)])


def between(first: Array, second: Array, share: float) -> Array:
    """The quaternion (4,) a `share` [0..1] of the shortest way from `first` to `second`."""
    cosine = float(first @ second)
    if cosine < 0.0:
        second, cosine = -second, -cosine
    angle = np.arccos(min(cosine, 1.0))
    if angle < 1e-4:
        return second
    return (np.sin((1.0 - share) * angle) * first + np.sin(share * angle) * second) / np.sin(angle)


def _cross(a: Array, b: Array) -> Array:
    """Cross products of rows: `numpy.cross` costs ten times as much on so few."""
    product = np.empty(np.broadcast_shapes(a.shape, b.shape))
    product[:, 0] = a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    product[:, 1] = a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2]
    product[:, 2] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product

"""Where there is room to stand and walk: the walls and boxes of a world file as rectangles on the
floor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from muster.core.types import Pose2D
from muster.runtime.world_file import World

Array = NDArray[np.float64]

BODY_M = 0.4
"""[m] that a walking body's centre keeps from anything solid: half its width, its arms, and the
sway of its gait."""
SAMPLE_M = 0.1
"""[m] between the points at which a line is probed."""


class Floor:
    """Signed distances to everything solid in a world."""

    def __init__(self, world: World) -> None:
        rectangles = [
            (*box.center, box.size[0] / 2, box.size[1] / 2, box.yaw) for box in world.boxes
        ]
        for wall in world.walls:
            (x0, y0), (x1, y1) = wall.start, wall.end
            length = math.hypot(x1 - x0, y1 - y0) + wall.thickness
            heading = math.atan2(y1 - y0, x1 - x0)
            middle = ((x0 + x1) / 2, (y0 + y1) / 2)
            rectangles.append((*middle, length / 2, wall.thickness / 2, heading))
        self._names = [box.name for box in world.boxes] + ['a wall'] * len(world.walls)
        self._rectangles = np.array(rectangles).reshape(-1, 5)
        x_min, y_min, x_max, y_max = world.bounds
        self._low, self._high = np.array([x_min, y_min]), np.array([x_max, y_max])

    def clearance(self, points: Array) -> Array:
        """Distance [m] of points (k, 2) to the nearest solid thing or edge of the floor; negative
        inside."""
        edges = np.minimum(points - self._low, self._high - points).min(axis=1)
        if not len(self._rectangles):
            return edges
        return np.minimum(edges, self._distances(points).min(axis=1))

    def is_clear(self, a: Pose2D, b: Pose2D, margin: float = BODY_M) -> bool:
        """Whether a body can walk from one pose to another in a straight line."""
        count = max(2, math.ceil(math.hypot(b.x - a.x, b.y - a.y) / SAMPLE_M) + 1)
        line = np.linspace((a.x, a.y), (b.x, b.y), count)
        return bool(self.clearance(line).min() >= margin)

    def obstacle_at(self, pose: Pose2D) -> str:
        """What leaves no room to stand at a pose, or '' when there is room."""
        point = np.array([[pose.x, pose.y]])
        if self.clearance(point)[0] >= BODY_M:
            return ''
        if not len(self._rectangles) or self._distances(point).min() >= BODY_M:
            return 'the edge of the floor'
        return self._names[int(self._distances(point)[0].argmin())]

    def _distances(self, points: Array) -> Array:
        """(points, rectangles)"""
        x, y, half_x, half_y, yaw = self._rectangles.T
        dx, dy = points[:, :1] - x, points[:, 1:] - y
        along = np.abs(dx * np.cos(yaw) + dy * np.sin(yaw)) - half_x
        across = np.abs(dy * np.cos(yaw) - dx * np.sin(yaw)) - half_y
        outside = np.hypot(np.maximum(along, 0.0), np.maximum(across, 0.0))
        return outside + np.minimum(np.maximum(along, across), 0.0)

"""PyBullet's window: opened, and pointed at the world."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import pybullet

from muster.core.types import ConfigurationError
from muster.runtime.world_file import World

PITCH_DEG = -55.0


def open_window() -> int:
    """Connect to a physics server with a window, without its side panels.

    Raises
    ------
    ConfigurationError
        if there is no display to show it on.
    """
    client = pybullet.connect(pybullet.GUI)
    if client < 0:
        raise ConfigurationError(
            'no window could be opened on the display that DISPLAY names: leave --gui out'
        )
    for feature in (pybullet.COV_ENABLE_GUI, pybullet.COV_ENABLE_SHADOWS):
        pybullet.configureDebugVisualizer(feature, 0, physicsClientId=client)
    return int(client)


@contextlib.contextmanager
def unseen(client: int) -> Iterator[None]:
    """Draw nothing meanwhile: drawing after every body that is added takes minutes."""
    drawing = pybullet.COV_ENABLE_RENDERING
    pybullet.configureDebugVisualizer(drawing, 0, physicsClientId=client)
    yield
    pybullet.configureDebugVisualizer(drawing, 1, physicsClientId=client)


def look_at(client: int, world: World) -> None:
    """Put the camera where it sees the whole floor."""
    x_min, y_min, x_max, y_max = world.bounds
    pybullet.resetDebugVisualizerCamera(
        cameraDistance=0.75 * math.hypot(x_max - x_min, y_max - y_min),
        cameraYaw=0.0,
        cameraPitch=PITCH_DEG,
        cameraTargetPosition=((x_min + x_max) / 2, (y_min + y_max) / 2, 0.0),
        physicsClientId=client,
    )

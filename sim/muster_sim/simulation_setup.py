"""All that a simulated run depends on: the same setup and the same commands give the same run."""

from __future__ import annotations

from dataclasses import dataclass, field

from muster.runtime.world_file import World
from muster_sim.battery import PowerModel


@dataclass(frozen=True)
class RobotStart:
    """One robot at the start."""

    name: str
    start: tuple[float, float, float]
    """x [m], y [m], yaw [rad]."""
    charge: float = 1.0


@dataclass(frozen=True)
class Setup:
    """A world, its robots, and the constants of the run."""

    world: World
    robots: tuple[RobotStart, ...]
    model: str = 'unitree_g1'
    seed: int = 0
    battery_j: float = 3.0e6
    power: PowerModel = field(default_factory=PowerModel)
    charge_w: float = 0.0
    """[W] that flows into the battery of a robot that stands at a dock of the world."""
    hoist_after_s: float = 8.0
    """[s] that a fallen robot lies before it is hoisted upright; 0 = it is left where it is."""
    with_window: bool = False

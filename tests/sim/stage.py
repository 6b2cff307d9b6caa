"""Skills and simulated bodies put together in one process, without ROS: what the nodes do, as
plain calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from muster.core.types import Pose2D
from muster.runtime.skills import BodyView, Skill, SkillStep, Twist2D
from muster.runtime.world_file import World, read_world
from muster_sim.requests import Grip, Push
from muster_sim.simulated_world import SimulatedWorld
from muster_sim.simulation_setup import RobotStart, Setup
from muster_sim.snapshot import Contact, Snapshot

WAREHOUSE = Path(__file__).parents[2] / 'config' / 'worlds' / 'warehouse.yaml'
HANDS = ('left_wrist', 'right_wrist', 'left_elbow', 'right_elbow', 'left_rubber', 'right_rubber')
TICKS_PER_STEP = 2
"""Skills are stepped at 25 Hz."""


def warehouse() -> World:
    """The world that ships with muster."""
    return read_world(WAREHOUSE)


def open_floor(half_m: float = 50.0) -> World:
    """Nothing but a floor and one place in its middle."""
    return World(
        name='open', bounds=(-half_m, -half_m, half_m, half_m), places={'middle': {'x': 0, 'y': 0}}
    )


class Stage:
    """A simulated world in which some robots have skills to perform."""

    def __init__(
        self, world: World, starts: Mapping[str, tuple[float, float, float]], **options: object
    ) -> None:
        robots = tuple(RobotStart(name, start) for name, start in starts.items())
        self.world = SimulatedWorld(Setup(world, robots, **options))
        self.names = list(starts)
        self.skills: dict[str, Skill] = {}
        self.ends: dict[str, SkillStep] = {}
        self.steps: dict[str, SkillStep] = {}
        self.closest_m = math.inf
        self.touched: set[Contact] = set()
        """What robots on their feet have bumped into: a brush with a hand does not count."""
        self._requests = 0

    @property
    def snapshot(self) -> Snapshot:
        return self.world.snapshot()

    def perform(self, robot: str, skill: Skill) -> None:
        """Have a robot begin a skill; its end is found in `ends`."""
        self.skills[robot] = skill
        self.ends.pop(robot, None)

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let simulated time pass; returns whether `until` became true (or, without one, all
        skills ended)."""
        condition = until or (lambda: not self.skills)
        for _ in range(math.ceil(seconds / 0.02 / TICKS_PER_STEP)):
            for robot in list(self.skills):
                self._step(robot)
            for _ in range(TICKS_PER_STEP):
                self.world.tick()
            self._measure()
            if condition():
                return True
        return False

    def body(self, robot: str) -> BodyView:
        """What a robot knows."""
        state, index = self.snapshot, self.names.index(robot)
        return BodyView(
            now_s=state.time_s,
            pose=state.pose(index),
            velocity=Twist2D(
                *state.velocity[index, :2].tolist(), float(state.rotation_rate[index, 2])
            ),
            battery=float(state.charge[index]),
            is_fallen=bool(state.is_fallen[index]),
            neighbours=tuple(
                point
                for other in range(len(self.names))
                if other != index
                for point in state.outline(other)
            ),
            objects={
                name: Pose2D(float(at[0]), float(at[1]))
                for name, at in zip(self.world.hands.names, state.parcel_position, strict=True)
            },
            is_holding=bool(state.is_holding[index]),
        )

    def _step(self, robot: str) -> None:
        step = self.skills[robot].step(self.body(robot))
        self.steps[robot] = step
        index = self.names.index(robot)
        self.world.command(index, step.command.vx, step.command.vy, step.command.wz)
        if step.grip is not None:
            self._requests += 1
            self.world.submit(self._requests, Grip(index, step.grip))
        if step.outcome is not None:
            self.ends[robot] = step
            del self.skills[robot]

    def fell(self, robot: str) -> None:
        """Push a robot over, and wait until it lies."""
        index = self.names.index(robot)
        self._requests += 1
        self.world.submit(self._requests, Push(index, 150.0, 0.0))
        assert self.run(10.0, until=lambda: bool(self.snapshot.is_fallen[index]))
        self.run(3.0, until=lambda: False)

    def _measure(self) -> None:
        state = self.snapshot
        self.touched |= {
            contact
            for contact in self.world.contacts()
            if not state.is_fallen[contact.robot] and not contact.link.startswith(HANDS)
        }
        up = [state.position[i, :2] for i in range(len(self.names)) if not state.is_fallen[i]]
        for i, a in enumerate(up):
            for b in up[i + 1 :]:
                self.closest_m = min(self.closest_m, float(np.hypot(*(a - b))))

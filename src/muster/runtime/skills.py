"""The seam between muster and a robot's body: what a skill sees and what it may command.

A skill is a small sans-I/O machine. The robot's `skills` node steps it at a fixed rate with a
`BodyView` and carries out the `SkillStep` it returns; nothing in a skill knows ROS, threads or
clocks, so the same skill runs on a robot, in PyBullet and in a unit test. Skills are found by
entry point (group `muster.skills`, the name is the task kind), so that a robot maker adds one
without touching muster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Protocol

from muster.core.types import ConfigurationError, Outcome, Pose2D, TaskSpec
from muster.runtime.world_file import World

ENTRY_POINT_GROUP = 'muster.skills'


@dataclass(frozen=True)
class Twist2D:
    """Velocity command in the robot's base_link frame: m/s, m/s, rad/s."""

    vx: float = 0.0
    vy: float = 0.0
    wz: float = 0.0


@dataclass(frozen=True)
class BodyView:
    """What the robot knows at one step."""

    now_s: float
    """[s] node clock."""
    pose: Pose2D
    """In the map frame."""
    velocity: Twist2D
    """Measured, in base_link."""
    battery: float
    """[0..1] state of charge."""
    is_fallen: bool
    neighbours: tuple[Pose2D, ...] = ()
    """Other robots and people within sensing range, in the map frame."""
    objects: Mapping[str, Pose2D] = field(default_factory=dict)
    """Things that perception recognises, by name (parcels), in the map frame, wherever they are or
    whoever holds them."""
    is_holding: bool = False
    """The gripper holds something."""
    sensed_age_s: float = 0.0
    """[s] since the newest odometry; skills stop when it grows."""


@dataclass(frozen=True)
class SkillStep:
    """What a skill wants for the next period, and whether it has ended."""

    command: Twist2D = Twist2D()
    grip: bool | None = None
    """Close (True) or open (False) the gripper; None leaves it as it is."""
    progress: float = 0.0
    """[0..1]"""
    activity: str = ''
    outcome: Outcome | None = None
    """None while under way."""
    detail: str = ''
    """Why it ended."""
    path: tuple[Pose2D, ...] = field(default=())
    """The way still ahead, for display."""


class Skill(Protocol):
    """One attempt at one task. Built anew for every attempt."""

    def step(self, body: BodyView) -> SkillStep:
        """Advance by one period. Must return at once; called no more after it has given an
        outcome."""
        ...


SkillFactory = Callable[[TaskSpec, World], Skill]
"""Raises ConfigurationError when the spec cannot be performed (the attempt is refused with its
message)."""


def installed_skills() -> dict[str, SkillFactory]:
    """All skills on this machine, by task kind.

    Raises
    ------
    ConfigurationError
        if an entry point cannot be loaded; the message names its package.
    """
    skills: dict[str, SkillFactory] = {}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            skills[entry.name] = entry.load()
        except (ImportError, AttributeError) as error:
            raise ConfigurationError(
                f'skill {entry.name!r} ({entry.value}) cannot be loaded: {error}; '
                'reinstall its package'
            ) from error
    return skills

"""Bodies without physics: points that follow their velocity commands with a lag. For tests of
skills alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from muster.core.types import Pose2D
from muster.runtime.skills import BodyView, Skill, SkillStep, Twist2D

PERIOD_S = 0.05
LAG_S = 0.3
REACH_M = 0.8


@dataclass
class Puppet:
    """One body, and what a test does to it."""

    pose: Pose2D
    velocity: Twist2D = field(default_factory=Twist2D)
    skill: Skill | None = None
    step: SkillStep = field(default_factory=SkillStep)
    is_fallen: bool = False
    sensed_age_s: float = 0.0
    holds: str = ''
    trail: list[Pose2D] = field(default_factory=list)

    @property
    def end(self) -> SkillStep | None:
        """How its skill ended."""
        return self.step if self.step.outcome is not None else None


class Puppets:
    """Several bodies on one floor, and the objects they can carry."""

    def __init__(
        self,
        starts: Mapping[str, tuple[float, float, float]],
        objects: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.bodies = {name: Puppet(Pose2D(*start)) for name, start in starts.items()}
        self.objects = {name: Pose2D(*at) for name, at in (objects or {}).items()}
        self.now_s = 0.0
        self.closest_m = math.inf

    def __getitem__(self, name: str) -> Puppet:
        return self.bodies[name]

    def perform(self, name: str, skill: Skill) -> Puppet:
        """Have a body begin a skill."""
        self.bodies[name].skill = skill
        self.bodies[name].step = SkillStep()
        return self.bodies[name]

    def run(self, seconds: float) -> bool:
        """Let time pass until all skills have ended, or for so long; returns whether they have."""
        for _ in range(math.ceil(seconds / PERIOD_S)):
            for name, body in self.bodies.items():
                self._step(name, body)
            for body in self.bodies.values():
                self._move(body)
            self.now_s += PERIOD_S
            self.closest_m = min(self.closest_m, *_gaps(self.bodies.values()), math.inf)
            if all(body.skill is None for body in self.bodies.values()):
                return True
        return False

    def view(self, name: str) -> BodyView:
        """What a body knows."""
        body = self.bodies[name]
        return BodyView(
            now_s=self.now_s,
            pose=body.pose,
            velocity=body.velocity,
            battery=1.0,
            is_fallen=body.is_fallen,
            neighbours=tuple(other.pose for key, other in self.bodies.items() if key != name),
            objects=dict(self.objects),
            is_holding=bool(body.holds),
            sensed_age_s=body.sensed_age_s,
        )

    def _step(self, name: str, body: Puppet) -> None:
        if body.skill is None:
            return
        body.step = body.skill.step(self.view(name))
        if body.step.grip is False:
            body.holds = ''
        elif body.step.grip and not body.holds:
            taken = {other.holds for other in self.bodies.values()}
            near = [
                (_gap(at, body.pose), key) for key, at in self.objects.items() if key not in taken
            ]
            distance, key = min(near, default=(math.inf, ''))
            body.holds = key if distance <= REACH_M else ''
        if body.step.outcome is not None:
            body.skill = None

    def _move(self, body: Puppet) -> None:
        wanted = body.step.command if body.skill is not None else Twist2D()
        share = PERIOD_S / LAG_S
        now = body.velocity
        body.velocity = Twist2D(
            now.vx + share * (wanted.vx - now.vx),
            now.vy + share * (wanted.vy - now.vy),
            now.wz + share * (wanted.wz - now.wz),
        )
        cos, sin = math.cos(body.pose.yaw), math.sin(body.pose.yaw)
        body.pose = Pose2D(
            body.pose.x + PERIOD_S * (body.velocity.vx * cos - body.velocity.vy * sin),
            body.pose.y + PERIOD_S * (body.velocity.vx * sin + body.velocity.vy * cos),
            body.pose.yaw + PERIOD_S * body.velocity.wz,
        )
        body.trail.append(body.pose)
        if body.holds:
            self.objects[body.holds] = Pose2D(body.pose.x + 0.3 * cos, body.pose.y + 0.3 * sin)


def _gap(a: Pose2D, b: Pose2D) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)


def _gaps(bodies: Iterable[Puppet]) -> list[float]:
    up = [body.pose for body in bodies]
    return [_gap(a, b) for index, a in enumerate(up) for b in up[index + 1 :]]

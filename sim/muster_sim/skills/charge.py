"""charge: walk to a dock, stand there until the battery is charged, and clear the dock for others.

Contact is a matter of standing at the right spot; whether there is any shows in the battery alone.
"""

from __future__ import annotations

import json
import math

from muster.core.types import ConfigurationError, Outcome, Pose2D, TaskSpec
from muster.runtime.skills import BodyView, SkillStep
from muster.runtime.world_file import DOCK, World
from muster_sim.skills.fitness import unfit_step
from muster_sim.skills.navigation import Getting, Navigator
from muster_sim.skills.routing import Router, gap

NEAR_FULL = 0.002
"""[0..1] below the level asked for that counts as reached: a battery is slow to take the last."""
RISE = 0.001
"""[0..1] that shows that the battery is being charged."""
NO_CONTACT_S = 30.0
"""[s] at the dock without any rise after which it is given up."""
AT_DOCK_M = 0.4
"""Further from its middle there is no contact."""
WALK_SHARE = 0.1
"""Of the progress that is shown."""


class Charge:
    """One attempt. Parameters: `until`, the charge [0..1] at which to leave; 1.0 unless given."""

    def __init__(self, spec: TaskSpec, world: World) -> None:
        if len(spec.stops) != 1 or not spec.stops[0].place:
            raise ConfigurationError('charge needs exactly one stop, a dock by its name')
        self._name = spec.stops[0].place
        self._router = Router(world)
        self._dock = self._router.pose_of(spec.stops[0])
        if world.places[self._name].kind != DOCK:
            docks = ', '.join(world.docks()) or 'none'
            raise ConfigurationError(f'{self._name} is no dock; there are {docks}')
        self._until = _until(spec.parameters)
        self._exit = _way_out(world, self._name)
        self._navigator = Navigator(self._router, self._dock)
        self._progress = 0.0
        self._level: float | None = None
        """At the last rise; None until it stands at the dock."""
        self._first_level = 0.0
        self._rose_s = 0.0
        self._is_charged = False

    def step(self, body: BodyView) -> SkillStep:
        """Advance by one period."""
        unfit = unfit_step(body, self._progress)
        if unfit is not None:
            return unfit
        if self._is_charged:
            return self._clear_the_dock(body)
        if self._level is None:
            return self._walk(body)
        return self._charge(body, self._level)

    def _walk(self, body: BodyView) -> SkillStep:
        leg = self._navigator.step(body)
        if leg.getting is Getting.NOWHERE:
            return self._fail(f'{self._name}: {leg.detail}')
        if leg.getting is Getting.THERE:
            if gap(body.pose, self._dock) > AT_DOCK_M:
                return self._fail(f'{self._name}: somebody stands there')
            self._level = self._first_level = body.battery
            self._rose_s = body.now_s
            self._progress = WALK_SHARE
        return SkillStep(
            command=leg.command,
            grip=False if body.is_holding else None,
            progress=self._progress,
            activity=f'walking to {self._name}',
            path=leg.path,
        )

    def _charge(self, body: BodyView, level: float) -> SkillStep:
        if body.battery >= self._until - NEAR_FULL:
            self._is_charged = True
            self._navigator = Navigator(self._router, self._exit)
            return self._clear_the_dock(body)
        if body.battery >= level + RISE:
            self._level, self._rose_s = body.battery, body.now_s
        if body.now_s - self._rose_s > NO_CONTACT_S:
            return self._fail(f'{self._name}: the battery does not rise, it may have no contact')
        missing = max(self._until - self._first_level, 1e-6)
        share = min(1.0, max(0.0, (body.battery - self._first_level) / missing))
        self._progress = max(self._progress, WALK_SHARE + (1.0 - WALK_SHARE) * share)
        activity = f'charging at {self._name}: {body.battery:.0%}'
        return SkillStep(progress=self._progress, activity=activity)

    def _clear_the_dock(self, body: BodyView) -> SkillStep:
        leg = self._navigator.step(body)
        if leg.getting is not Getting.UNDER_WAY:
            detail = f'charged to {body.battery:.0%}'
            return SkillStep(outcome=Outcome.SUCCEEDED, progress=1.0, detail=detail)
        return SkillStep(
            command=leg.command,
            progress=self._progress,
            activity=f'leaving {self._name}',
            path=leg.path,
        )

    def _fail(self, detail: str) -> SkillStep:
        return SkillStep(outcome=Outcome.ROBOT_FAILED, progress=self._progress, detail=detail)


def _until(parameters: str) -> float:
    given = json.loads(parameters or '{}').get('until', 1.0)
    if not isinstance(given, (int, float)) or not 0.0 < given <= 1.0:
        raise ConfigurationError(f'until is {given!r}, but must be more than 0 and at most 1')
    return float(given)


def _way_out(world: World, dock: str) -> Pose2D:
    """The nearest place from which the dock is entered; the dock itself if there is none."""
    here = world.places[dock]
    others = [
        world.places[b if a == dock else a]
        for a, b in world.lanes
        if dock in (a, b) and world.places[b if a == dock else a].kind != DOCK
    ]
    nearest = min(others, key=lambda at: math.hypot(at.x - here.x, at.y - here.y), default=here)
    return Pose2D(nearest.x, nearest.y, nearest.yaw)

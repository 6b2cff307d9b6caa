"""go_to: walk through all stops of a task, in order."""

from __future__ import annotations

import itertools

from muster.core.types import ConfigurationError, Outcome, Pose2D, TaskSpec
from muster.runtime.skills import BodyView, SkillStep
from muster.runtime.world_file import World
from muster_sim.skills.fitness import unfit_step
from muster_sim.skills.navigation import Getting, Navigator
from muster_sim.skills.routing import Router, gap


class GoTo:
    """One attempt. Parameters: none."""

    def __init__(self, spec: TaskSpec, world: World) -> None:
        if not spec.stops:
            raise ConfigurationError('go_to needs at least one stop')
        self._router = Router(world)
        self._goals = [self._router.pose_of(stop) for stop in spec.stops]
        self._names = [
            stop.place or f'({stop.pose.x:.1f}, {stop.pose.y:.1f})' for stop in spec.stops
        ]
        self._at = 0
        self._navigator = Navigator(self._router, self._goals[0])
        self._total_m = 0.0
        self._progress = 0.0

    def step(self, body: BodyView) -> SkillStep:
        """Advance by one period."""
        unfit = unfit_step(body, self._progress)
        if unfit is not None:
            return unfit
        leg = self._navigator.step(body)
        name = self._names[self._at]
        if leg.getting is Getting.NOWHERE:
            return SkillStep(
                outcome=Outcome.TASK_FAILED,
                progress=self._progress,
                detail=f'{name}: {leg.detail}',
            )
        if leg.getting is Getting.THERE:
            self._at += 1
            if self._at == len(self._goals):
                return SkillStep(
                    outcome=Outcome.SUCCEEDED,
                    progress=1.0,
                    detail=f'at {name} {leg.detail}'.strip(),
                )
            self._navigator = Navigator(self._router, self._goals[self._at])
            return self.step(body)
        self._follow_progress(body.pose, leg.remaining_m)
        return SkillStep(
            command=leg.command,
            grip=False if body.is_holding else None,
            progress=self._progress,
            activity=f'walking to {name}',
            path=leg.path + tuple(self._goals[self._at + 1 :]),
        )

    def _follow_progress(self, here: Pose2D, remaining_m: float) -> None:
        later = self._goals[self._at :]
        left_m = remaining_m + sum(gap(a, b) for a, b in itertools.pairwise(later))
        self._total_m = max(self._total_m, left_m, gap(here, self._goals[self._at]))
        self._progress = max(self._progress, 1.0 - left_m / max(self._total_m, 1e-6))

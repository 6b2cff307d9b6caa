"""inspect: walk to a place, face what is to be seen there, and look at it for a while."""

from __future__ import annotations

from muster.core.types import ConfigurationError, Outcome, TaskSpec
from muster.runtime.skills import BodyView, SkillStep
from muster.runtime.world_file import World
from muster_sim.skills.fitness import unfit_step
from muster_sim.skills.navigation import Getting, Navigator, facing
from muster_sim.skills.routing import Router

DEFAULT_S = 3.0
"""[s] of looking, when the task does not say."""
WALK_SHARE = 0.7
"""Of the progress that is shown."""
AIM_S = 8.0
"""[s] after which a robot that cannot turn well looks from where it stands."""


class Inspect:
    """One attempt. Parameters: none; `duration_s` of the task is how long to look."""

    def __init__(self, spec: TaskSpec, world: World) -> None:
        if len(spec.stops) != 1:
            raise ConfigurationError(f'inspect needs exactly one stop, not {len(spec.stops)}')
        stop = spec.stops[0]
        router = Router(world)
        self._goal = router.pose_of(stop)
        self._name = stop.place or f'({self._goal.x:.1f}, {self._goal.y:.1f})'
        self._navigator = Navigator(router, self._goal)
        self._duration_s = spec.duration_s or DEFAULT_S
        self._total_m = 0.0
        self._progress = 0.0
        self._arrived_s: float | None = None
        self._looking_s: float | None = None

    def step(self, body: BodyView) -> SkillStep:
        """Advance by one period."""
        unfit = unfit_step(body, self._progress)
        if unfit is not None:
            return unfit
        if self._arrived_s is None:
            return self._walk(body)
        if self._looking_s is None:
            turn = facing(body.pose.yaw, self._goal.yaw)
            if turn is not None and body.now_s - self._arrived_s < AIM_S:
                activity = f'turning to {self._name}'
                return SkillStep(command=turn, progress=self._progress, activity=activity)
            self._looking_s = body.now_s
        share = min(1.0, (body.now_s - self._looking_s) / self._duration_s)
        self._progress = WALK_SHARE + (1.0 - WALK_SHARE) * share
        if share >= 1.0:
            return SkillStep(
                outcome=Outcome.SUCCEEDED, progress=1.0, detail=f'looked at {self._name}'
            )
        return SkillStep(progress=self._progress, activity=f'looking at {self._name}')

    def _walk(self, body: BodyView) -> SkillStep:
        leg = self._navigator.step(body)
        if leg.getting is Getting.NOWHERE:
            return SkillStep(
                outcome=Outcome.TASK_FAILED,
                progress=self._progress,
                detail=f'{self._name}: {leg.detail}',
            )
        if leg.getting is Getting.THERE:
            self._arrived_s = body.now_s
            return SkillStep(progress=self._progress, activity=f'turning to {self._name}')
        self._total_m = max(self._total_m, leg.remaining_m)
        share = 1.0 - leg.remaining_m / max(self._total_m, 1e-6)
        self._progress = max(self._progress, WALK_SHARE * share)
        return SkillStep(
            command=leg.command,
            grip=False if body.is_holding else None,
            progress=self._progress,
            activity=f'walking to {self._name}',
            path=leg.path,
        )

"""When a body can no longer do what a skill asks of it."""

from __future__ import annotations

from muster.core.types import Outcome
from muster.runtime.skills import BodyView, SkillStep

STALE_S = 0.4
"""[s] without odometry after which a body stops: it does not know where it walks."""
SILENT_S = 3.0
"""[s] after which it gives up."""


def unfit_step(body: BodyView, progress: float) -> SkillStep | None:
    """What a skill does instead of its work while the body is unfit; None while it is fit."""
    if body.is_fallen:
        return SkillStep(outcome=Outcome.ROBOT_FAILED, progress=progress, detail='the robot fell')
    if body.sensed_age_s > SILENT_S:
        detail = f'no odometry for {body.sensed_age_s:.1f} s'
        return SkillStep(outcome=Outcome.ROBOT_FAILED, progress=progress, detail=detail)
    if body.sensed_age_s > STALE_S:
        return SkillStep(progress=progress, activity='waiting for odometry')
    return None

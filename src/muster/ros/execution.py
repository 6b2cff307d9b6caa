"""One attempt at one task, from its start to its outcome (no ROS in here).

Each step asks, in this order: was it told to stop, may it still work, can the body work, and only
then the skill. The body's command is zero whenever the answer ends the attempt.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from numbers import Real

from muster.core.types import Outcome, TaskId, TaskSpec
from muster.ros.authority import Authority
from muster.runtime.skills import BodyView, Skill, SkillStep


@dataclass(frozen=True)
class Limits:
    """What an attempt puts up with, in seconds."""

    sensing_timeout_s: float
    """Age of the odometry."""
    coordinator_timeout_s: float
    """Silence of the coordinator."""


class Execution:
    """The attempt that the body is at."""

    def __init__(
        self,
        task_id: TaskId,
        attempt: int,
        spec: TaskSpec,
        skill: Skill,
        authority: Authority,
        limits: Limits,
    ) -> None:
        self.task_id = task_id
        self.attempt = attempt
        self.spec = spec
        self.stop_reason = ''
        """Set it to have the attempt stopped at the next step."""
        self.last = SkillStep(activity='starting')
        self._skill = skill
        self._authority = authority
        self._limits = limits

    def step(self, body: BodyView, now: float) -> SkillStep:
        """One period of work; `now` is steady time. The last step is the one with an outcome."""
        step = self._step(body, now)
        if body.is_holding and step.outcome not in (None, Outcome.SUCCEEDED):
            # Whoever takes the task over could not take the thing out of this robot's hands.
            step = dataclasses.replace(step, grip=False)
        self.last = step
        return step

    def _step(self, body: BodyView, now: float) -> SkillStep:
        if self.stop_reason:
            return self._end(Outcome.STOPPED, self.stop_reason)
        lapse = self._authority.why_not(
            self.spec.exclusive, self._limits.coordinator_timeout_s, now
        )
        if lapse:
            return self._end(Outcome.STOPPED, lapse)
        if body.is_fallen:
            return self._end(Outcome.ROBOT_FAILED, f'fell while {self.last.activity}')
        if body.sensed_age_s > self._limits.sensing_timeout_s:
            return self._end(Outcome.ROBOT_FAILED, f'no odometry for {body.sensed_age_s:.1f} s')
        try:
            step = self._skill.step(body)
            flaw = _flaw(step)
        except Exception as error:  # foreign code: its faults end the attempt, not the robot
            flaw = f'broke: {type(error).__name__}: {error}'
        if flaw:
            return self._end(Outcome.TASK_FAILED, f'skill {self.spec.kind} {flaw}')
        return step

    def _end(self, outcome: Outcome, detail: str) -> SkillStep:
        return SkillStep(
            progress=self.last.progress,
            activity=self.last.activity,
            outcome=outcome,
            detail=detail,
        )


def _flaw(step: object) -> str:
    """What is wrong with the step that a skill returned; empty when nothing is."""
    if not isinstance(step, SkillStep):
        return f'returned {type(step).__name__}, not a SkillStep'
    command = step.command
    for value in (command.vx, command.vy, command.wz, step.progress):
        if not isinstance(value, Real) or not math.isfinite(value):
            return f'returned {command}, progress {step.progress!r}: not finite numbers'
    if not isinstance(step.outcome, Outcome | None):
        return f'returned the outcome {step.outcome!r}'
    if not (isinstance(step.activity, str) and isinstance(step.detail, str)):
        return f'returned activity {step.activity!r}, detail {step.detail!r}: not texts'
    return ''

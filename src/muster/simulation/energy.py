"""Watches docks and batteries: a dock has one robot at a time, and no robot begins work that would
leave it without the way to a dock and its reserve.

The estimates are made anew here, from the roadmap with all lanes open: robots may be more careful
than that, but not less.
"""

from __future__ import annotations

from collections.abc import Mapping

from muster.core.allocation.config import MotionProfile, SkillProfile
from muster.core.allocation.roadmap import Roadmap
from muster.core.coordinator.effects import StartTask
from muster.core.types import Pose2D, RobotId, TaskSpec
from muster.simulation.agenda import Agenda
from muster.simulation.referee import InvariantViolationError

TOLERANCE = 0.05
"""[0..1] by which a battery may have sunk between the look at it and the beginning of the work:
reports take time, processes stall, and robots stand and wait for those whom they set out with."""


class EnergyReferee:
    """Judges one run."""

    def __init__(
        self,
        agenda: Agenda,
        roadmap: Roadmap,
        motion: MotionProfile,
        skills: Mapping[str, SkillProfile],
        docks: tuple[str, ...],
    ) -> None:
        self.charges = 0
        self.motion = motion
        self._agenda = agenda
        self._roadmap = roadmap.copy()
        self._skills = skills
        self._docks = {dock: roadmap.places[dock] for dock in docks}
        self._at_dock: dict[str, RobotId] = {}

    def joules(self, pose: Pose2D, spec: TaskSpec) -> float:
        """[J] that a body standing at a pose needs for a task, if it does not tarry."""
        stops = self._stops(spec)
        metres = sum(map(self._roadmap.distance, [pose, *stops], stops))
        skill = self._skills[spec.kind]
        work_s = spec.duration_s or skill.duration_s
        return self._walk_j(metres) + work_s * (self.motion.idle_w + skill.power_w) + spec.energy_j

    def work_began(self, robot: RobotId, start: StartTask, pose: Pose2D, level: float) -> None:
        """The battery lasts for it, and for the way to a dock."""
        if not self._docks:
            return
        end = (pose, *self._stops(start.spec))[-1]
        home_m = min(self._roadmap.distance(end, dock) for dock in self._docks.values())
        needed_j = self.joules(pose, start.spec) + self._walk_j(home_m)
        left = level - needed_j / self.motion.battery_j
        if left < self.motion.battery_reserve - TOLERANCE:
            self._fail(
                f'{robot} begins {start.task_id} with a charge of {level:.1%}, which would leave '
                f'{left:.1%} at a dock, though {self.motion.battery_reserve:.0%} are to be kept'
            )

    def charge_began(self, robot: RobotId, dock: str) -> None:
        """Nobody else is there."""
        self.charges += 1
        other = self._at_dock.setdefault(dock, robot)
        if other != robot:
            self._fail(f'{robot} goes to {dock}, but {other} is there')

    def charge_ended(self, robot: RobotId, dock: str) -> None:
        if self._at_dock.get(dock) == robot:
            del self._at_dock[dock]

    def _stops(self, spec: TaskSpec) -> list[Pose2D]:
        poses = map(self._roadmap.pose_of, spec.stops)
        return [pose for pose in poses if pose is not None]

    def _walk_j(self, metres: float) -> float:
        return metres / self.motion.speed * self.motion.walking_w

    def _fail(self, text: str) -> None:
        raise InvariantViolationError('energy', self._agenda.now, text)

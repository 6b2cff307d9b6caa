"""A robot's body: performs attempts, reports itself, falls and stands up.

It obeys a process, but it is not part of it: when the process dies or stalls, the body goes on
until its command time-out, as real ones do.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from muster.core.allocation.roadmap import Roadmap
from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.coordinator.events import BodySensed, Event, SkillEnded, SkillProgressed
from muster.core.coordinator.planner import CHARGE
from muster.core.types import Outcome, Pose2D, RobotId, RobotReport, TaskId
from muster.simulation.agenda import Agenda
from muster.simulation.battery import Battery
from muster.simulation.energy import EnergyReferee
from muster.simulation.referee import Referee

COMMAND_TIMEOUT_S = 0.5
STOP_S = (0.02, 0.2)
"""A body on its legs does not stand still at once."""
SENSE_S = 0.4
FAILURE_RATE = 0.05
"""Share of attempts that fail through the task, and of charges that find no contact."""
APPROACH_S = (0.2, 2.0)
"""To a dock."""
THRIFT = (0.5, 1.0)
"""Share of the energy planned for it that an attempt really takes."""


@dataclass
class _Work:
    start: StartTask
    since: float
    lasts_s: float

    @property
    def is_charge(self) -> bool:
        return self.start.spec.kind == CHARGE


class Body:
    """One robot's body. `tell` brings events to the process that commands it at the moment."""

    def __init__(
        self,
        robot: RobotId,
        pose: Pose2D,
        roadmap: Roadmap,
        agenda: Agenda,
        rng: random.Random,
        referee: Referee,
        energy: EnergyReferee,
        battery: Battery,
    ) -> None:
        self.robot = robot
        self.pose = pose
        self.battery = battery
        self.has_fallen = False
        self.tell: Callable[[Event], None] = lambda event: None
        self._roadmap = roadmap
        self._agenda = agenda
        self._rng = rng
        self._referee = referee
        self._energy = energy
        self._work: _Work | None = None
        self._newest: dict[TaskId, int] = {}
        self._silent_since: float | None = None

    def sense(self) -> None:
        """Report the state of the body, over and over."""
        self._report()
        if self._work is not None:
            self._tell_progress(self._work)
        self._agenda.after(SENSE_S, self.sense)

    def start(self, effect: StartTask) -> None:
        """Begin an attempt; refused if a newer one of the task was seen, or another is under
        way."""
        if effect.attempt <= self._newest.get(effect.task_id, 0) or self._work is not None:
            self.tell(SkillEnded(effect.task_id, effect.attempt, Outcome.ROBOT_FAILED, 'refused'))
            return
        self._newest[effect.task_id] = effect.attempt
        if self.has_fallen:
            self.tell(SkillEnded(effect.task_id, effect.attempt, Outcome.ROBOT_FAILED, 'fallen'))
            return
        work = _Work(effect, self._agenda.now, self._rng.uniform(0.5, 8.0))
        self._work = work
        self._agenda.after(0.02, lambda: self._tell_progress(work))
        if work.is_charge:
            self._approach(work)
            return
        self._energy.work_began(self.robot, effect, self.pose, self.battery.level)
        self._referee.execution_began(self.robot, effect)
        joules = self._energy.joules(self.pose, effect.spec) * self._rng.uniform(*THRIFT)
        self.battery.draw(joules / work.lasts_s)
        self._agenda.after(work.lasts_s, lambda: self._finish(work))

    def stop(self, effect: StopTask) -> None:
        """Come to a stop, which takes a moment."""
        work = self._work
        if work is not None and (work.start.task_id, work.start.attempt) == (
            effect.task_id,
            effect.attempt,
        ):
            self._agenda.after(
                self._rng.uniform(*STOP_S),
                lambda: self._end(work, Outcome.STOPPED, effect.reason),
            )

    def process_died(self) -> None:
        """Nobody commands the body any more; no later process will go on with its work."""
        self.tell = lambda event: None
        self.process_stalled()
        work, since = self._work, self._silent_since
        if work is not None and since is not None:
            self._agenda.at(since + COMMAND_TIMEOUT_S, lambda: self._miss_commands(work))

    def process_stalled(self) -> None:
        """No commands come: the body stops after its time-out, unless they come again."""
        if self._silent_since is not None:
            return
        work, since = self._work, self._agenda.now
        self._silent_since = since
        if work is not None:
            self._agenda.after(
                COMMAND_TIMEOUT_S,
                lambda: self._miss_commands(work) if self._silent_since == since else None,
            )

    def process_resumed(self) -> None:
        """Commands come again, perhaps before the body has noticed that there were none."""
        self._silent_since = None

    def process_started(self, tell: Callable[[Event], None]) -> None:
        """A new process commands the body; it has no memory of attempts."""
        self.tell = tell
        self._silent_since = None
        self._newest.clear()
        self._report()

    def fall(self) -> None:
        self.has_fallen = True
        if self._work is not None:
            self._end(self._work, Outcome.ROBOT_FAILED, 'fallen')
        self._report()

    def stand_up(self) -> None:
        self.has_fallen = False
        self._report()

    def _approach(self, work: _Work) -> None:
        """Walk to a dock, and charge there."""
        spec = work.start.spec
        dock, until = spec.stops[0], json.loads(spec.parameters)['until']
        self._energy.charge_began(self.robot, dock.place)
        way_s = self._rng.uniform(*APPROACH_S)
        joules = self._energy.joules(self.pose, spec)
        charge_w = self._energy.motion.charge_w
        missing_s = self.battery.seconds_until(until, charge_w) + joules / charge_w
        work.lasts_s = way_s + missing_s
        self.battery.draw(joules / way_s)
        has_contact = self._rng.random() >= FAILURE_RATE

        def arrive() -> None:
            if self._work is not work:
                return
            self.pose = self._roadmap.pose_of(dock) or self.pose
            if not has_contact:
                self._end(work, Outcome.ROBOT_FAILED, 'no contact')
                return
            self.battery.draw(-charge_w)
            self._agenda.after(missing_s, lambda: self._end(work, Outcome.SUCCEEDED, ''))

        self._agenda.after(way_s, arrive)

    def _finish(self, work: _Work) -> None:
        if self._rng.random() < FAILURE_RATE:
            self._end(work, Outcome.TASK_FAILED, 'could not be done')
            return
        if self._work is work and work.start.spec.stops:
            self.pose = self._roadmap.pose_of(work.start.spec.stops[-1]) or self.pose
        self._report()
        self._end(work, Outcome.SUCCEEDED, '')

    def _end(self, work: _Work, outcome: Outcome, detail: str) -> None:
        if self._work is not work:
            return
        self._work = None
        self.battery.rest()
        if work.is_charge:
            self._energy.charge_ended(self.robot, work.start.spec.stops[0].place)
        else:
            self._referee.execution_ended(self.robot, work.start)
        self.tell(SkillEnded(work.start.task_id, work.start.attempt, outcome, detail))

    def _miss_commands(self, work: _Work) -> None:
        self._end(work, Outcome.ROBOT_FAILED, 'no commands came')

    def _tell_progress(self, work: _Work) -> None:
        if self._work is work:
            progress = min(1.0, (self._agenda.now - work.since) / work.lasts_s)
            self.tell(SkillProgressed(work.start.task_id, work.start.attempt, progress, 'working'))

    def _report(self) -> None:
        reason = 'it has fallen' if self.has_fallen else ''
        report = RobotReport(
            pose=self.pose,
            battery=self.battery.level,
            is_fit=not self.has_fallen,
            unfit_reason=reason,
        )
        self.tell(BodySensed(report))

"""When a robot charges, and at which dock.

Each robot decides that for itself, by the same evaluation that its bids rest on: it wants a dock
when its next task has to be preceded by one, or when it has nothing to do and its battery has
sunk below `MotionProfile.charge_below`. It then takes a place in the ledger's queue for the dock.
Until its turn comes it goes on with what it can do without charging.

A charge runs like an exclusive task that nobody has asked for: `charge@<dock>`, with the number of
the turn as its attempt. The body may be at it only while the ledger says that the turn is this
robot's and the authority lease runs. A turn that has ended is never used again, so once
the robot has said that it leaves, its body is not there. That is why two robots never have one
dock, whatever is lost, late or repeated (invariants I1 and I6 hold for docks as for tasks).

A dock that failed the robot is left alone for a while, longer each time in a row, and meanwhile
counts for nothing in the robot's bids.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from muster.core.allocation.formulation import Circumstances, shortcoming
from muster.core.allocation.messages import RobotModel
from muster.core.coordinator.claims import Claims
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.endurance import Endurance, Stopover, endurance
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.planner import CHARGE, Planner, work_of
from muster.core.coordinator.rest import Rest
from muster.core.coordinator.running import Running
from muster.core.ledger.commands import LeaveDock, QueueForDock
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.state import Turn
from muster.core.ledger.task import Task
from muster.core.types import (
    Instant,
    Outcome,
    Outlook,
    RobotReport,
    Severity,
    Stop,
    TaskId,
    TaskSpec,
    TaskState,
)

FULL = 0.99
"""[0..1] above which a robot has no use for a dock."""
PLENTY = 0.8
"""[0..1] at which a robot without work makes room for those who wait behind it."""
HEAD_START = 0.05
"""[0..1] above `charge_below` at which a robot without work can be called away from its dock."""
STEP = 0.01
"""[0..1] by which the charge must have changed for the schedule to be looked at again."""


@dataclasses.dataclass(frozen=True)
class Prospect:
    """What a robot has to do at the moment, apart from charging."""

    has_work: bool = False
    """There is something that it could begin, or stand ready for."""
    due: TaskId = ''
    """What it would do if its battery lasted for it, where there is no other work."""
    is_promised: bool = False
    """Others count on it."""


@dataclasses.dataclass
class _Stay:
    """The charge that the body is at."""

    dock: str
    number: int
    enough: float
    """[0..1] from here on, the robot goes if there is work or, often, if others wait."""
    is_for_work: bool


class Charging:
    """One robot's wish for a dock, from its first thought of it to its leaving."""

    def __init__(
        self,
        config: CoordinatorConfig,
        ledger: Ledger,
        claims: Claims,
        planner: Planner,
        outbox: Outbox,
    ) -> None:
        self._me = config.me
        self._motion = config.motion
        self._team = planner.team
        self._ledger = ledger
        self._claims = claims
        self._planner = planner
        self._outbox = outbox
        self._rests = {dock: Rest() for dock in planner.team.docks}
        self._is_hungry = False
        self._over = 0
        """The newest turn that has ended here."""
        self._stay: _Stay | None = None
        self._queued_at: dict[int, float] = {}
        self._mode: Any = None
        self._can_charge = False
        self._open: tuple[str, ...] = ()
        """Docks that have not failed of late."""
        self._wake = math.inf
        self._looked_at: Any = None
        self._look = Endurance()

    # What comes in

    def ended(self, running: Running, outcome: Outcome, detail: str, now: float) -> None:
        """The body charges no more, or has never begun."""
        stay = self._stay
        assert stay is not None, f'{running.task_id} ended, but was not begun'
        self._stay = None
        self._over = max(self._over, stay.number)
        self._looked_at = None
        rest = self._rests[stay.dock]
        was_stopped = outcome is Outcome.STOPPED and bool(running.stopping_because)
        if was_stopped or outcome is Outcome.SUCCEEDED:
            self._is_hungry = self._is_hungry and was_stopped
            rest.forget()
            self._outbox.report(
                'charging_ended',
                subject=self._me,
                detail=detail or 'it has charged',
                data=_about(stay),
            )
            return
        rest.ended(Outcome.ROBOT_FAILED, now)
        self._outbox.report(
            'charging_failed',
            severity=Severity.WARNING,
            subject=self._me,
            detail=detail or 'its body did not say why',
            data=_about(stay, rests_s=round(rest.until - now, 1)),
        )

    # What the performer asks

    def outlook(self, report: RobotReport) -> Outlook:
        """When and how a robot at a dock will be free: as soon as it has enough, for it can be
        called away from then on."""
        stay = self._stay
        assert stay is not None, 'the robot is not charging'
        motion, roadmap = self._motion, self._team.roadmap
        pose = roadmap.places[stay.dock]
        metres = roadmap.distance(report.pose, pose)
        way_s = 0.0 if math.isinf(metres) else metres / max(motion.speed, 1e-3)
        level = max(0.0, report.battery - way_s * motion.walking_w / motion.battery_j)
        missing = max(0.0, stay.enough - level)
        charge_s = missing * motion.battery_j / motion.charge_w
        task_id = _task_id(stay.dock)
        return Outlook(pose, round(way_s + charge_s, 2), round(level + missing, 4), task_id)

    def consider(
        self,
        report: RobotReport,
        running: Running | None,
        schedule: Sequence[Task],
        now: Instant,
    ) -> None:
        """Look at the schedule with the battery as it is, if anything of it has changed."""
        if report.battery < self._motion.charge_below:
            self._is_hungry = True
        elif report.battery >= FULL:
            self._is_hungry = False
        self._see_to_docks(report, now.steady)
        is_at_work = running is not None and self._stay is None
        if is_at_work or not self._can_charge:
            self._looked_at, self._look = None, Endurance()
            return
        outlook = Outlook(report.pose, 0.0, report.battery)
        if self._stay is not None:
            outlook = self.outlook(report)
        seen = (
            tuple((task.id, task.attempt) for task in schedule),
            round(outlook.pose.x),
            round(outlook.pose.y),
            math.floor(outlook.battery / STEP),
            report.speed_factor,
            self._planner.docks,
            tuple(self._ledger.docks.items()),
            self._ledger.closed_lanes,
        )
        if seen != self._looked_at:
            self._looked_at = seen
            model = RobotModel(robot=self._me, report=report, outlook=outlook)
            self._look = self._endurance(model, schedule, now)

    def reason_to_wait(self, task: Task) -> str:
        """Why the body must not begin a task of the schedule yet; empty when it may."""
        if self._looked_at is None or task.id in self._look.at_once:
            return ''
        return 'its battery would not last for it and for the way to a dock'

    def could_help(self, task: Task) -> bool:
        """The robot could do a task of its schedule next if it charged."""
        return task.id in self._look.before

    def reason_to_give_back(self, task: Task) -> str:
        """Why a task of the schedule is beyond this robot's battery; empty when it is not."""
        if task.id not in self._look.never or task.state is TaskState.EXECUTING:
            return ''
        return 'its battery does not last for it, and charging on the way would not be enough'

    def seek(
        self,
        report: RobotReport,
        running: Running | None,
        prospect: Prospect,
        now: Instant,
    ) -> None:
        """Take a place in a queue or give it up, as the robot's wish has it."""
        turns = self._turns()
        self._queued_at = {
            turn.number: self._queued_at.get(turn.number, now.steady) for turn in turns.values()
        }
        for dock, turn in list(turns.items()):
            if turn.number <= self._over:
                self._claims.make(LeaveDock(self._me, dock, turn.number))
                del turns[dock]
        if self._stay is not None or (running is not None and report.is_fit):
            return
        wish = self._wish(report, prospect, turns)
        for dock, turn in turns.items():
            if wish is None or dock != wish.dock:
                self._claims.make(LeaveDock(self._me, dock, turn.number))
        if wish is None:
            self._claims.withdraw(QueueForDock)
        elif wish.dock not in turns:
            self._claims.make(QueueForDock(self._me, wish.dock))

    def begin(self, report: RobotReport, prospect: Prospect, now: Instant) -> Running | None:
        """What the body is to be at if it is the robot's turn at a dock that it wants. The robot
        must have authority."""
        turns = {
            dock: turn
            for dock, turn in self._turns().items()
            if turn.number > self._over and self._ledger.docks[dock][0] == turn
        }
        wish = self._wish(report, prospect, turns)
        if wish is None or wish.dock not in turns:
            return None
        turn = turns[wish.dock]
        is_for_work = self._look.stopover is not None or prospect.due in self._look.before
        self._stay = _Stay(wish.dock, turn.number, wish.until, is_for_work)
        self._looked_at = None
        waited_s = round(now.steady - self._queued_at.get(turn.number, now.steady), 2)
        data = _about(self._stay, battery=report.battery, waited_s=waited_s)
        self._outbox.report('charging_began', subject=self._me, data=data)
        spec = TaskSpec(
            kind=CHARGE,
            stops=(Stop(place=wish.dock),),
            parameters=msgspec.json.encode({'until': 1.0}).decode(),
            requester=self._me,
        )
        return Running(_task_id(wish.dock), turn.number, spec, is_charging=True)

    def reason_to_stop(self, report: RobotReport, has_work: bool) -> str:
        """Why the charge under way has to end; empty when it may go on."""
        stay = self._stay
        assert stay is not None, 'the robot is not charging'
        queue = self._ledger.docks.get(stay.dock, ())
        if self._turns().get(stay.dock) != Turn(self._me, stay.number) or (
            queue[0].number != stay.number
        ):
            return f'{stay.dock} is not its own any more'
        if self._look.stopover is not None and self._look.stopover.is_next:
            stay.is_for_work = True
            stay.enough = max(stay.enough, self._look.stopover.until)
        if report.battery < stay.enough:
            return ''
        if has_work:
            return 'it has enough for the work that waits'
        if len(queue) > 1 and (stay.is_for_work or report.battery >= PLENTY):
            self._is_hungry = False
            return 'it has enough, and others wait'
        return ''

    def next_tick(self) -> float:
        """Steady time at which a dock that has failed may be tried again."""
        return self._wake

    # The wish

    def _wish(
        self, report: RobotReport, prospect: Prospect, turns: dict[str, Turn]
    ) -> Stopover | None:
        """Where the robot wants to charge at this moment, and until when."""
        if not self._can_charge or not report.is_fit or prospect.is_promised:
            return None
        enough = min(1.0, self._motion.charge_below + HEAD_START)
        wish = self._look.stopover
        if wish is not None and not wish.is_next and prospect.has_work and not turns:
            wish = None
        if prospect.due in self._look.before:
            wish = self._look.before[prospect.due]
        if wish is None and self._is_hungry:
            is_patient = bool(turns) and report.battery < enough
            if not prospect.has_work or is_patient:
                nearest = self._nearest(report)
                wish = Stopover(nearest, enough) if nearest else None
        if wish is None or wish.dock in turns:
            return wish
        for dock, turn in turns.items():
            is_first = self._ledger.docks[dock][0] == turn
            if dock in self._open and (is_first or self._ledger.docks.get(wish.dock)):
                return Stopover(dock, wish.until)
        return wish if wish.dock in self._open else None

    def _nearest(self, report: RobotReport) -> str:
        """The dock at which the robot would be charging first; empty when it can reach none."""
        motion, roadmap = self._motion, self._team.roadmap
        queues = self._ledger.queues()
        fill_s = motion.battery_j / motion.charge_w
        delays = {}
        for dock in self._open:
            queue = queues.get(dock, ())
            ahead = queue.index(self._me) if self._me in queue else len(queue)
            way_s = roadmap.distance(report.pose, roadmap.places[dock]) / motion.speed
            delays[dock] = max(way_s, ahead * fill_s)
        best = min(delays, key=lambda dock: (delays[dock], dock), default='')
        return best if best and math.isfinite(delays[best]) else ''

    def _endurance(self, me: RobotModel, schedule: Sequence[Task], now: Instant) -> Endurance:
        if not schedule:
            return Endurance()
        team = dataclasses.replace(self._team, docks=self._planner.docks)
        around = Circumstances(now.node, queues=self._ledger.queues())
        return endurance(team, me, [work_of(task) for task in schedule], around)

    def _see_to_docks(self, report: RobotReport, now: float) -> None:
        """Which docks can be tried at once, and which can be planned with: also those that have
        failed but once, for that may well have been chance."""
        if not self._team.docks:
            return
        mode = (report.lost_capabilities, report.limits)
        if mode != self._mode:
            self._mode = mode
            model = RobotModel(robot=self._me, report=report, outlook=Outlook())
            self._can_charge = not shortcoming(self._team, model, TaskSpec(kind=CHARGE), 0)
        docks, rests = self._team.docks if self._can_charge else (), self._rests
        self._open = tuple(dock for dock in docks if rests[dock].until <= now)
        self._planner.docks = tuple(
            dock for dock in docks if dock in self._open or rests[dock].failures == 1
        )
        self._wake = min((r.until for r in rests.values() if r.until > now), default=math.inf)

    def _turns(self) -> dict[str, Turn]:
        """The robot's places in queues."""
        found = {dock: self._ledger.turn_at(dock, self._me) for dock in self._ledger.docks}
        return {dock: turn for dock, turn in found.items() if turn is not None}


def _about(stay: _Stay, **more: float) -> dict[str, Any]:
    return {'dock': stay.dock, 'turn': stay.number, **more}


def _task_id(dock: str) -> TaskId:
    return f'{CHARGE}@{dock}'

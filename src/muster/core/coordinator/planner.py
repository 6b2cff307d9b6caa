"""Plans on the ledger's tasks: how this robot prices them, how a leader sees the whole team."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

from muster.core.allocation import bidder
from muster.core.allocation.formulation import (
    Circumstances,
    Formulation,
    TeamProfile,
    Work,
    formulate,
    shortcoming,
)
from muster.core.allocation.messages import Bid, RobotModel
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.own_costs import OwnCosts
from muster.core.coordinator.running import Running
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import Task
from muster.core.types import (
    Outlook,
    Pose2D,
    RobotId,
    RobotReport,
    TaskId,
    TaskState,
)

CHARGE = 'charge'
"""The kind of task that bodies have to know to use docks."""


class Planner:
    """States what the ledger holds as problems of allocation."""

    def __init__(
        self, config: CoordinatorConfig, ledger: Ledger, own: OwnCosts | None = None
    ) -> None:
        self.team = TeamProfile(
            roadmap=config.roadmap,
            motion=config.motion,
            skills=config.skills,
            auction=config.auction,
            capabilities=config.capabilities,
            quantities=config.quantities,
            docks=config.docks if CHARGE in config.skills and config.motion.charge_w else (),
        )
        self.docks = self.team.docks
        """Those that this robot can use at present."""
        self._me = config.me
        self._ledger = ledger
        self._own = own

    # One robot

    def outlook(self, report: RobotReport, running: Running | None) -> Outlook:
        """Where a robot will be when it has done what its body is at."""
        if running is None:
            return Outlook(report.pose, 0.0, report.battery)
        left_s, left_j, end = self._remaining(running, report)
        battery = max(0.0, report.battery - left_j / self.team.motion.battery_j)
        return Outlook(end, round(left_s, 2), round(battery, 4), running.task_id)

    def bids(
        self, me: RobotModel, schedule: Sequence[Task], lots: Sequence[TaskId], at: float
    ) -> tuple[Bid, ...]:
        """This robot's bids; a lot that its ledger does not show as waiting is refused."""
        tasks = [self._ledger.tasks.get(task_id) for task_id in lots]
        known = [task for task in tasks if task is not None and task.state is TaskState.PENDING]
        held = [work_of(task) for task in schedule]
        now = Circumstances(at, queues=self._ledger.queues())
        extras = {task.id: self.extra(me, task, at) for task in known}
        team = dataclasses.replace(self.team, docks=self.docks)
        priced = bidder.price(team, me, held, [work_of(task) for task in known], now, extras)
        by_task = dict(zip((task.id for task in known), priced, strict=True))
        return tuple(by_task.get(one, Bid(refusal='does not know it')) for one in lots)

    def shortcoming(self, report: RobotReport, task: Task) -> str:
        """Why this robot cannot do its part in a task that it has; empty when it can."""
        if not report.lost_capabilities and not report.limits:
            return ''
        me = RobotModel(robot=self._me, report=report, outlook=Outlook(report.pose))
        return shortcoming(self.team, me, task.spec, task.crew.index(self._me))

    def private_cost(self, me: RobotModel, task_id: TaskId, at: float) -> float:
        """[cost units] what a task costs this robot that the leader does not know of."""
        task = self._ledger.tasks.get(task_id)
        return sum(self.extra(me, task, at).values()) if task is not None else 0.0

    def extra(self, me: RobotModel, task: Task, at: float) -> dict[str, float]:
        """[cost units] the robot's own terms, by name; ``inf`` where it must not do the task."""
        return self._own.terms(task, me.report, at) if self._own is not None else {}

    # The team

    def formulate(
        self,
        robots: Sequence[RobotModel],
        lots: Iterable[Task],
        at: float,
        private: Mapping[tuple[RobotId, TaskId], float],
        refused: frozenset[tuple[RobotId, TaskId]] = frozenset(),
    ) -> Formulation:
        """The problem of giving lots to robots that have tasks already."""
        ledger = self._ledger
        outlooks = {model.robot: model.outlook for model in robots}
        held: dict[RobotId, list[TaskId]] = {}
        works = {}
        ends = {}
        for robot, outlook in outlooks.items():
            held[robot] = []
            for task in ledger.held_by(robot):
                if task.state is TaskState.AWARDED and task.id != outlook.task_id:
                    held[robot].append(task.id)
                    works[task.id] = work_of(task)
                else:
                    ends[task.id] = outlook.free_in_s
        for task in lots:
            works[task.id] = work_of(task)
        now = Circumstances(at, ends, private, refused, ledger.queues())
        return formulate(self.team, robots, held, works, now)

    def _remaining(self, running: Running, report: RobotReport) -> tuple[float, float, Pose2D]:
        """[s], [J] and final pose of what is under way, from its progress."""
        spec, motion = running.spec, self.team.motion
        skill = self.team.skills[spec.kind]
        roadmap = self.team.roadmap
        poses = [pose for pose in map(roadmap.pose_of, spec.stops) if pose is not None]
        way = sum(map(roadmap.distance, [report.pose, *poses], poses))
        if math.isinf(way):
            way = 0.0
        speed = max(motion.speed * report.speed_factor, 1e-3)
        work_s = spec.duration_s or skill.duration_s
        joules = way / speed * motion.walking_w + spec.energy_j
        joules += work_s * (motion.idle_w + skill.power_w)
        left = 1.0 - min(max(running.progress, 0.0), 1.0)
        return (way / speed + work_s) * left, joules * left, poses[-1] if poses else report.pose


def work_of(task: Task) -> Work:
    """A task of the ledger as planners see it."""
    return Work(
        task_id=task.id,
        spec=task.spec,
        group=task.group,
        crew=task.crew,
        failed_on=task.failed_on,
        avoid=task.avoid,
    )

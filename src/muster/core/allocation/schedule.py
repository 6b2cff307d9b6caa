"""One robot's schedule, and what one more task would cost in it.

The schedule is a path: tasks in the order in which they will be done, starting where the robot
stands. The price of a task is its *marginal* cost at the best place of the path: when it would be
done, by how much it delays the others, and what energy it takes. So a busy robot is dear, a near
one cheap, and a flat battery says no.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.allocation.roadmap import Roadmap
from muster.core.types import Pose2D, TaskId, TaskSpec


@dataclass(frozen=True)
class Planned:
    """A task in a schedule."""

    task_id: TaskId
    spec: TaskSpec


@dataclass(frozen=True)
class Situation:
    """The robot at the moment of planning."""

    pose: Pose2D
    battery: float
    """[0..1]"""
    at: float
    """[s] node time."""
    busy_s: float = 0.0
    """[s] that the task under way will still take."""
    busy_until: Pose2D | None = None
    """Where the task under way will end; None when idle."""
    busy_j: float = 0.0
    """[J] that the task under way will still take."""


@dataclass(frozen=True)
class Insertion:
    """A task at its best place in a schedule."""

    position: int
    cost: float
    finish_s: float
    travel_m: float


@dataclass(frozen=True)
class _Leg:
    travel_m: float
    duration_s: float
    energy_j: float
    end: Pose2D


@dataclass(frozen=True)
class _Timeline:
    finishes: tuple[float, ...]
    """[s] from now, per task."""
    energy_j: float


class Planner:
    """Prices tasks for robots of one team: the roadmap, the averages and the rules they share."""

    def __init__(
        self,
        roadmap: Roadmap,
        motion: MotionProfile,
        skills: Mapping[str, SkillProfile],
        auction: AuctionConfig,
    ) -> None:
        self._roadmap = roadmap
        self._motion = motion
        self._skills = skills
        self._auction = auction

    def insert(
        self, path: Sequence[Planned], task: Planned, situation: Situation
    ) -> Insertion | str:
        """The cheapest place for a task in a path; a refusal in words when there is none.

        Tasks already in the path keep their order among themselves. Their deadlines must still be
        met, unless they were missed before.
        """
        before = self._timeline(path, situation)
        best: Insertion | None = None
        refusal = 'no place in the schedule'
        for position in range(len(path) + 1):
            longer = (*path[:position], task, *path[position:])
            after = self._timeline(longer, situation)
            finish = after.finishes[position]
            reason = self._objection(longer, position, before, after, situation)
            if reason:
                refusal = reason
                continue
            others = sum(after.finishes) - finish - sum(before.finishes)
            energy = after.energy_j - before.energy_j
            cost = finish + others + self._auction.energy_weight * energy
            if best is None or cost < best.cost - 1e-9:
                travel = self._leg(self._start_of(path, position, situation), task.spec).travel_m
                best = Insertion(position, cost, finish, travel)
        return best if best is not None else refusal

    def remaining(
        self, spec: TaskSpec, pose: Pose2D, progress: float
    ) -> tuple[float, float, Pose2D]:
        """[s], [J] and final pose of a task under way, from its progress."""
        leg = self._leg(pose, spec)
        left = 1.0 - min(max(progress, 0.0), 1.0)
        return leg.duration_s * left, leg.energy_j * left, leg.end

    def _start_of(self, path: Sequence[Planned], position: int, situation: Situation) -> Pose2D:
        pose = situation.busy_until or situation.pose
        for planned in path[:position]:
            pose = self._leg(pose, planned.spec).end
        return pose

    def _timeline(self, path: Sequence[Planned], situation: Situation) -> _Timeline:
        pose = situation.busy_until or situation.pose
        clock = situation.busy_s
        energy = situation.busy_j
        finishes = []
        for planned in path:
            leg = self._leg(pose, planned.spec)
            arrival = clock + leg.duration_s
            clock = max(clock, planned.spec.earliest_start_s - situation.at) + leg.duration_s
            energy += leg.energy_j + (clock - arrival) * self._motion.idle_w
            pose = leg.end
            finishes.append(clock)
        return _Timeline(tuple(finishes), energy)

    def _leg(self, start: Pose2D, spec: TaskSpec) -> _Leg:
        """Travel to and between the stops of a task, and its work there."""
        skill = self._skills[spec.kind]
        travel, pose = 0.0, start
        for stop in spec.stops:
            goal = self._roadmap.pose_of(stop)
            if goal is None:
                return _Leg(math.inf, math.inf, math.inf, start)
            travel += self._roadmap.distance(pose, goal)
            pose = goal
        walk_s = travel / self._motion.speed
        work_s = spec.duration_s or skill.duration_s
        energy = walk_s * self._motion.walking_w + work_s * (self._motion.idle_w + skill.power_w)
        return _Leg(travel, walk_s + work_s, energy + spec.energy_j, pose)

    def _objection(
        self,
        path: Sequence[Planned],
        position: int,
        before: _Timeline,
        after: _Timeline,
        situation: Situation,
    ) -> str:
        finish = after.finishes[position]
        if math.isinf(finish):
            return 'there is no way to it on the roadmap'
        spec = path[position].spec
        if spec.deadline_s and situation.at + finish > spec.deadline_s:
            late = situation.at + finish - spec.deadline_s
            return f'would be {late:.0f} s late'
        others = [index for index in range(len(path)) if index != position]
        for index, was in zip(others, before.finishes, strict=True):
            deadline = path[index].spec.deadline_s
            is_new_miss = situation.at + was <= deadline < situation.at + after.finishes[index]
            if deadline and is_new_miss:
                return f'would make {path[index].task_id} miss its deadline'
        left = situation.battery - after.energy_j / self._motion.battery_j
        if left < self._motion.battery_reserve:
            return f'battery would fall to {max(left, 0.0):.0%}'
        return ''

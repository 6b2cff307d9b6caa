"""Stating a team's situation as an allocation problem in numbers.

A leader states it for all robots that it hears, from their models; a robot that bids states it for
itself alone. Both go through here, so that the same task costs the same, whoever works it out. A
task for k robots becomes k slots of one group, one for each role.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from muster.core.allocation.capabilities import in_words, shortfall
from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.allocation.messages import RobotModel
from muster.core.allocation.problem import Problem, make_problem
from muster.core.allocation.roadmap import Roadmap
from muster.core.allocation.search import Plan
from muster.core.types import Pose2D, RobotId, TaskId, TaskSpec

SECOND_CHANCE_COST = 60.0
"""[s] added to the cost of a task for a robot on which it failed before: others go first, but it
may still win."""


LAST_CHANCE_COST = 3600.0
"""[s] added for a robot from which an operator has taken the task: it has it again only if nobody
else can do it."""


@dataclass(frozen=True)
class TeamProfile:
    """What does not change while a team is at work."""

    roadmap: Roadmap
    motion: MotionProfile
    skills: Mapping[str, SkillProfile]
    auction: AuctionConfig
    capabilities: Mapping[RobotId, tuple[str, ...]]
    quantities: Mapping[RobotId, Mapping[str, float]]
    docks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """A task as planners see it."""

    task_id: TaskId
    spec: TaskSpec
    group: TaskId = ''
    crew: tuple[RobotId, ...] = ()
    """Who has it, by role."""
    failed_on: tuple[RobotId, ...] = ()
    avoid: tuple[RobotId, ...] = ()

    @property
    def size(self) -> int:
        """Robots that it takes."""
        return max(1, self.spec.robots_needed)


@dataclass(frozen=True)
class Circumstances:
    """What else a plan depends on."""

    at: float
    """[s] node time of planning."""
    ends: Mapping[TaskId, float] = field(default_factory=dict)
    """[s] from then, until tasks end that are under way."""
    private: Mapping[tuple[RobotId, TaskId], float] = field(default_factory=dict)
    """[cost units] what only the robots know."""
    refused: frozenset[tuple[RobotId, TaskId]] = frozenset()
    """Tasks that robots say they cannot do."""
    queues: Mapping[str, tuple[RobotId, ...]] = field(default_factory=dict)
    """Who waits at which dock."""


@dataclass(frozen=True)
class Formulation:
    """A problem, and what its numbers stand for."""

    problem: Problem
    robots: tuple[RobotId, ...]
    slots: tuple[tuple[TaskId, int], ...]
    """Task and role behind each task of the problem."""
    routes: tuple[tuple[int, ...], ...]
    """The present paths."""

    def slots_of(self, task_id: TaskId) -> tuple[int, ...]:
        return tuple(index for index, (one, _) in enumerate(self.slots) if one == task_id)

    def names(self, route: Sequence[int]) -> tuple[TaskId, ...]:
        """The tasks of a route."""
        return tuple(self.slots[index][0] for index in route)

    def crews(self, plan: Plan) -> dict[TaskId, tuple[RobotId, ...]]:
        """Who does what in a plan, in the order of roles; only tasks that are in it."""
        holders = {
            self.slots[index]: self.robots[number]
            for number, route in enumerate(plan.routes)
            for index in route
        }
        crews: dict[TaskId, tuple[RobotId, ...]] = {}
        for slot in self.slots:
            if slot in holders:
                crews[slot[0]] = (*crews.get(slot[0], ()), holders[slot])
        return crews


def shortcoming(team: TeamProfile, model: RobotModel, spec: TaskSpec, role: int) -> str:
    """Why a robot cannot take a role in a task in its present mode; empty when it can."""
    skill = team.skills.get(spec.kind)
    if skill is None:
        return f'knows no skill {spec.kind!r}'
    lacks = shortfall(
        spec,
        skill,
        spec.roles[role] if role < len(spec.roles) else None,
        team.capabilities[model.robot],
        team.quantities.get(model.robot, {}),
        model.report,
    )
    return f'lacks {in_words(lacks)}' if lacks else ''


def formulate(
    team: TeamProfile,
    robots: Sequence[RobotModel],
    held: Mapping[RobotId, Sequence[TaskId]],
    works: Mapping[TaskId, Work],
    now: Circumstances,
) -> Formulation:
    """State the problem of giving `works` to `robots`.

    Parameters
    ----------
    held : the paths of the robots; their tasks must be among `works`.
    works : all tasks that the problem is about, those of the paths included.
    """
    names = tuple(model.robot for model in robots)
    slots = tuple((work.task_id, role) for work in works.values() for role in range(work.size))
    number = {slot: index for index, slot in enumerate(slots)}
    places = _Places(team.roadmap)
    fields: dict[str, object] = {}
    fields.update(_of_robots(team, robots, places, now))
    fields.update(_of_tasks(team, works, slots, number, robots, places, now))
    fields['private'], fields['eligible'] = _of_pairs(team, robots, works, slots, now)
    auction = team.auction
    problem = make_problem(
        places.matrix(),
        fields.pop('start'),  # type: ignore[arg-type]
        fields.pop('entry'),  # type: ignore[arg-type]
        w_sum=auction.weight_sum,
        w_max=auction.weight_max,
        w_latency=auction.weight_latency,
        w_energy=auction.energy_weight,
        stability=auction.stability_s,
        **fields,  # type: ignore[arg-type]
    )
    routes = tuple(
        tuple(
            number[task_id, works[task_id].crew.index(robot)]
            for task_id in held.get(robot, ())
            if task_id in works and robot in works[task_id].crew
        )
        for robot in names
    )
    return Formulation(problem, names, slots, routes)


class _Places:
    """Poses, numbered as they come; the same pose has one number."""

    def __init__(self, roadmap: Roadmap) -> None:
        self._roadmap = roadmap
        self._numbers: dict[tuple[float, float], int] = {}
        self._poses: list[Pose2D] = []

    def number(self, pose: Pose2D) -> int:
        key = (pose.x, pose.y)
        if key not in self._numbers:
            self._numbers[key] = len(self._poses)
            self._poses.append(pose)
        return self._numbers[key]

    def matrix(self) -> np.ndarray:
        return self._roadmap.matrix(self._poses)


def _of_robots(
    team: TeamProfile, robots: Sequence[RobotModel], places: _Places, now: Circumstances
) -> dict[str, object]:
    motion = team.motion
    speed = np.array([max(motion.speed * one.report.speed_factor, 1e-3) for one in robots])
    docks = {name: team.roadmap.places[name] for name in team.docks}
    fill_s = motion.battery_j / motion.charge_w if motion.charge_w else 0.0
    return {
        'start': [places.number(one.outlook.pose) for one in robots],
        'ready': [one.outlook.free_in_s for one in robots],
        'speed': speed,
        'joules_per_m': motion.walking_w / speed,
        'idle_w': motion.idle_w,
        'charge': [one.outlook.battery * motion.battery_j for one in robots],
        'capacity_j': motion.battery_j,
        'reserve_j': motion.battery_reserve * motion.battery_j,
        'charge_w': motion.charge_w,
        'dock': [places.number(pose) for pose in docks.values()],
        'dock_free': np.array(
            [
                fill_s * _ahead(now.queues.get(dock, ()), one.robot)
                for one in robots
                for dock in docks
            ],
            dtype=np.float64,
        ).reshape(len(robots), len(docks)),
        'max_tasks': team.auction.schedule_capacity,
    }


def _ahead(queue: Sequence[RobotId], robot: RobotId) -> int:
    return queue.index(robot) if robot in queue else len(queue)


def _of_tasks(
    team: TeamProfile,
    works: Mapping[TaskId, Work],
    slots: Sequence[tuple[TaskId, int]],
    number: Mapping[tuple[TaskId, int], int],
    robots: Sequence[RobotModel],
    places: _Places,
    now: Circumstances,
) -> dict[str, object]:
    spread = float(ndtri(team.auction.duration_quantile))
    columns: dict[str, list[float]] = {name: [] for name in _COLUMNS}
    after: list[list[int]] = []
    groups: dict[TaskId, int] = {}
    names = [model.robot for model in robots]
    absent = {work.task_id for work in works.values() if not set(work.crew).issubset(names)}
    torn = {works[task_id].group for task_id in absent}
    """Held in part by robots that the problem does not have: the rest is bound to nothing here."""
    anywhere = robots[0].outlook.pose if robots else Pose2D(0.0, 0.0)
    for task_id, role in slots:
        work = works[task_id]
        spec, skill = work.spec, team.skills[work.spec.kind]
        stops = [team.roadmap.pose_of(stop) for stop in spec.stops]
        poses = [pose for pose in stops if pose is not None] or [anywhere]
        work_s = max(0.0, (spec.duration_s or skill.duration_s) + spread * spec.duration_spread_s)
        outside = [now.ends[one] for one in spec.predecessors if one in now.ends]
        after.append(
            [
                number[one, other]
                for one in spec.predecessors
                if one in works
                for other in range(works[one].size)
            ]
        )
        is_bound = bool(work.group) and work.group not in torn
        company = work.group if is_bound else task_id
        is_alone = task_id in absent or (work.size == 1 and not is_bound)
        holder = work.crew[role] if role < len(work.crew) else ''
        row = {
            'entry': places.number(poses[0]),
            'exit': places.number(poses[-1]),
            'inner_m': sum(map(team.roadmap.distance, poses, poses[1:])),
            'work_s': work_s,
            'work_j': work_s * skill.power_w + spec.energy_j,
            'depart_after': max([0.0, spec.earliest_start_s - now.at, *outside]),
            'deadline': spec.deadline_s - now.at if spec.deadline_s else math.inf,
            'is_hard': not spec.deadline_is_soft,
            'late_rate': spec.late_cost if spec.deadline_is_soft else 1.0,
            'weight': max(spec.priority, 1) / 100.0,
            'group': -1 if is_alone else groups.setdefault(company, len(groups)),
            'holder': names.index(holder) if holder in names else -1,
        }
        for name, column in columns.items():
            column.append(row[name])
    return {**columns, 'after': after}


_COLUMNS = (
    'entry',
    'exit',
    'inner_m',
    'work_s',
    'work_j',
    'depart_after',
    'deadline',
    'is_hard',
    'late_rate',
    'weight',
    'group',
    'holder',
)


def _of_pairs(
    team: TeamProfile,
    robots: Sequence[RobotModel],
    works: Mapping[TaskId, Work],
    slots: Sequence[tuple[TaskId, int]],
    now: Circumstances,
) -> tuple[np.ndarray, np.ndarray]:
    """What each slot costs each robot beside the plan, and who may have it."""
    names = {model.robot for model in robots}
    private = np.zeros((len(robots), len(slots)))
    busy: dict[TaskId, set[RobotId]] = {}
    for work in works.values():
        busy.setdefault(work.group, set()).update(work.crew)
    kinds: dict[object, int] = {}
    kind_of = [
        kinds.setdefault(_what_it_takes(works[task_id].spec, role), len(kinds))
        for task_id, role in slots
    ]
    first = [kind_of.index(kind) for kind in range(len(kinds))]
    able = np.array(
        [
            [
                model.report.is_fit
                and not shortcoming(team, model, works[slots[one][0]].spec, slots[one][1])
                for one in first
            ]
            for model in robots
        ],
        dtype=bool,
    ).reshape(len(robots), len(kinds))
    eligible = able[:, kind_of]
    row_of = {model.robot: row for row, model in enumerate(robots)}
    columns: dict[TaskId, list[int]] = {}
    for column, (task_id, role) in enumerate(slots):
        work = works[task_id]
        columns.setdefault(task_id, []).append(column)
        for robot in work.failed_on:
            if robot in row_of:
                private[row_of[robot], column] += SECOND_CHANCE_COST
        for robot in set(work.avoid) & names:
            private[row_of[robot], column] += LAST_CHANCE_COST
        holder = work.crew[role] if role < len(work.crew) else ''
        if holder and holder not in names:
            eligible[:, column] = False
        if work.group:
            eligible[[row_of[robot] for robot in busy[work.group] & names], column] = False
        if holder in row_of:
            eligible[row_of[holder], column] = True
    for (robot, task_id), cost in now.private.items():
        if robot in row_of and task_id in columns:
            private[row_of[robot], columns[task_id]] += cost
    for robot, task_id in now.refused:
        if robot in row_of and task_id in columns and robot not in works[task_id].crew:
            eligible[row_of[robot], columns[task_id]] = False
    return private, eligible


def _what_it_takes(spec: TaskSpec, role: int) -> object:
    """Equal for parts of tasks that the same robots can do."""
    part = spec.roles[role] if role < len(spec.roles) else None
    own = (part.capabilities, tuple(part.quantities.items())) if part is not None else ()
    return spec.kind, spec.capabilities, tuple(spec.quantities.items()), own

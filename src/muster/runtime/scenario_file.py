"""Scenario files (`config/scenarios/*.yaml`): which work arrives when, and what is broken on
purpose.

A scenario says what happens to a team; it never says what the team shall make of it. Times count
from the moment at which the team is ready (a leader, and every robot heard), on the node clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from muster.core.types import ConfigurationError, Pose2D, Role, Stop, TaskSpec
from muster.runtime.share import find_config
from muster.runtime.team_file import Amounts, Team, read_team
from muster.runtime.world_file import World
from muster.runtime.yaml_file import Strict, read_yaml

LEADER = 'leader'
"""Whoever leads when the fault is due."""
FOLLOWER = 'follower'
"""A random robot that does not lead: one at work if there is any, and that no fault has hit so
far."""
RANDOM = 'random'
"""Any robot."""
TARGET_WORDS = (LEADER, FOLLOWER, RANDOM)

StopEntry = str | tuple[float, float] | tuple[float, float, float]
"""A place by name, or x [m], y [m] and perhaps yaw [rad] in the map frame."""


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class RoleEntry(Strict):
    """What one robot of several must have, on top of what its task asks of every robot."""

    name: str = Field(min_length=1)
    capabilities: tuple[str, ...] = ()
    quantities: Amounts = Field(default_factory=dict)


class Arrival(Strict):
    """A task that somebody asks for."""

    name: str = Field(pattern=r'^[a-z0-9][a-z0-9_-]{0,60}$')
    """Becomes part of the request id; unique in the scenario."""
    at: float = Field(ge=0)
    """[s]"""
    kind: str
    stops: tuple[Annotated[StopEntry, BeforeValidator(_as_tuple)], ...]
    priority: int = Field(default=100, ge=0, le=255)
    deadline_s: float = Field(default=0.0, ge=0)
    """[s] after its arrival; 0 = none."""
    deadline_is_soft: bool = False
    late_cost: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    """Seconds of work that a second after a soft deadline counts for."""
    duration_s: float = Field(default=0.0, ge=0)
    """[s] of work at the stops; 0 = as usual for its kind."""
    duration_spread_s: float = Field(default=0.0, ge=0)
    """[s] standard deviation of that work."""
    capabilities: tuple[str, ...] = ()
    quantities: Amounts = Field(default_factory=dict)
    """Least amounts that each robot must have."""
    robots_needed: int = Field(default=1, ge=1, le=255)
    roles: tuple[RoleEntry, ...] = ()
    """One for each robot, or none."""
    is_critical: bool = False
    """A second robot is kept ready for it."""
    retries: int = Field(default=2, ge=0, le=255)
    parameters: dict[str, Any] = Field(default_factory=dict)
    again_after_s: tuple[float, ...] = ()
    """[s] after `at` at which the same request is sent again although it may have been answered:
    one task must come of it all the same (invariant I3)."""

    def spec(self, now: float) -> TaskSpec:
        """What is asked for, when it arrives at node time `now`."""
        return TaskSpec(
            kind=self.kind,
            stops=tuple(_stop(entry) for entry in self.stops),
            priority=self.priority,
            deadline_s=now + self.deadline_s if self.deadline_s else 0.0,
            deadline_is_soft=self.deadline_is_soft,
            late_cost=self.late_cost,
            duration_s=self.duration_s,
            duration_spread_s=self.duration_spread_s,
            capabilities=self.capabilities,
            quantities=self.quantities,
            robots_needed=self.robots_needed,
            roles=tuple(
                Role(name=one.name, capabilities=one.capabilities, quantities=one.quantities)
                for one in self.roles
            ),
            is_critical=self.is_critical,
            retries=self.retries,
            parameters=json.dumps(self.parameters) if self.parameters else '',
            requester='scenario',
        )


class Fault(Strict):
    """Something that is broken on purpose."""

    at: float = Field(ge=0)
    """[s]"""
    target: str
    """A robot's name, or one of `leader`, `follower`, `random`."""
    failure: Literal['process_kill', 'push', 'torque_loss']
    severity: float = Field(default=0.0, ge=0)
    """push: impulse [N s]; torque_loss: share of the torque lost [0..1]."""
    direction: float = 0.0
    """push: [rad] in the map frame."""
    duration_s: float = Field(default=0.0, ge=0)
    """torque_loss: [s]; 0 = until cleared."""
    joints: tuple[str, ...] = ()
    """torque_loss: names; empty = all."""
    restart_after_s: float | None = Field(default=None, gt=0)
    """process_kill: [s] until the robot's process is started again."""

    @model_validator(mode='after')
    def _fields_fit_the_failure(self) -> Fault:
        if (self.failure == 'process_kill') != (self.restart_after_s is not None):
            raise ValueError('restart_after_s goes with process_kill, and process_kill with it')
        if self.failure != 'process_kill' and not self.severity:
            raise ValueError(f'severity is missing or 0: {self.failure} would do nothing')
        if self.failure == 'torque_loss' and self.severity > 1:
            raise ValueError(f'severity is {self.severity}, but is a share from 0 to 1')
        return self


class Scenario(Strict):
    """A scenario file."""

    title: str
    team: str
    """A team file: a name in config/teams, or a path relative to the scenario."""
    time_limit_s: float = Field(gt=0)
    """[s] after which work still open counts as undone."""
    tasks: tuple[Arrival, ...] = Field(min_length=1)
    faults: tuple[Fault, ...] = ()

    @model_validator(mode='after')
    def _names_are_unique(self) -> Scenario:
        names = [task.name for task in self.tasks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'tasks: the names {", ".join(twice)} occur more than once')
        return self


@dataclass(frozen=True)
class Stage:
    """A scenario with the team and the world it is played in, checked against each other."""

    scenario: Scenario
    scenario_file: Path
    team: Team
    team_file: Path
    world: World


def read_scenario(path: Path) -> Stage:
    """Read a scenario file, its team and its world.

    Raises
    ------
    ConfigurationError listing every mistake, also where the scenario names a skill, place or robot
        that the team or the world does not have.
    """
    scenario = read_yaml(path, Scenario)
    team_file = find_config(scenario.team, 'teams', beside=path.parent)
    team, world = read_team(team_file)
    offences = [*_task_offences(scenario, team, world), *_fault_offences(scenario, team)]
    if offences:
        raise ConfigurationError('\n'.join(f'{path.name}: {offence}' for offence in offences))
    return Stage(scenario, path, team, team_file, world)


def _task_offences(scenario: Scenario, team: Team, world: World) -> list[str]:
    offences = []
    for index, task in enumerate(scenario.tasks):
        skill = team.skills.get(task.kind)
        if skill is None:
            known = ', '.join(team.skills)
            offences.append(f'tasks[{index}].kind is {task.kind!r}, but skills are {known}')
        elif not skill.stops[0] <= len(task.stops) <= skill.stops[1]:
            offences.append(
                f'tasks[{index}].stops has {len(task.stops)}, but {task.kind} takes '
                f'{skill.stops[0]} to {skill.stops[1]}'
            )
        if task.roles and len(task.roles) != task.robots_needed:
            offences.append(
                f'tasks[{index}].roles has {len(task.roles)}, but robots_needed is '
                f'{task.robots_needed}: give one for each robot, or none'
            )
        if task.robots_needed > len(team.robots):
            offences.append(
                f'tasks[{index}].robots_needed is {task.robots_needed}, but {team.team} has '
                f'{len(team.robots)} robots'
            )
        if task.deadline_is_soft and not task.deadline_s:
            offences.append(f'tasks[{index}].deadline_is_soft is true, but it has no deadline_s')
        offences += [
            f'tasks[{index}].stops names {stop!r}, which is no place of {world.name}'
            for stop in task.stops
            if isinstance(stop, str) and stop not in world.places
        ]
    return offences


def _fault_offences(scenario: Scenario, team: Team) -> list[str]:
    targets = (*TARGET_WORDS, *(robot.name for robot in team.robots))
    return [
        f'faults[{index}].target is {fault.target!r}, but targets are {", ".join(targets)}'
        for index, fault in enumerate(scenario.faults)
        if fault.target not in targets
    ]


def _stop(entry: StopEntry) -> Stop:
    return Stop(place=entry) if isinstance(entry, str) else Stop(pose=Pose2D(*entry))

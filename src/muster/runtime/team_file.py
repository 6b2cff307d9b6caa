"""Team files (`config/teams/*.yaml`): which robots there are, where, what they can do, and how
they coordinate.

Every robot of the team reads the same file. It is turned into core configuration here and nowhere
else.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from muster.core.raft.timing import LAN, TIMINGS
from muster.core.types import Pose2D
from muster.runtime.share import find_config
from muster.runtime.world_file import World, read_world
from muster.runtime.yaml_file import Strict, read_yaml

RobotName = Field(pattern=r'^[a-z][a-z0-9_]{0,30}$')
Amounts = dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
"""How much of what, such as payload_kg: 8."""


class RobotEntry(Strict):
    """One robot."""

    name: str = RobotName
    """Also its ROS namespace: lower case, digits and underscores."""
    model: Literal['unitree_g1'] = 'unitree_g1'
    squad: str = RobotName
    start: tuple[float, float, float]
    """x [m], y [m], yaw [rad] at the start, map frame."""
    capabilities: tuple[str, ...] = ()
    quantities: Amounts = Field(default_factory=dict)
    """How much it has of what tasks may need."""
    battery: float = Field(default=1.0, ge=0, le=1)
    """State of charge at the start (simulation)."""


class SkillEntry(Strict):
    """What a task kind asks of a robot before any task adds to it."""

    requires: tuple[str, ...] = ()
    stops: tuple[int, int] = (1, 1)
    """Fewest and most stops that a task of this kind may have."""
    duration_s: float = Field(default=0.0, ge=0)
    """[s] usual work at the stops, when the task does not say."""
    power_w: float = Field(default=0.0, ge=0)
    """[W] drawn by that work, on top of standing."""
    needs: Amounts = Field(default_factory=dict)
    """Least amounts that a robot must have."""


class Motion(Strict):
    """How robots of this team move, for schedules and batteries; measured, not wished."""

    speed: float = Field(default=0.55, gt=0)
    """[m/s] ground speed to plan with, stops and turns included."""
    battery_j: float = Field(default=3.0e6, gt=0)
    """[J] in a full battery."""
    idle_w: float = Field(default=150.0, ge=0)
    """[W] drawn while standing."""
    walking_w: float = Field(default=350.0, ge=0)
    """[W] drawn while walking."""
    battery_reserve: float = Field(default=0.1, ge=0, lt=1)
    """[0..1] a robot takes no task that would leave it with less."""
    charge_w: float = Field(default=0.0, ge=0)
    """[W] flowing in at a dock; 0: the robots cannot use docks."""
    charge_below: float = Field(default=0.3, ge=0, le=1)
    """[0..1] charge at which an idle robot goes to a dock."""

    @model_validator(mode='after')
    def _charges_before_the_reserve(self) -> Motion:
        if self.charge_w and self.charge_below <= self.battery_reserve:
            raise ValueError(
                f'charge_below is {self.charge_below:g}, but must be more than battery_reserve '
                f'({self.battery_reserve:g}), or idle robots are stranded on the way to a dock'
            )
        return self


class Coordination(Strict):
    """Time constants; see docs/reference/parameters.md for which way to turn each."""

    timing: Literal['lan', 'wifi'] = 'lan'
    """The profile that gives the next three, where they are not given themselves."""
    heartbeat_s: float = Field(default=LAN.heartbeat_s, gt=0)
    election_min_s: float = Field(default=LAN.election_min_s, gt=0)
    election_max_s: float = Field(default=LAN.election_max_s, gt=0)
    report_s: float = Field(default=0.2, gt=0)
    detection_s: float = Field(default=1.5, gt=0)
    lease_s: float = Field(default=3.0, gt=0)
    clock_drift: float = Field(default=0.01, ge=0, lt=0.5)
    lease_grace_s: float = Field(default=0.6, ge=0)
    bid_timeout_s: float = Field(default=1.0, gt=0)
    schedule_capacity: int = Field(default=8, ge=1)

    @model_validator(mode='before')
    @classmethod
    def _fill_in_profile(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get('timing', 'lan') not in TIMINGS:
            return given  # reported by the fields themselves
        return {**asdict(TIMINGS[given.get('timing', 'lan')]), **given}


class Allocation(Strict):
    """What makes a distribution of work good; see docs/reference/files.md for which way to turn
    each."""

    weight_sum: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    weight_max: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    weight_latency: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    duration_quantile: float = Field(default=0.8, gt=0, lt=1)
    stability_s: float = Field(default=5.0, ge=0, allow_inf_nan=False)
    trade_budget_s: float = Field(default=0.05, ge=0, le=10)

    @model_validator(mode='after')
    def _something_counts(self) -> Allocation:
        if not (self.weight_sum or self.weight_max or self.weight_latency):
            raise ValueError(
                'weight_sum, weight_max and weight_latency are all 0; give one that counts'
            )
        return self


class Team(Strict):
    """A team file."""

    team: str = RobotName
    world: str
    """A world file: a name in config/worlds, or a path relative to the team file."""
    network: Literal['localhost', 'subnet'] = 'localhost'
    """How far DDS discovery reaches unless ROS_AUTOMATIC_DISCOVERY_RANGE is set: one machine, or
    the network."""
    robots: tuple[RobotEntry, ...] = Field(min_length=1)
    skills: dict[str, SkillEntry]
    motion: Motion = Motion()
    coordination: Coordination = Coordination()
    allocation: Allocation = Allocation()
    costs: tuple[str, ...] = ()
    """The team's own costs: names of entry points in the group `muster.costs`."""

    @model_validator(mode='after')
    def _names_are_unique(self) -> Team:
        names = [robot.name for robot in self.robots]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'robots: the names {", ".join(twice)} occur more than once')
        return self

    def robot(self, name: str) -> RobotEntry:
        """The entry of one robot; KeyError when the team has none of that name."""
        for robot in self.robots:
            if robot.name == name:
                return robot
        raise KeyError(name)

    def start_pose(self, name: str) -> Pose2D:
        """Where a robot stands at the start."""
        return Pose2D(*self.robot(name).start)


def read_team(path: Path) -> tuple[Team, World]:
    """Read a team file and the world file it names; ConfigurationError lists every mistake."""
    team = read_yaml(path, Team)
    return team, read_world(find_config(team.world, 'worlds', beside=path.parent))

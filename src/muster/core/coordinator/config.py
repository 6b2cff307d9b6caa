"""All that one robot's coordinator must know at its start: itself, its team, the roadmap, the
constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.allocation.consensus_bundle import BundleConfig
from muster.core.allocation.custom import Cost
from muster.core.allocation.roadmap import Roadmap
from muster.core.membership.config import MembershipConfig
from muster.core.raft.config import RaftConfig
from muster.core.types import ConfigurationError, RobotId


@dataclass(frozen=True)
class CoordinatorConfig:
    """Frozen for the life of the process; every robot of the team must have the same but for
    `me`."""

    me: RobotId
    team: str
    squads: Mapping[RobotId, str]
    """Every robot of the team, and its squad."""
    capabilities: Mapping[RobotId, tuple[str, ...]]
    skills: Mapping[str, SkillProfile]
    """By task kind."""
    roadmap: Roadmap
    raft: RaftConfig
    membership: MembershipConfig = field(default_factory=MembershipConfig)
    motion: MotionProfile = field(default_factory=MotionProfile)
    auction: AuctionConfig = field(default_factory=AuctionConfig)
    quantities: Mapping[RobotId, Mapping[str, float]] = field(default_factory=dict)
    """How much of what each robot has, such as payload_kg; a robot or amount that is not named
    counts as 0."""
    docks: tuple[str, ...] = ()
    """Places of the roadmap where one robot at a time can charge."""
    bundle: BundleConfig = field(default_factory=BundleConfig)
    alone_after_s: float = 5.0
    """[s] steady: without a leader for this long, robots share out what is not exclusive among
    themselves. Several elections, or they begin what a new leader would give to others."""
    costs: Mapping[str, Cost] = field(default_factory=dict)
    """The team's own costs, by name."""

    def __post_init__(self) -> None:
        if self.me not in self.squads:
            raise ConfigurationError(
                f'{self.me!r} is not in team {self.team!r}, whose robots are '
                f'{", ".join(self.squads)}'
            )
        for dock in self.docks:
            if dock not in self.roadmap.places:
                raise ConfigurationError(
                    f'docks names {dock!r}, which is no place of the roadmap; name one of its '
                    'places, or leave it out'
                )

    @property
    def squad(self) -> str:
        return self.squads[self.me]

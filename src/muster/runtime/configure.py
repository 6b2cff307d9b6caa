"""From a team file to the configuration of one robot's coordinator."""

from __future__ import annotations

from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.membership.config import MembershipConfig
from muster.core.raft.config import RaftConfig
from muster.core.types import ConfigurationError, RobotId
from muster.runtime.team_file import Coordination, Motion, SkillEntry, Team
from muster.runtime.world_file import World


def coordinator_config(team: Team, world: World, robot: RobotId) -> CoordinatorConfig:
    """The configuration of one robot.

    Raises
    ------
    ConfigurationError
        if the robot is not in the team, or the time constants contradict each other.
    """
    names = tuple(entry.name for entry in team.robots)
    if robot not in names:
        raise ConfigurationError(
            f'{robot!r} is not in team {team.team!r}, whose robots are {", ".join(names)}'
        )
    times = team.coordination
    return CoordinatorConfig(
        me=robot,
        team=team.team,
        squads={entry.name: entry.squad for entry in team.robots},
        capabilities={entry.name: entry.capabilities for entry in team.robots},
        skills={kind: _skill(entry) for kind, entry in team.skills.items()},
        roadmap=world.roadmap(),
        raft=RaftConfig(
            me=robot,
            voters=names,
            heartbeat_s=times.heartbeat_s,
            election_min_s=times.election_min_s,
            election_max_s=times.election_max_s,
            clock_drift=times.clock_drift,
        ),
        membership=_membership(times),
        motion=_motion(team.motion),
        auction=AuctionConfig(
            bid_timeout_s=times.bid_timeout_s, schedule_capacity=times.schedule_capacity
        ),
    )


def _membership(times: Coordination) -> MembershipConfig:
    """A leader without a quorum steps down after `election_max_s`, so it grants no longer than
    that."""
    return MembershipConfig(
        report_s=times.report_s,
        detection_s=times.detection_s,
        lease_s=times.lease_s,
        clock_drift=times.clock_drift,
        grace_s=times.lease_grace_s,
        quorum_window_s=times.election_max_s,
    )


def _motion(motion: Motion) -> MotionProfile:
    return MotionProfile(
        speed=motion.speed,
        battery_j=motion.battery_j,
        idle_w=motion.idle_w,
        walking_w=motion.walking_w,
        battery_reserve=motion.battery_reserve,
    )


def _skill(entry: SkillEntry) -> SkillProfile:
    fewest, most = entry.stops
    return SkillProfile(
        requires=entry.requires,
        min_stops=fewest,
        max_stops=most,
        duration_s=entry.duration_s,
        power_w=entry.power_w,
    )

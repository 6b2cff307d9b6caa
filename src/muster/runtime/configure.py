"""From a team file to the configuration of one robot's coordinator."""

from __future__ import annotations

from collections.abc import Mapping

from muster.core.allocation.config import AuctionConfig, MotionProfile, SkillProfile
from muster.core.allocation.custom import Cost
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.membership.config import MembershipConfig
from muster.core.raft.config import RaftConfig
from muster.core.types import ConfigurationError, RobotId
from muster.runtime.costs import load_costs, with_granted
from muster.runtime.team_file import Allocation, Coordination, Motion, SkillEntry, Team
from muster.runtime.world_file import World


def coordinator_config(team: Team, world: World, robot: RobotId) -> CoordinatorConfig:
    """The configuration of one robot.

    Raises
    ------
    ConfigurationError
        if the robot is not in the team, the time constants contradict each other, or a cost
        that the team names is not installed.
    """
    names = tuple(entry.name for entry in team.robots)
    if robot not in names:
        raise ConfigurationError(
            f'{robot!r} is not in team {team.team!r}, whose robots are {", ".join(names)}'
        )
    times = team.coordination
    costs = load_costs(team.costs)
    return CoordinatorConfig(
        me=robot,
        team=team.team,
        squads={entry.name: entry.squad for entry in team.robots},
        capabilities=_with_granted(team, costs),
        quantities=_quantities(team),
        skills={kind: skill_profile(entry) for kind, entry in team.skills.items()},
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
        auction=_auction(times, team.allocation),
        docks=world.docks(),
        costs=costs,
    )


def team_capabilities(team: Team) -> dict[RobotId, tuple[str, ...]]:
    """What each robot is capable of, with what the team's own costs grant it; ConfigurationError
    when one of these is not installed."""
    return _with_granted(team, load_costs(team.costs))


def _with_granted(team: Team, costs: Mapping[str, Cost]) -> dict[RobotId, tuple[str, ...]]:
    capabilities = {entry.name: entry.capabilities for entry in team.robots}
    return with_granted(capabilities, _quantities(team), costs)


def _quantities(team: Team) -> dict[RobotId, dict[str, float]]:
    return {entry.name: entry.quantities for entry in team.robots}


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


def _auction(times: Coordination, allocation: Allocation) -> AuctionConfig:
    return AuctionConfig(
        bid_timeout_s=times.bid_timeout_s,
        schedule_capacity=times.schedule_capacity,
        weight_sum=allocation.weight_sum,
        weight_max=allocation.weight_max,
        weight_latency=allocation.weight_latency,
        duration_quantile=allocation.duration_quantile,
        stability_s=allocation.stability_s,
        trade_budget_s=allocation.trade_budget_s,
    )


def _motion(motion: Motion) -> MotionProfile:
    return MotionProfile(
        speed=motion.speed,
        battery_j=motion.battery_j,
        idle_w=motion.idle_w,
        walking_w=motion.walking_w,
        battery_reserve=motion.battery_reserve,
        charge_w=motion.charge_w,
        charge_below=motion.charge_below,
    )


def skill_profile(entry: SkillEntry) -> SkillProfile:
    """What tasks of one kind ask of any robot."""
    fewest, most = entry.stops
    return SkillProfile(
        requires=entry.requires,
        min_stops=fewest,
        max_stops=most,
        duration_s=entry.duration_s,
        power_w=entry.power_w,
        needs=entry.needs,
    )

"""From a team file to what the simulation needs of it."""

from __future__ import annotations

from muster.core.types import ConfigurationError
from muster.runtime.share import find_config
from muster.runtime.team_file import read_team
from muster.runtime.world_file import read_world
from muster_sim.simulation_setup import RobotStart, Setup
from muster_sim.skills.floor import Floor


def read_setup(
    team: str, world: str | None, seed: int, hoist_after_s: float, with_window: bool = False
) -> Setup:
    """Read a team file, and the world file it names unless another is given.

    Raises
    ------
    ConfigurationError
        listing the mistakes in either file, or the robots that start where there is no room.
    """
    described, place = read_team(find_config(team, 'teams'))
    if world is not None:
        place = read_world(find_config(world, 'worlds'))
    floor = Floor(place)
    starts = {robot.name: described.start_pose(robot.name) for robot in described.robots}
    stuck = [
        f'{name} starts at ({pose.x:g}, {pose.y:g}), which leaves no room beside {obstacle}'
        for name, pose in starts.items()
        if (obstacle := floor.obstacle_at(pose))
    ]
    if stuck:
        raise ConfigurationError('\n'.join(stuck))
    return Setup(
        world=place,
        robots=tuple(
            RobotStart(robot.name, robot.start, robot.battery) for robot in described.robots
        ),
        model=described.robots[0].model,
        seed=seed,
        battery_j=described.motion.battery_j,
        charge_w=described.motion.charge_w,
        hoist_after_s=hoist_after_s,
        with_window=with_window,
    )

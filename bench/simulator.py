"""How fast the simulated world runs, and how much of that time PyBullet itself takes.

The peer is a bare PyBullet loop: the same humanoids walking on a floor under the same policy and
joint controllers, and nothing else of muster's world (no batteries, faults, parcels, scenery,
commands or snapshots). Both are measured alternately in the same run, so that they suffer the same
neighbours on the machine. The share of wall time inside `stepSimulation` says how much the code
around it costs: at 1 there would be nothing left to gain.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

# Before numpy is imported: arrays of a few robots are too small to share between threads.
os.environ.update(OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1')

import numpy as np
import pybullet
from harness import Peer, Report, parser, publish

from muster.runtime.world_file import World
from muster_sim import rotations
from muster_sim.humanoids import Humanoids
from muster_sim.robot_model import PHYSICS_STEP_S, STEPS_PER_TICK, TICK_S, UNITREE_G1
from muster_sim.simulated_world import SimulatedWorld
from muster_sim.simulation_setup import RobotStart, Setup
from muster_sim.walking_policy import WalkingPolicy

TEAMS = (1, 4, 8, 16)
WALK = 0.5
"""[m/s]"""
SPACING_M = 3.0
SHARE_OF_BARE_LOOP = 0.72
"""Of a bare loop with 8 robots, when this benchmark was designed."""


class StepTimer:
    """Counts the time spent inside `stepSimulation`, by standing in its place."""

    def __init__(self) -> None:
        self.inside_s = 0.0
        self._step = pybullet.stepSimulation

    def __enter__(self) -> StepTimer:
        pybullet.stepSimulation = self._timed
        return self

    def __exit__(self, *_: object) -> None:
        pybullet.stepSimulation = self._step

    def _timed(self, **options: int) -> None:
        began = time.perf_counter()
        self._step(**options)
        self.inside_s += time.perf_counter() - began


@dataclass
class Cost:
    """Of some ticks."""

    ticks: int = 0
    wall_s: float = 0.0
    inside_s: float = 0.0

    @property
    def real_time_factor(self) -> float:
        return self.ticks * TICK_S / self.wall_s

    @property
    def step_share(self) -> float:
        return self.inside_s / self.wall_s

    @property
    def tick_ms(self) -> float:
        return 1e3 * self.wall_s / self.ticks


def muster_world(robots: int) -> Callable[[], None]:
    """A tick of muster's world, with everything that its process does but the socket."""
    floor = World(name='floor', bounds=(-100, -100, 100, 100), places={})
    world = SimulatedWorld(Setup(floor, tuple(_starts(robots))))

    def tick() -> None:
        for robot in range(robots):
            world.command(robot, WALK, 0.0, 0.0)
        world.tick()
        world.snapshot()

    return tick


def bare_loop(robots: int) -> Callable[[], None]:
    """The same bodies walking by the same policy, in as few lines as that takes."""
    client = pybullet.connect(pybullet.DIRECT)
    pybullet.setGravity(0, 0, -9.81, physicsClientId=client)
    pybullet.setPhysicsEngineParameter(
        fixedTimeStep=PHYSICS_STEP_S, numSolverIterations=10, physicsClientId=client
    )
    floor = pybullet.createCollisionShape(
        pybullet.GEOM_BOX, halfExtents=(100, 100, 0.5), physicsClientId=client
    )
    pybullet.createMultiBody(0, floor, -1, (0, 0, -0.5), physicsClientId=client)
    policy = WalkingPolicy(UNITREE_G1, robots)
    starts = [robot.start for robot in _starts(robots)]
    bodies = Humanoids(client, UNITREE_G1, policy.joint_names, policy.posture, starts)
    limit = bodies.effort_limit
    walk = np.tile((WALK / UNITREE_G1.walking_gain[0], 0.0, 0.0), (robots, 1))

    def tick() -> None:
        bodies.read_bases()
        rate = rotations.rotate_back(bodies.orientation, bodies.rotation_rate)
        bodies.read_joints()
        targets = policy.step(walk, rate, bodies.gravity, bodies.angles, bodies.speeds)
        for _ in range(STEPS_PER_TICK):
            torque = policy.stiffness * (targets - bodies.angles) - policy.damping * bodies.speeds
            bodies.apply(torque.clip(-limit, limit))
            pybullet.stepSimulation(physicsClientId=client)
            bodies.read_joints()

    return tick


def measure(tick: Callable[[], None], seconds: float, cost: Cost) -> None:
    """Tick for some wall time."""
    with StepTimer() as timer:
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            tick()
            cost.ticks += 1
        cost.wall_s += time.perf_counter() - began
    cost.inside_s += timer.inside_s


def compare(robots: int, seconds: float, rounds: int = 4) -> tuple[Cost, Cost]:
    """muster's world and the bare loop, taking turns."""
    contenders = [(muster_world(robots), Cost()), (bare_loop(robots), Cost())]
    for tick, _ in contenders:
        measure(tick, seconds / rounds / 2, Cost())
    for _ in range(rounds):
        for tick, cost in contenders:
            measure(tick, seconds / rounds, cost)
    return contenders[0][1], contenders[1][1]


def _starts(robots: int) -> list[RobotStart]:
    return [
        RobotStart(f'g1_{i}', (SPACING_M * (i % 4), SPACING_M * (i // 4), 0.0))
        for i in range(robots)
    ]


def main() -> None:
    options = parser(__doc__.splitlines()[0]).parse_args()
    seconds = 1.0 if options.quick else 6.0
    report = Report(
        benchmark='simulator',
        title='Simulated humanoids in one process (Unitree G1, 5 ms steps, 50 Hz policy)',
        columns=(
            'robots',
            'real-time factor',
            'ms per tick',
            'inside stepSimulation',
            'bare: real-time factor',
            'bare: inside',
            'muster / bare',
        ),
        peer=Peer.package('pybullet', 'a bare loop with the same policy'),
    )
    for robots in TEAMS:
        ours, bare = compare(robots, seconds)
        ratio = ours.real_time_factor / bare.real_time_factor
        report.row(
            robots,
            f'{ours.real_time_factor:.1f}',
            f'{ours.tick_ms:.2f}',
            f'{ours.step_share:.0%}',
            f'{bare.real_time_factor:.1f}',
            f'{bare.step_share:.0%}',
            f'{ratio:.2f}',
        )
        report.figures |= {
            f'real_time_factor_{robots}': ours.real_time_factor,
            f'tick_ms_{robots}': ours.tick_ms,
            f'step_share_{robots}': ours.step_share,
            f'bare_real_time_factor_{robots}': bare.real_time_factor,
            f'bare_step_share_{robots}': bare.step_share,
            f'ratio_to_bare_{robots}': ratio,
        }
    report.notes.append(
        f'When this was designed, a bare loop of 8 robots spent {SHARE_OF_BARE_LOOP:.0%} inside '
        'stepSimulation.'
    )
    publish(report, options.json)


if __name__ == '__main__':
    main()

"""The world as one deterministic machine: velocity commands and requests in, snapshots out, one
tick at a time.

A tick is one period of the walking policies (20 ms). Nothing here knows ROS, processes or the wall
clock: the same setup and the same calls give the same bits, in any process. `stepSimulation` holds
Python's interpreter lock, so whoever has other things to do runs this in a process of its own
(physics_process.py).
"""

from __future__ import annotations

import contextlib
import weakref

import numpy as np
import pybullet
from numpy.typing import NDArray

from muster_sim import rotations
from muster_sim.battery import Batteries
from muster_sim.faults import Faults, Motion
from muster_sim.hoist import Hoist
from muster_sim.humanoids import Humanoids
from muster_sim.parcels import REACH_M, Hands
from muster_sim.requests import Grip, Request, Verdict
from muster_sim.robot_model import MODELS, PHYSICS_STEP_S, STEPS_PER_TICK, TICK_S
from muster_sim.scenery import build_scenery
from muster_sim.simulation_setup import Setup
from muster_sim.snapshot import Contact, Snapshot
from muster_sim.walking_policy import WalkingPolicy
from muster_sim.window import look_at, open_window, unseen

Array = NDArray[np.float64]

GRAVITY = 9.81
COMMAND_TIMEOUT_S = 0.5
"""[s] without a velocity command after which a robot stands."""
UNATTENDED_S = 3.0
"""[s] without a command after which the body itself sets down what it holds: its software is gone,
or has no use for it, and others must be able to take it."""
POLICY_LIMIT = np.array([1.0, 0.6, 1.0])
"""vx, vy [m/s] and turning rate [rad/s] that may be asked of the policy: within what it was
trained for."""
DOCK_M = 0.5
"""From a dock's middle, within which a robot has contact."""
FALLEN_TILT = -0.5
"""A body whose gravity direction has a z above this (60 degrees from upright) has fallen."""
START_JITTER_RAD = 0.02
"""Of each joint, drawn from the seed: identical robots would do identical things."""


class SimulatedWorld:
    """A warehouse, its parcels and its humanoids.

    The caller's duties: `command` robots as often as it likes, at least every 0.5 s while they
    should walk; `submit` requests under numbers of its own; `tick`; collect the `verdicts` that
    have become due.
    """

    def __init__(self, setup: Setup) -> None:
        client = open_window() if setup.with_window else pybullet.connect(pybullet.DIRECT)
        self._client = client
        self._end = weakref.finalize(self, pybullet.disconnect, physicsClientId=client)
        pybullet.setGravity(0.0, 0.0, -GRAVITY, physicsClientId=client)
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=PHYSICS_STEP_S,
            numSolverIterations=10,
            deterministicOverlappingPairs=1,
            physicsClientId=client,
        )
        model, count = MODELS[setup.model], len(setup.robots)
        self._model = model
        self._policy = policy = WalkingPolicy(model, count)
        with unseen(client) if setup.with_window else contextlib.nullcontext():
            self._scenery = build_scenery(client, setup.world)
            self.robots = Humanoids(
                client,
                model,
                policy.joint_names,
                policy.posture,
                [robot.start for robot in setup.robots],
                with_meshes=setup.with_window,
            )
            self.hands = Hands(client, setup.world, self.robots)
        if setup.with_window:
            look_at(client, setup.world)
        self.faults = Faults(self.robots)
        self.hoist_after_s = setup.hoist_after_s
        self._hoist = Hoist(client, self.robots, policy.posture, model.start_height)
        self._batteries = Batteries(
            setup.power, setup.battery_j, np.array([robot.charge for robot in setup.robots])
        )
        places = setup.world.places
        docks = [(places[name].x, places[name].y) for name in setup.world.docks()]
        self._docks = np.array(docks).reshape(-1, 2)
        self._charge_w = setup.charge_w
        random = np.random.default_rng(setup.seed)
        for robot in range(count):
            jitter = random.uniform(-START_JITTER_RAD, START_JITTER_RAD, len(policy.posture))
            self.robots.set_joints(robot, policy.posture + jitter)
        self._ticks = 0
        self._commands = np.zeros((count, 3))
        self._commanded_s = np.full(count, -np.inf)
        self._attended_s = np.zeros(count)
        self._fallen_s = np.full(count, np.inf)
        self._verdicts: list[tuple[int, Verdict]] = []
        self._torque = np.zeros_like(self.robots.angles)
        self._acceleration = np.zeros((count, 3))

    @property
    def time_s(self) -> float:
        """[s] simulated since the start."""
        return self._ticks * TICK_S

    @property
    def is_down(self) -> NDArray[np.bool_]:
        """(n,) robots that lie on the floor or hang in the hoist."""
        return np.isfinite(self._fallen_s)

    def close(self) -> None:
        """Free the physics engine, as garbage collection would. The world cannot be used after
        this."""
        self._end()

    def command(self, robot: int, vx: float, vy: float, wz: float) -> None:
        """Have a robot walk by this velocity, in its base link frame, until `COMMAND_TIMEOUT_S`
        from now."""
        asked = np.array((vx, vy, wz)) / self._model.walking_gain
        if np.isfinite(asked).all():
            self._commands[robot] = np.clip(asked, -POLICY_LIMIT, POLICY_LIMIT)
            self._commanded_s[robot] = self._attended_s[robot] = self.time_s

    def submit(self, number: int, request: Request) -> None:
        """Ask for something; exactly one verdict with this number comes from some later
        `verdicts`."""
        if self.is_down[request.robot]:
            verdict: Verdict | None = Verdict(False, False, 'the robot lies on the floor')
        elif isinstance(request, Grip):
            verdict = self._grip(request)
        else:
            verdict = self.faults.begin(number, request)
        if verdict is not None:
            self._verdicts.append((number, verdict))

    def verdicts(self) -> list[tuple[int, Verdict]]:
        """Those that have become due since the last call."""
        due, self._verdicts = self._verdicts, []
        return due

    def tick(self) -> None:
        """Advance by 20 ms."""
        robots, policy = self.robots, self._policy
        robots.read_joints()
        before = robots.velocity
        self._notice_falls()
        is_unattended = self.time_s - self._attended_s > UNATTENDED_S
        for robot in np.flatnonzero(is_unattended & ~self.is_down).tolist():
            self.hands.set_down(robot)
        is_silent = self.time_s - self._commanded_s > COMMAND_TIMEOUT_S
        wanted = np.where(is_silent[:, np.newaxis], 0.0, self._commands)
        targets = policy.step(
            wanted,
            rotations.rotate_back(robots.orientation, robots.rotation_rate),
            robots.gravity,
            robots.angles,
            robots.speeds,
        )
        stiffness = np.tile(policy.stiffness, (len(robots), 1))
        for robot in np.flatnonzero(self.is_down).tolist():
            if self._hoist.is_lifting(robot):
                targets[robot] = self._hoist.targets(robot)
            else:
                stiffness[robot] = 0.0
        self._drive(stiffness, targets)
        self.hands.tick(TICK_S)
        for robot in self._hoist.tick(TICK_S):
            self._fallen_s[robot] = np.inf
            policy.restart(robot)
        self._ticks += 1
        robots.read_bases()
        self._acceleration = (robots.velocity - before) / TICK_S + (0.0, 0.0, GRAVITY)

    def snapshot(self) -> Snapshot:
        """What there is to see after the last tick."""
        robots = self.robots
        parcel_position, parcel_orientation = self.hands.poses()
        return Snapshot(
            time_s=self.time_s,
            position=robots.position,
            orientation=robots.orientation,
            velocity=rotations.rotate_back(robots.orientation, robots.velocity),
            rotation_rate=rotations.rotate_back(robots.orientation, robots.rotation_rate),
            acceleration=rotations.rotate_back(robots.orientation, self._acceleration),
            angles=robots.angles,
            speeds=robots.speeds,
            torque=self._torque,
            charge=self._batteries.charge,
            power=self._batteries.power,
            is_fallen=self.is_down,
            is_holding=np.array([self.hands.is_holding(robot) for robot in range(len(robots))]),
            parcel_position=parcel_position,
            parcel_orientation=parcel_orientation,
        )

    def contacts(self) -> set[Contact]:
        """Who touches what besides the floor at this moment."""
        robots = {body: f'robot {index}' for index, body in enumerate(self.robots.bodies)}
        others = self._scenery | robots
        return {
            Contact(index, self.robots.link_names[point[3]], others[point[2]])
            for index, body in enumerate(self.robots.bodies)
            for point in pybullet.getContactPoints(bodyA=body, physicsClientId=self._client)
            if point[2] in others and point[2] != body
        }

    def _drive(self, stiffness: Array, targets: Array) -> None:
        """The physics steps of one tick, with the joint controllers at the physics' own rate."""
        robots, policy = self.robots, self._policy
        power = np.zeros(len(robots))
        limit = robots.effort_limit * self.faults.torque_scale
        limit[self._batteries.is_empty] = 0.0
        for step in range(STEPS_PER_TICK):
            if step:
                robots.read_joints()
            demanded = stiffness * (targets - robots.angles) - policy.damping * robots.speeds
            self._torque = np.clip(demanded, -limit, limit)
            robots.apply(self._torque)
            power += self._batteries.model.power(self._torque, robots.speeds)
            self._verdicts += self.faults.step(Motion(demanded, self._torque, self.is_down))
            pybullet.stepSimulation(physicsClientId=self._client)
        self._batteries.drain(power / STEPS_PER_TICK, TICK_S, self._supplied())

    def _supplied(self) -> Array:
        """(n,) [W] that flow in from docks: to whoever stands at one."""
        offset = self.robots.position[:, np.newaxis, :2] - self._docks
        is_near = np.hypot(offset[..., 0], offset[..., 1]).min(axis=1, initial=np.inf) < DOCK_M
        return np.where(is_near & ~self.is_down, self._charge_w, 0.0)

    def _notice_falls(self) -> None:
        robots = self.robots
        low = robots.position[:, 2] < self._model.fallen_height
        tilted = robots.gravity[:, 2] > FALLEN_TILT
        for robot in np.flatnonzero((low | tilted) & ~self.is_down).tolist():
            self._fallen_s[robot] = self.time_s
            self.hands.drop(robot)
        if self.hoist_after_s <= 0.0:
            return
        waited = self.time_s - self._fallen_s >= self.hoist_after_s
        for robot in np.flatnonzero(waited).tolist():
            if not self._hoist.is_lifting(robot):
                self._hoist.start(robot)

    def _grip(self, grip: Grip) -> Verdict:
        self._attended_s[grip.robot] = self.time_s
        if grip.closes:
            name = self.hands.take(grip.robot)
            detail = f'holds {name}' if name else f'no parcel lies within {REACH_M} m'
            return Verdict(bool(name), bool(name), detail)
        name = self.hands.set_down(grip.robot)
        return Verdict(True, bool(name), f'sets {name} down' if name else 'holds nothing')

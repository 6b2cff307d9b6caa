"""Walking to one goal: along a route, around whoever is in the way, by another way when there is
no getting on."""

from __future__ import annotations

import enum
import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from muster.core.types import Pose2D
from muster.runtime.skills import BodyView, Twist2D
from muster_sim.skills.avoidance import PERSONAL_M, TIGHT_M, Avoidance, Neighbourhood
from muster_sim.skills.routing import Router, gap

Array = NDArray[np.float64]

SPEED = 0.6
"""[m/s] on a free way."""
CARROT_M = 0.7
"""[m] along the route that a robot aims ahead."""
ARRIVED_M = 0.15
BESIDE_M = 1.3
"""[m] from a goal at which a robot makes do when somebody else stands on it."""
OCCUPIED_M = 0.75
APPROACH_GAIN = 0.9
"""[1/s] how the speed falls with the way that is left."""
TURN_GAIN = 1.6
TURN_LIMIT = 0.8
"""[rad/s]"""
SIDESTEP_LIMIT = 0.25
"""[m/s]"""
RETREAT_LIMIT = 0.35
"""[m/s] backwards."""
CROWDED_M = 1.1
"""[m] to somebody else, less than which a robot steps aside without turning first."""
AHEAD_RAD = math.radians(60)
"""Facing farther than this away from where it wants to go, a robot turns on the spot first."""
BACKWARDS_RAD = math.radians(120)
FACING_RAD = 0.12
PATIENT_S = 2.0
"""[s] without getting nearer after which a robot begins to put up with less room."""
STUCK_S = 6.0
"""[s] without getting nearer by `HEADWAY_M` after which another way is tried."""
HEADWAY_M = 0.3
PATIENCE_S = 75.0
"""[s] without getting nearer after which the goal counts as unreachable."""


class Getting(enum.Enum):
    """How far a robot has got."""

    UNDER_WAY = enum.auto()
    THERE = enum.auto()
    NOWHERE = enum.auto()
    """No way leads there, or it stays blocked."""


STANDING = Twist2D()


@dataclass(frozen=True)
class Leg:
    """What the navigator wants for the next period."""

    getting: Getting
    command: Twist2D = STANDING
    remaining_m: float = 0.0
    path: tuple[Pose2D, ...] = ()
    detail: str = ''


class Navigator:
    """Walks to one goal. Its yaw does not matter; see `facing`."""

    def __init__(self, router: Router, goal: Pose2D) -> None:
        self.goal = goal
        self._router = router
        self._avoidance = Avoidance(router.floor)
        self._neighbourhood = Neighbourhood()
        self._route: tuple[Pose2D, ...] = ()
        self._best_m = math.inf
        self._headway_s = -math.inf
        self._patience_s = -math.inf

    def step(self, body: BodyView) -> Leg:
        """Go on by one period."""
        here, goal = body.pose, self.goal
        others, velocities = self._neighbourhood.update(body.now_s, body.neighbours)
        if gap(here, goal) <= ARRIVED_M:
            return Leg(Getting.THERE)
        if not self._route and not self._plan(body):
            where = f'({goal.x:.1f}, {goal.y:.1f})'
            return Leg(Getting.NOWHERE, detail=f'no way leads to {where}')
        self._pass_waypoints(here)
        remaining_m = self._remaining(here)
        if remaining_m < self._best_m - HEADWAY_M:
            self._best_m = remaining_m
            self._headway_s = self._patience_s = body.now_s
        if body.now_s - self._headway_s > STUCK_S:
            if self._is_occupied(others) and gap(here, goal) < BESIDE_M:
                return Leg(Getting.THERE, detail='beside the goal, where somebody else stands')
            if body.now_s - self._patience_s > PATIENCE_S:
                where = f'({goal.x:.1f}, {goal.y:.1f})'
                detail = f'the way to {where} stays blocked, {remaining_m:.1f} m before it'
                return Leg(Getting.NOWHERE, detail=detail)
            self._plan(body)
        wanted = self._towards_carrot(here)
        velocity = self._avoidance.choose(
            np.array((here.x, here.y)), wanted, others, velocities, self._personal_m(body.now_s)
        )
        return Leg(
            Getting.UNDER_WAY,
            body_command(here.yaw, velocity, _nearest(here, others) < CROWDED_M),
            remaining_m,
            self._route,
        )

    def _plan(self, body: BodyView) -> bool:
        self._route = self._router.route(body.pose, self.goal, body.neighbours)
        self._best_m = self._remaining(body.pose)
        self._headway_s = body.now_s
        if math.isinf(self._patience_s):
            self._patience_s = body.now_s
        return bool(self._route)

    def _personal_m(self, now_s: float) -> float:
        """[m] to keep from others: less and less while there is no getting on."""
        waited = (now_s - self._headway_s - PATIENT_S) / (STUCK_S - PATIENT_S)
        return PERSONAL_M - (PERSONAL_M - TIGHT_M) * min(1.0, max(0.0, waited))

    def _pass_waypoints(self, here: Pose2D) -> None:
        """Drop waypoints that are behind, or that a straight line leads past."""
        while len(self._route) > 1:
            first, second = self._route[:2]
            is_near = gap(here, first) < CARROT_M
            if not is_near or not self._router.floor.is_clear(here, second):
                return
            self._route = self._route[1:]

    def _remaining(self, here: Pose2D) -> float:
        legs = (here, *self._route)
        return sum(gap(a, b) for a, b in itertools.pairwise(legs))

    def _towards_carrot(self, here: Pose2D) -> Array:
        """The velocity wanted if nobody were there."""
        target = self._route[0]
        offset = np.array((target.x - here.x, target.y - here.y))
        distance = float(np.hypot(*offset))
        speed = min(SPEED, APPROACH_GAIN * self._remaining(here))
        return offset / max(distance, 1e-6) * speed

    def _is_occupied(self, others: Array) -> bool:
        return _nearest(self.goal, others) < OCCUPIED_M


def body_command(yaw: float, velocity: Array, is_crowded: bool = False) -> Twist2D:
    """A velocity of the map frame (2,) [m/s] as a command for a body that walks best straight
    ahead.

    Where it has to go elsewhere it turns on the spot first. When somebody is so near that there is
    no time for that, it steps aside while it turns, and backwards without turning.
    """
    speed = float(np.hypot(*velocity))
    if speed < 0.02:
        return Twist2D()
    error = wrapped(math.atan2(velocity[1], velocity[0]) - yaw)
    turn = max(-TURN_LIMIT, min(TURN_LIMIT, TURN_GAIN * error))
    sideways = max(-SIDESTEP_LIMIT, min(SIDESTEP_LIMIT, speed * math.sin(error)))
    if abs(error) <= AHEAD_RAD:
        return Twist2D(speed * math.cos(error), sideways, turn)
    if is_crowded:
        backwards = max(-RETREAT_LIMIT, speed * math.cos(error))
        return Twist2D(backwards, sideways, 0.0 if abs(error) > BACKWARDS_RAD else turn)
    return Twist2D(0.0, 0.0, turn)


def facing(yaw: float, wanted: float) -> Twist2D | None:
    """The command that turns a body on the spot to a heading; None when it faces it."""
    error = wrapped(wanted - yaw)
    if abs(error) < FACING_RAD:
        return None
    rate = max(0.3, min(TURN_LIMIT, TURN_GAIN * abs(error)))
    return Twist2D(0.0, 0.0, math.copysign(rate, error))


def _nearest(at: Pose2D, others: Array) -> float:
    """[m] from a pose to the nearest of others (k, 2)."""
    return float(np.hypot(*(others - (at.x, at.y)).T).min(initial=math.inf))


def wrapped(angle: float) -> float:
    """The same direction in [-pi, pi)."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi

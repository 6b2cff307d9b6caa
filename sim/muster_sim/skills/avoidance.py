"""Choosing a velocity that keeps clear of walls, shelves and everybody else.

Velocity obstacles by sampling (Fiorini and Shiller 1998): of a fan of candidate velocities, take
the one nearest to the wanted velocity that does not lead into anybody, as they move now, within a
few seconds. Two robots that meet head-on must not both step to the same side: when somebody is in
the way, turning left costs a little more than turning right, for everybody, so they pass each
other on the right without a word.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from muster.core.types import Pose2D
from muster_sim.skills.floor import Floor

Array = NDArray[np.float64]

PERSONAL_M = 0.85
"""[m] wanted between two centres; two bodies touch at about 0.5."""
TIGHT_M = 0.7
"""[m] made do with by who has got nowhere for a while: it ends the politeness of four at a
crossing."""
HORIZON_S = 4.0
"""[s] within which a meeting matters."""
IMMINENT_S = 1.5
"""[s] within which it matters more than anything else."""
FAN = np.radians((0, -12, 12, -25, 25, -40, 40, -60, 60, -85, 85, -120, 120, 180))
SPEEDS = np.array((1.0, 0.7, 0.4))
LOOK_AHEAD_S = np.array((0.4, 0.9, 1.5))
"""[s] at which a candidate's way is probed for walls and shelves."""

COMFORT_M = 0.65
"""[m] wanted to walls and shelves while walking: arms swing."""

MEETING_COST = 1.6
IMMINENT_COST = 3.0
TOUCHING_COST = 4.0
SCENERY_COST = 5.0
LEFT_COST = 0.25
CHANGE_COST = 0.15


@dataclass
class _Track:
    position: Array
    velocity: Array
    seen_s: float


class Neighbourhood:
    """Where the others are and how they move, from anonymous positions."""

    MATCH_M = 0.6
    SMOOTHING = 0.35

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._last: Sequence[Pose2D] = ()

    def update(self, now_s: float, neighbours: Sequence[Pose2D]) -> tuple[Array, Array]:
        """Positions (k, 2) [m] and smoothed velocities (k, 2) [m/s]."""
        if neighbours != self._last:
            self._last = neighbours
            old = list(self._tracks)
            self._tracks = [self._match(now_s, pose, old) for pose in neighbours]
        return (
            np.array([track.position for track in self._tracks]).reshape(-1, 2),
            np.array([track.velocity for track in self._tracks]).reshape(-1, 2),
        )

    def _match(self, now_s: float, pose: Pose2D, old: list[_Track]) -> _Track:
        position = np.array((pose.x, pose.y))
        gaps = [float(np.hypot(*(track.position - position))) for track in old]
        if not gaps or min(gaps) > self.MATCH_M:
            return _Track(position, np.zeros(2), now_s)
        track = old.pop(gaps.index(min(gaps)))
        elapsed_s = now_s - track.seen_s
        if elapsed_s <= 0.0:
            return track
        moved = (position - track.position) / elapsed_s
        velocity = track.velocity + self.SMOOTHING * (moved - track.velocity)
        return _Track(position, velocity, now_s)


class Avoidance:
    """Picks velocities for one robot; remembers the last, so as not to dither."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._last = np.zeros(2)

    def choose(
        self,
        here: Array,
        wanted: Array,
        others: Array,
        their_velocities: Array,
        personal_m: float = PERSONAL_M,
    ) -> Array:
        """The velocity (2,) [m/s] in the map frame to walk with.

        Parameters
        ----------
        here : (2,) [m].
        wanted : (2,) [m/s] towards the goal, if nobody were there.
        others, their_velocities : (k, 2) [m], [m/s].
        personal_m : [m] kept between this robot's centre and theirs, from TIGHT_M to PERSONAL_M.
        """
        speed = float(np.hypot(*wanted))
        if speed < 1e-3:
            self._last = np.zeros(2)
            return self._last
        heading = math.atan2(wanted[1], wanted[0])
        turns = np.repeat(FAN, len(SPEEDS))
        speeds = np.tile(speed * SPEEDS, len(FAN))
        fan = np.stack((np.cos(heading + turns), np.sin(heading + turns)), axis=1)
        candidates = np.vstack((fan * speeds[:, np.newaxis], np.zeros((1, 2))))
        turns = np.append(turns, 0.0)
        meeting = _meeting_costs(candidates, others - here, their_velocities, personal_m)
        cost = np.hypot(*(candidates - wanted).T) / speed
        cost += meeting
        cost += self._scenery_costs(here, candidates)
        cost += CHANGE_COST * np.hypot(*(candidates - self._last).T) / speed
        if meeting[0] > 0.0:
            cost += LEFT_COST * (turns > 0.0)
        self._last = candidates[int(cost.argmin())]
        return self._last

    def _scenery_costs(self, here: Array, candidates: Array) -> Array:
        ahead = here + candidates[:, np.newaxis] * LOOK_AHEAD_S[:, np.newaxis]
        clearance = self._floor.clearance(ahead.reshape(-1, 2)).reshape(len(candidates), -1)
        return SCENERY_COST * np.maximum(0.0, COMFORT_M - clearance.min(axis=1))


def _meeting_costs(
    candidates: Array, offsets: Array, velocities: Array, personal_m: float
) -> Array:
    """How soon and how close each candidate meets somebody: (candidates,), 0 = nobody."""
    if not len(offsets):
        return np.zeros(len(candidates))
    relative = candidates[:, np.newaxis] - velocities
    closing = (relative * offsets).sum(axis=2)
    distance = np.hypot(*offsets.T)
    squared = np.square(relative).sum(axis=2) + 1e-9
    discriminant = closing**2 - squared * (distance**2 - personal_m**2)
    meets = (discriminant > 0.0) & (closing > 0.0)
    entry_s = (closing - np.sqrt(np.maximum(discriminant, 0.0))) / squared
    urgency = MEETING_COST * np.clip(1.0 - entry_s / HORIZON_S, 0.0, 1.0)
    urgency += IMMINENT_COST * np.clip(1.0 - entry_s / IMMINENT_S, 0.0, 1.0)
    too_close = np.maximum(0.0, personal_m - distance) / personal_m
    approach = np.maximum(0.0, closing / (distance + 1e-9))
    cost = np.where(meets, urgency, 0.0) + TOUCHING_COST * too_close * (approach > 0.02)
    return cost.max(axis=1)

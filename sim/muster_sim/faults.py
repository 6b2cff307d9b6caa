"""What can be broken in a body, and the proof that it broke.

Every fault watches the body after it struck and ends with a `Verdict` that states what was
measured. One that was commanded but changed nothing (weak legs that are standing still) says that
it has not bitten.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from muster_sim.humanoids import Humanoids
from muster_sim.requests import Fault, Push, TorqueLoss, Verdict
from muster_sim.robot_model import PHYSICS_STEP_S

Array = NDArray[np.float64]

PUSH_S = 0.1
"""[s] over which the impulse of a push acts."""
PUSH_WATCH_S = 2.0
"""[s] after which it is clear whether a pushed robot keeps its feet."""
PUSH_BITE = 0.4
"""A push has bitten when the body gained this share of impulse / mass; its feet take some of
it."""
MAX_PUSH_NS = 500.0
TORQUE_WATCH_S = (3.0, 10.0)
"""[s] within which a loss of torque has to show: as long as it lasts, but at least and at most
this."""
MEMORY_S = 1.0
"""[s] of torque before a loss that it is compared with."""


@dataclass(frozen=True)
class Motion:
    """One physics step, as faults see it."""

    demanded: Array
    """(n, joints) [N m] what the joint controllers asked for."""
    applied: Array
    """(n, joints) [N m] what the motors gave."""
    is_down: NDArray[np.bool_]
    """(n,)"""


class _Course(Protocol):
    """A fault that has struck and is being watched."""

    def step(self, motion: Motion) -> Verdict | None:
        """Called before every physics step; a verdict ends the watch."""
        ...


class Faults:
    """All faults of a world.

    Attributes
    ----------
    torque_scale : (n, joints) [0..1] share of its torque limit that each joint still has.
    """

    def __init__(self, robots: Humanoids) -> None:
        self._robots = robots
        self.torque_scale: Array = np.ones_like(robots.angles)
        self._peaks: deque[Array] = deque(maxlen=round(MEMORY_S / PHYSICS_STEP_S))
        self._courses: dict[int, _Course] = {}
        self._repairs: list[tuple[int, int, list[int]]] = []
        self._steps = 0

    def begin(self, request: int, fault: Fault) -> Verdict | None:
        """Let a fault strike; its verdict comes at once when it is refused, otherwise from
        `step`."""
        problem = self._problem(fault)
        if problem:
            return Verdict(False, False, problem)
        if isinstance(fault, Push):
            self._courses[request] = _PushCourse(fault, self._robots)
            return None
        return self._lose_torque(request, fault)

    def step(self, motion: Motion) -> list[tuple[int, Verdict]]:
        """Go on by one physics step; returns the verdicts that are due, with their request
        numbers."""
        self._steps += 1
        self._peaks.append(np.abs(motion.applied))
        due = [repair for repair in self._repairs if repair[0] <= self._steps]
        for repair in due:
            self._repairs.remove(repair)
            self.torque_scale[repair[1], repair[2]] = 1.0
        verdicts = []
        for request, course in list(self._courses.items()):
            verdict = course.step(motion)
            if verdict is not None:
                del self._courses[request]
                verdicts.append((request, verdict))
        return verdicts

    def _problem(self, fault: Fault) -> str:
        if isinstance(fault, Push):
            if not (0.0 < fault.impulse_ns <= MAX_PUSH_NS and math.isfinite(fault.direction)):
                return (
                    f'a push needs an impulse (severity) above 0 and up to {MAX_PUSH_NS:g} N s '
                    f'and a direction in radians, not {fault.impulse_ns:g} and {fault.direction:g}'
                )
            return ''
        if not 0.0 <= fault.share <= 1.0:
            return f'the share of torque lost (severity) must be in 0..1, not {fault.share:g}'
        if not 0.0 <= fault.duration_s < math.inf:
            return (
                f'the duration must be 0 (until mended) or more seconds, not {fault.duration_s:g}'
            )
        known = self._robots.joint_names
        unknown = [name for name in fault.joints if name not in known]
        if unknown:
            return f'no joint {", ".join(unknown)}; there are {", ".join(known)}'
        return ''

    def _lose_torque(self, request: int, fault: TorqueLoss) -> Verdict | None:
        names = self._robots.joint_names
        joints = [names.index(name) for name in fault.joints] or list(range(len(names)))
        self._repairs = [
            (due, robot, kept)
            for due, robot, old in self._repairs
            if (kept := [joint for joint in old if robot != fault.robot or joint not in joints])
        ]
        self.torque_scale[fault.robot, joints] = 1.0 - fault.share
        if fault.share == 0.0:
            return Verdict(True, True, f'{len(joints)} joints have their full torque again')
        if fault.duration_s > 0.0:
            due = self._steps + math.ceil(fault.duration_s / PHYSICS_STEP_S)
            self._repairs.append((due, fault.robot, joints))
        before = np.max([peak[fault.robot] for peak in self._peaks], axis=0, initial=0.0)
        self._courses[request] = _TorqueCourse(fault, joints, before, self._robots)
        return None


class _PushCourse:
    """Pushes, then watches the speed that the base gains and whether the robot falls."""

    def __init__(self, push: Push, robots: Humanoids) -> None:
        self._push = push
        self._robots = robots
        self._along = np.array([math.cos(push.direction), math.sin(push.direction), 0.0])
        self._speed_before = self._speed()
        self._gain = 0.0
        self._elapsed_s = 0.0

    def step(self, motion: Motion) -> Verdict | None:
        robot = self._push.robot
        if self._elapsed_s < PUSH_S + PHYSICS_STEP_S:
            self._gain = max(self._gain, self._speed() - self._speed_before)
        if self._elapsed_s < PUSH_S:
            self._robots.push(robot, self._along * self._push.impulse_ns / PUSH_S)
        self._elapsed_s += PHYSICS_STEP_S
        has_fallen = bool(motion.is_down[robot])
        if not has_fallen and self._elapsed_s < PUSH_WATCH_S:
            return None
        expected = self._push.impulse_ns / self._robots.mass
        end = 'fell' if has_fallen else 'kept its feet'
        detail = f'dv {self._gain:.2f} m/s of {expected:.2f} (impulse / mass), {end}'
        return Verdict(True, self._gain >= PUSH_BITE * expected, detail)

    def _speed(self) -> float:
        return float(self._robots.drift(self._push.robot) @ self._along)


class _TorqueCourse:
    """Watches until the controllers ask for more torque than is left, then for as long as
    before."""

    def __init__(
        self, loss: TorqueLoss, joints: list[int], before: Array, robots: Humanoids
    ) -> None:
        self._robot = loss.robot
        self._joints = joints
        self._names = robots.joint_names
        self._before = before
        self._full = robots.effort_limit
        self._left = robots.effort_limit * (1.0 - loss.share)
        self._peak = np.zeros_like(before)
        self._missing = np.full_like(before, -np.inf)
        self._watch_s = float(np.clip(loss.duration_s, *TORQUE_WATCH_S))
        self._elapsed_s = 0.0

    def step(self, motion: Motion) -> Verdict | None:
        demanded = np.minimum(np.abs(motion.demanded[self._robot]), self._full)
        self._peak = np.maximum(self._peak, np.abs(motion.applied[self._robot]))
        self._missing = np.maximum(self._missing, demanded - self._left)
        self._elapsed_s += PHYSICS_STEP_S
        worst = max(self._joints, key=lambda joint: float(self._missing[joint]))
        has_bitten = bool(self._missing[worst] > 0.0)
        has_fallen = bool(motion.is_down[self._robot])
        wait_s = MEMORY_S if has_bitten else self._watch_s
        if not has_fallen and self._elapsed_s < wait_s:
            return None
        detail = (
            f'{self._names[worst]}: limit {self._full[worst]:.0f} -> {self._left[worst]:.0f} N m, '
            f'peak torque {self._before[worst]:.0f} -> {self._peak[worst]:.0f} N m'
        )
        if has_bitten:
            detail += f' where {self._left[worst] + self._missing[worst]:.0f} were wanted'
        else:
            detail += '; the limit was never reached'
        return Verdict(True, has_bitten, detail + (', fell' if has_fallen else ''))

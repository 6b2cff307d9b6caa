"""What can go wrong in a run, and the schedule by which it does.

Schedules are plain data, so that a failing one can be printed, and shrunk by leaving faults out.
"""

from __future__ import annotations

import random
from typing import TypeAlias

import msgspec

from muster.core.types import RobotId


class Crash(msgspec.Struct, frozen=True, tag='crash'):
    """Processes die in the same instant, losing what their disks had not synced; they restart
    together."""

    at: float
    lasts_s: float
    robots: tuple[RobotId, ...]
    in_mid_write: bool = False
    """Wait, for a second at most, until one of their disks is writing."""


class Partition(msgspec.Struct, frozen=True, tag='partition'):
    """Robots on either side cannot hear the other."""

    at: float
    lasts_s: float
    side: tuple[RobotId, ...]
    is_one_way: bool = False
    """Those of `side` are still heard by the others."""
    bridges: tuple[RobotId, ...] = ()
    """They hear both sides, and are heard by both."""


class DeafLink(msgspec.Struct, frozen=True, tag='deaf_link'):
    """One direction of one link is dead: `listener` does not hear `sender`."""

    at: float
    lasts_s: float
    sender: RobotId
    listener: RobotId


class BadWeather(msgspec.Struct, frozen=True, tag='bad_weather'):
    """The whole network loses, doubles and delays messages, and so reorders them."""

    at: float
    lasts_s: float
    loss: float
    """[0..1]"""
    duplication: float
    """[0..1]"""
    delay_s: float
    """Mean of the extra latency."""


class SlowDisk(msgspec.Struct, frozen=True, tag='slow_disk'):
    """Every sync of these robots takes `sync_s`."""

    at: float
    lasts_s: float
    robots: tuple[RobotId, ...]
    sync_s: float


class DiskFailure(msgspec.Struct, frozen=True, tag='disk_failure'):
    """The disk of this robot refuses every write, until it is mended and the process restarted."""

    at: float
    lasts_s: float
    robot: RobotId


class Stall(msgspec.Struct, frozen=True, tag='stall'):
    """The process is frozen (SIGSTOP, swapping) and goes on later as if nothing had happened."""

    at: float
    lasts_s: float
    robot: RobotId


class BodyFault(msgspec.Struct, frozen=True, tag='body_fault'):
    """The robot falls, and stands again `lasts_s` later."""

    at: float
    lasts_s: float
    robot: RobotId


Fault: TypeAlias = (
    Crash | Partition | DeafLink | BadWeather | SlowDisk | DiskFailure | Stall | BodyFault
)


def draw_schedule(
    rng: random.Random, robots: tuple[RobotId, ...], quiet_from_s: float, until_s: float
) -> tuple[Fault, ...]:
    """A random schedule, sparse or dense, that ends in quiet.

    Every fault is over by `quiet_from_s`, but for one robot that may be away until `until_s`: what
    it had must be done by others, and nothing happens that would set its work free by chance.
    """
    faults: list[Fault] = []
    mean_gap_s = rng.choice((0.7, 1.5, 3.0, 6.0))
    at = 2.0
    while True:
        at += rng.expovariate(1.0 / mean_gap_s)
        lasts_s = rng.choice((0.3, 1.0, 3.0, 8.0)) * rng.uniform(0.5, 1.5)
        if at + lasts_s >= quiet_from_s:
            break
        faults.append(_draw(rng, robots, round(at, 3), round(lasts_s, 3)))
    if len(robots) > 2 and rng.random() < 0.3:
        at = rng.uniform(0.2, 0.4) * quiet_from_s
        faults += _draw_scattering(rng, robots, round(at, 3), round(0.45 * quiet_from_s, 3))
    if len(robots) > 2 and rng.random() < 0.5:
        at = round(rng.uniform(0.7, 1.0) * quiet_from_s, 3)
        faults.append(_draw_absence(rng, robots, at, round(until_s - at, 3)))
    return tuple(faults)


def _draw(rng: random.Random, robots: tuple[RobotId, ...], at: float, lasts_s: float) -> Fault:
    robot = rng.choice(robots)
    several = tuple(sorted(rng.sample(robots, rng.randint(1, len(robots)))))
    kinds = ['crash', 'crash', 'weather', 'slow disk', 'broken disk', 'stall', 'body']
    if len(robots) > 1:
        kinds += ['partition', 'partition', 'deaf', 'power cut']
    match rng.choice(kinds):
        case 'crash':
            return Crash(at, lasts_s, (robot,), rng.random() < 0.5)
        case 'power cut':
            return Crash(at, lasts_s, several, rng.random() < 0.5)
        case 'partition':
            side = several if len(several) < len(robots) else (robot,)
            return Partition(at, lasts_s, side)
        case 'deaf':
            sender, listener = rng.sample(robots, 2)
            return DeafLink(at, lasts_s, sender, listener)
        case 'weather':
            loss, duplication = rng.uniform(0.05, 0.4), rng.uniform(0.0, 0.3)
            delay_s = rng.choice((0.0, 0.05, 0.3, 2.0))
            return BadWeather(at, lasts_s, round(loss, 3), round(duplication, 3), delay_s)
        case 'broken disk':
            return DiskFailure(at, lasts_s, robot)
        case 'slow disk':
            return SlowDisk(at, lasts_s, several, round(rng.uniform(0.02, 0.5), 3))
        case 'stall':
            return Stall(at, lasts_s, robot)
        case _:
            return BodyFault(at, lasts_s, robot)


def _draw_scattering(
    rng: random.Random, robots: tuple[RobotId, ...], at: float, lasts_s: float
) -> list[Fault]:
    """Cuts that leave robots in pairs or by themselves, none of them with a majority."""
    size = 1 if len(robots) < 5 else rng.choice((1, 2))
    shuffled = rng.sample(robots, len(robots))
    part = {robot: place // size for place, robot in enumerate(shuffled)}
    bits = max(part.values()).bit_length()
    sides = (
        tuple(sorted(robot for robot in robots if part[robot] >> bit & 1)) for bit in range(bits)
    )
    return [Partition(at, lasts_s, side) for side in sides]


def _draw_absence(
    rng: random.Random, robots: tuple[RobotId, ...], at: float, lasts_s: float
) -> Fault:
    robot = rng.choice(robots)
    absences: tuple[Fault, ...] = (
        Crash(at, lasts_s, (robot,)),
        DiskFailure(at, lasts_s, robot),
        Stall(at, lasts_s, robot),
        BodyFault(at, lasts_s, robot),
        Partition(at, lasts_s, (robot,)),
    )
    return rng.choice(absences)

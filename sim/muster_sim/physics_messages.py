"""What the physics process and its parent say to each other, pickled over a socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from muster_sim.requests import Request, Verdict
from muster_sim.simulation_setup import Setup
from muster_sim.snapshot import Snapshot


@dataclass(frozen=True)
class Start:
    """The first message."""

    setup: Setup
    rate: float
    """Simulated seconds per second; 0 = as fast as possible."""


@dataclass(frozen=True)
class Command:
    """Walk by this velocity, in the base link frame [m/s, m/s, rad/s]."""

    robot: int
    vx: float
    vy: float
    wz: float


@dataclass(frozen=True)
class Ask:
    """A request under a number of the asker's; the verdict comes in a frame."""

    number: int
    request: Request


@dataclass(frozen=True)
class SetHoist:
    """Change how long a fallen robot lies before it is hoisted upright [s]; 0 = for ever."""

    after_s: float


Order: TypeAlias = Command | Ask | SetHoist


@dataclass(frozen=True)
class Ready:
    """The world is built."""

    joint_names: tuple[str, ...]
    parcel_names: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """The world cannot be built; the process ends."""

    reason: str


@dataclass(frozen=True)
class Frame:
    """One tick."""

    number: int
    snapshot: Snapshot
    verdicts: tuple[tuple[int, Verdict], ...]
    real_time_factor: float
    """Achieved over the last two seconds."""


Word: TypeAlias = Ready | Refused | Frame

"""What may be asked of a simulated body, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Push:
    """A horizontal shove against the torso."""

    robot: int
    impulse_ns: float
    direction: float
    """[rad] in the map frame."""


@dataclass(frozen=True)
class TorqueLoss:
    """Motors that can give only part of their torque. The latest loss of a joint counts; a share
    of 0 mends it."""

    robot: int
    share: float
    """[0..1] of the torque limit that is lost."""
    duration_s: float = 0.0
    """[s]; 0 = until mended."""
    joints: tuple[str, ...] = ()
    """Empty = all."""


@dataclass(frozen=True)
class Grip:
    """Close a robot's hands on what is in reach, or set down what they hold."""

    robot: int
    closes: bool


Fault: TypeAlias = Push | TorqueLoss
Request: TypeAlias = Fault | Grip


@dataclass(frozen=True)
class Verdict:
    """What became of a request."""

    accepted: bool
    has_bitten: bool
    detail: str

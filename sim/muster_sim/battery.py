"""What a body draws and what is left in its battery.

Electrical power is the electronics' constant draw, plus the mechanical power of the motors
(braking gives nothing back), plus the heat in their windings, which grows with the square of
torque.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PowerModel:
    """Constants of one kind of robot; the defaults are of the size published for humanoids of 35
    kg."""

    electronics_w: float = 100.0
    """[W] computers, sensors and motor drives, whatever the robot does."""
    winding_w_per_nm2: float = 0.06
    """[W/(N m)^2] heat per square of joint torque."""
    nominal_v: float = 48.0
    """[V] of the battery, for what is published."""

    def power(self, torque: Array, speed: Array) -> Array:
        """Electrical power (n,) [W] of torques (n, joints) [N m] at speeds (n, joints) [rad/s]."""
        motion = np.abs(torque * speed).sum(axis=1)
        heat = self.winding_w_per_nm2 * np.square(torque).sum(axis=1)
        return self.electronics_w + motion + heat


class Batteries:
    """One battery per robot.

    Attributes
    ----------
    charge : (n,) [0..1].
    power : (n,) [W] drawn at present, smoothed over about a second.
    """

    SMOOTHING = 0.02

    def __init__(self, model: PowerModel, capacity_j: float, charge: Array) -> None:
        self.model = model
        self.capacity_j = capacity_j
        self.charge = np.array(charge, float)
        self.power = np.full(len(self.charge), model.electronics_w)

    def drain(self, power: Array, period_s: float, supplied: Array | float = 0.0) -> None:
        """Draw `power` (n,) [W] for a period. An empty battery stays empty.

        Where `supplied` (n,) [W] is more than nothing, that much flows in instead: a dock feeds
        the body as well. A full battery takes no more.
        """
        flow = np.where(np.asarray(supplied) > 0.0, supplied, -power)
        self.charge = np.clip(self.charge + flow * period_s / self.capacity_j, 0.0, 1.0)
        self.power += self.SMOOTHING * (power - self.power)

    @property
    def is_empty(self) -> NDArray[np.bool_]:
        """(n,) robots whose motors have nothing left to draw from."""
        return self.charge <= 0.0

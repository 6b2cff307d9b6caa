"""At most one task each: the exact optimum."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

from muster.core.allocation.problem import Ints


def assign(costs: ArrayLike) -> Ints:
    """Give as many tasks as possible to robots, each at most one, at the least sum of costs.

    Solved exactly by the shortest augmenting paths of Jonker and Volgenant (Crouse, *On
    Implementing 2D Rectangular Assignment Algorithms*, IEEE TAES 52(4), 2016).

    Parameters
    ----------
    costs : (R, T) ``inf`` where a robot cannot do a task.

    Returns
    -------
    robot : (T,) -1 for a task that nobody gets.
    """
    table = np.asarray(costs, dtype=np.float64)
    robot = np.full(table.shape[1], -1, dtype=np.int64)
    possible = np.isfinite(table)
    if not possible.any():
        return robot
    span = float(np.ptp(table[possible])) + 1.0
    shifted = np.where(possible, table - table[possible].min(), span * (min(table.shape) + 1))
    rows, columns = linear_sum_assignment(shifted)
    chosen = possible[rows, columns]
    robot[columns[chosen]] = rows[chosen]
    return robot

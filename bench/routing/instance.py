"""One allocation to be solved, as every contender gets it.

Plain arrays and no part of muster: what is compared must not be stated by one of those compared.
Robots walk at 1 m/s, so metres are seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Routes = Sequence[Sequence[int]]
"""For each robot the tasks it does, in order."""


@dataclass(frozen=True, eq=False)
class Instance:
    """Robots with a start each, tasks, and the way between all of them.

    Paths are open: a robot stays where its last task was.
    """

    kind: str
    """How the places were drawn: uniform, clustered, warehouse."""
    seed: int
    distance: Floats
    """(R + T, R + T) [m] shortest ways; the robots' starts first, the tasks after them."""
    robots: int
    work_s: Floats
    """(T,) [s] each task takes once its robot is there."""
    opens: Floats
    """(T,) [s] before which its work does not begin."""
    closes: Floats
    """(T,) [s] by which it must have ended; ``inf`` without a window."""
    load: Floats
    """(T,) what it takes of its robot's `load_limit`, to the end of the path."""
    load_limit: float
    precedences: Ints = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    """(P, 2) the work on the second does not begin before the first has ended."""
    known: Routes = ()
    """A plan that can be carried out, for solvers that find none; nothing where any plan can."""

    @property
    def tasks(self) -> int:
        return len(self.work_s)

    @property
    def name(self) -> str:
        return f'{self.kind} {self.robots} x {self.tasks}, seed {self.seed}'

    @cached_property
    def digest(self) -> str:
        """Stands for all that a solver sees of it."""
        sha = hashlib.sha256()
        for name, value in self._data().items():
            sha.update(f'{name} {value.shape} {value.dtype} '.encode())
            sha.update(np.ascontiguousarray(value).tobytes())
        return sha.hexdigest()[:16]

    def save(self, path: Path) -> None:
        """Write what a solver needs, as an `.npz` file."""
        np.savez(path, **self._data())

    def _data(self) -> dict[str, Any]:
        names = [one.name for one in fields(self) if one.name not in ('kind', 'seed', 'known')]
        data = {name: np.asarray(getattr(self, name)) for name in names}
        data['known'] = np.array([task for route in self.known for task in route], dtype=np.int64)
        data['known_lengths'] = np.array([len(route) for route in self.known], dtype=np.int64)
        return data


def plain(kind: str, seed: int, distance: Floats, robots: int) -> Instance:
    """An instance without work, windows, loads and precedence: ways are all there is."""
    nothing = np.zeros(len(distance) - robots)
    return Instance(
        kind, seed, distance, robots, nothing, nothing, nothing + np.inf, nothing, np.inf
    )

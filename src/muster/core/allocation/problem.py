"""One allocation problem as plain arrays: who is where, what is to be done, what counts.

The leader states the whole team's problem, a robot that bids states its own with one row, and both
are priced by the same functions (`muster.core.allocation.evaluation`). Names, requirements in
words and the roadmap are left behind here: places are rows of a distance matrix, capabilities are
a table of who may do what. All times are seconds from the moment of planning.

Shapes: R robots, T tasks, L places, D docks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Problem(NamedTuple):
    """Who is where, what is to be done, what counts. Made by `make_problem`."""

    distance: Floats
    """(L, L) [m] from a place (row) to a place (column); ``inf`` where no way leads."""

    start: Ints
    """(R,) place where the robot will be when it is free."""
    ready: Floats
    """(R,) [s] until the robot is free: what is under way or promised has been done."""
    speed: Floats
    """(R,) [m/s] walking."""
    joules_per_m: Floats
    """(R,) [J/m] walking, all included."""
    idle_w: Floats
    """(R,) [W] standing, while waiting and while working."""
    charge: Floats
    """(R,) [J] in the battery at `ready`."""
    capacity_j: Floats
    """(R,) [J] in a full battery; ``inf`` leaves energy out of account."""
    reserve_j: Floats
    """(R,) [J] that are never touched."""
    charge_w: Floats
    """(R,) [W] flowing in at a dock; 0 for a robot that cannot use docks."""
    dock: Ints
    """(D,) place of the dock."""
    dock_free: Floats
    """(R, D) [s] until the dock is free for this robot: others have reserved it till then."""
    max_tasks: Ints
    """(R,) most tasks in the path."""
    load_limit: Floats
    """(R,) most of `load` in the whole path."""

    entry: Ints
    """(T,) place where the task begins."""
    exit: Ints
    """(T,) place where it ends."""
    inner_m: Floats
    """(T,) [m] walked between its own stops."""
    work_s: Floats
    """(T,) [s] of work besides walking: the quantile of mean and spread that the team plans by."""
    work_j: Floats
    """(T,) [J] that the work takes on top of `idle_w`."""
    depart_after: Floats
    """(T,) [s] before which nobody sets out for it."""
    earliest: Floats
    """(T,) [s] before which its work does not begin."""
    deadline: Floats
    """(T,) [s] by which it should have finished; ``inf`` for none."""
    is_hard: Bools
    """(T,) the deadline must be met, else the path is refused."""
    late_rate: Floats
    """(T,) cost of each second after a deadline that is not hard."""
    weight: Floats
    """(T,) how much its finishing time counts in the latency, by priority."""
    load: Floats
    """(T,) taken along to the end of the path: consumables, samples."""
    pred_start: Ints
    """(T + 1,) where each task's predecessors begin in `pred`."""
    pred: Ints
    """(*,) tasks of this problem that must have finished, on whatever robot, before one sets out
    for this one; those of task t are ``pred[pred_start[t]:pred_start[t + 1]]``."""
    group: Ints
    """(T,) tasks with the same number are set out for at the same moment, on distinct robots, and
    are all in the plan or none of them; -1 for a task on its own."""

    eligible: Bools
    """(R, T) the robot has what the task takes."""
    private: Floats
    """(R, T) cost terms that only the robot knows."""
    holder: Ints
    """(T,) robot that has the task now; -1 for none."""

    w_sum: float
    """Cost of a second of walking, working or charging."""
    w_wait: float
    """Cost of a second of standing still."""
    w_max: float
    """Cost of a second of the latest finish."""
    w_latency: float
    """Cost of a second of each task's finish, times its `weight`."""
    w_energy: float
    """Cost of a joule."""
    stability: float
    """Cost of each task that is taken from its holder."""

    @property
    def robots(self) -> int:
        return len(self.start)

    @property
    def tasks(self) -> int:
        return len(self.entry)


def make_problem(
    distance: ArrayLike,
    start: ArrayLike,
    entry: ArrayLike,
    *,
    exit: ArrayLike | None = None,
    after: Sequence[Sequence[int]] | None = None,
    **fields: ArrayLike,
) -> Problem:
    """State a problem by what is special about it.

    The defaults make the plainest problem: robots free at once at 1 m/s, no limits, no windows,
    tasks that take no time where they are, and the sum of all seconds as the cost.

    Parameters
    ----------
    distance, start, entry : as in `Problem`.
    exit : (T,) place where each task ends; `entry` unless given.
    after : for each task the tasks that must have finished first; instead of `pred_start`, `pred`.
    fields : any other field of `Problem`; scalars are spread over the whole shape.

    Raises
    ------
    ValueError
        A shape does not fit, or a name is no field.
    """
    places = np.ascontiguousarray(distance, dtype=np.float64)
    starts = np.ascontiguousarray(start, dtype=np.int64)
    entries = np.ascontiguousarray(entry, dtype=np.int64)
    if places.ndim != 2 or places.shape[0] != places.shape[1]:
        raise ValueError(f'distance has the shape {places.shape}, but it must be square')
    sizes = {'L': len(places), 'R': len(starts), 'T': len(entries), 'T + 1': len(entries) + 1}
    dock = np.ascontiguousarray(fields.pop('dock', ()), dtype=np.int64)
    sizes['D'] = len(dock)
    predecessors = after if after is not None else [()] * len(entries)
    given = dict(fields)
    given.update(distance=places, start=starts, entry=entries, dock=dock)
    given['exit'] = entries if exit is None else exit
    if 'pred' not in given:
        counts = [len(one) for one in predecessors]
        given['pred_start'] = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
        given['pred'] = np.array([t for one in predecessors for t in one], dtype=np.int64)
    if 'capacity_j' not in given and 'charge' in given:
        given['capacity_j'] = given['charge']
    for name, default in _DEFAULTS.items():
        given.setdefault(name, default)
    unknown = sorted(given.keys() - set(Problem._fields))
    if unknown:
        raise ValueError(f'{", ".join(unknown)}: no field of a problem')
    return Problem(
        **{name: _shaped(name, given[name], sizes) for name in Problem._fields}  # type: ignore[arg-type]
    )


def _shaped(name: str, value: ArrayLike, sizes: dict[str, int]) -> object:
    """One field in its type and full shape."""
    if name in _WEIGHTS:
        return float(value)  # type: ignore[arg-type]
    kind: type = np.int64 if name in _INTS else np.bool_ if name in _BOOLS else np.float64
    array: NDArray[Any] = np.asarray(value, dtype=kind)
    axes = _SHAPES.get(name)
    if axes is None:
        return np.ascontiguousarray(array)
    shape = tuple(sizes[axis] for axis in axes)
    try:
        return np.ascontiguousarray(np.broadcast_to(array, shape))
    except ValueError:
        raise ValueError(f'{name} has the shape {array.shape}, but {shape} is needed') from None


_ROBOT = ('R',)
_TASK = ('T',)
_SHAPES: dict[str, tuple[str, ...]] = {
    'distance': ('L', 'L'),
    **dict.fromkeys(('start', 'ready', 'speed', 'joules_per_m', 'idle_w', 'charge'), _ROBOT),
    **dict.fromkeys(('capacity_j', 'reserve_j', 'charge_w', 'max_tasks', 'load_limit'), _ROBOT),
    'dock': ('D',),
    'dock_free': ('R', 'D'),
    **dict.fromkeys(('entry', 'exit', 'inner_m', 'work_s', 'work_j', 'depart_after'), _TASK),
    **dict.fromkeys(('earliest', 'deadline', 'is_hard', 'late_rate', 'weight', 'load'), _TASK),
    **dict.fromkeys(('group', 'holder'), _TASK),
    'pred_start': ('T + 1',),
    **dict.fromkeys(('eligible', 'private'), ('R', 'T')),
}
_INTS = {'start', 'dock', 'max_tasks', 'entry', 'exit', 'pred_start', 'pred', 'group', 'holder'}
_BOOLS = {'is_hard', 'eligible'}
_WEIGHTS = {'w_sum', 'w_wait', 'w_max', 'w_latency', 'w_energy', 'stability'}
_DEFAULTS: dict[str, ArrayLike] = {
    'ready': 0.0,
    'speed': 1.0,
    'joules_per_m': 0.0,
    'idle_w': 0.0,
    'charge': np.inf,
    'capacity_j': np.inf,
    'reserve_j': 0.0,
    'charge_w': 0.0,
    'dock_free': 0.0,
    'max_tasks': np.iinfo(np.int64).max,
    'load_limit': np.inf,
    'inner_m': 0.0,
    'work_s': 0.0,
    'work_j': 0.0,
    'depart_after': 0.0,
    'earliest': 0.0,
    'deadline': np.inf,
    'is_hard': True,
    'late_rate': 1.0,
    'weight': 1.0,
    'load': 0.0,
    'group': -1,
    'eligible': True,
    'private': 0.0,
    'holder': -1,
    'w_sum': 1.0,
    'w_wait': 0.0,
    'w_max': 0.0,
    'w_latency': 0.0,
    'w_energy': 0.0,
    'stability': 0.0,
}

"""The words that every part of muster shares: places, tasks, requests, the two clocks.

All are frozen values. They travel between robots as msgpack and are what the replicated ledger
stores, so fields are only ever added, with a default, and never change their meaning.
"""

from __future__ import annotations

import enum
import functools
from typing import TypeAlias

import msgspec
from msgspec.structs import force_setattr

RobotId: TypeAlias = str
TaskId: TypeAlias = str
RequestId: TypeAlias = str


class MusterError(Exception):
    """Root of muster's errors; each subclass is one thing that a caller can do something about.

    MusterError
    ├── ConfigurationError      a file or parameter is wrong: mend it and start again
    ├── StorageError            the log on disk cannot be trusted or written: see its remedy
    └── ProtocolError           a peer sent what cannot be understood: count it and drop it
    """


class ConfigurationError(MusterError):
    """A file or parameter is wrong. The message names the field, its value and the remedy."""


class StorageError(MusterError):
    """Durable state cannot be read or written. The message names the file and the remedy."""


class ProtocolError(MusterError):
    """A peer sent something that cannot be understood. Nothing was changed."""


class Instant(msgspec.Struct, frozen=True):
    """One moment on a robot's two clocks."""

    steady: float
    """[s] the robot's own steady clock: never jumps, starts anywhere. Timeouts and leases."""
    node: float
    """[s] the team's node clock (wall time or simulated time). Stamps, deadlines, durations."""


class _Sparse(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of values that are stored and sent without the fields that are at their defaults.

    msgspec knows a default by its identity, which a number or a pose loses on its way through a
    message; it is given back here, so that equal values have equal bytes on every robot.
    """

    def __post_init__(self) -> None:
        for name, default in _lost_on_the_way(type(self)):
            if getattr(self, name) == default:
                force_setattr(self, name, default)


@functools.cache
def _lost_on_the_way(kind: type[_Sparse]) -> tuple[tuple[str, object], ...]:
    """Names and defaults of the fields whose default comes back as another object."""
    fields = zip(
        reversed(kind.__struct_fields__), reversed(kind.__struct_defaults__), strict=False
    )
    return tuple(one for one in fields if isinstance(one[1], (float, _Sparse)))


class Pose2D(_Sparse, frozen=True):
    """Where something stands in the map frame (REP-103: metres, radians, counter-clockwise)."""

    x: float
    y: float
    yaw: float = 0.0


class Stop(_Sparse, frozen=True):
    """One place that a task visits: a roadmap place by name, or free coordinates."""

    place: str = ''
    pose: Pose2D = Pose2D(0.0, 0.0)


class Role(_Sparse, frozen=True, kw_only=True):
    """What one robot of a coalition must have, on top of what its task asks of every robot."""

    name: str
    capabilities: tuple[str, ...] = ()
    quantities: dict[str, float] = {}


class TaskSpec(_Sparse, frozen=True, kw_only=True):
    """What somebody wants done. See muster_msgs/TaskSpec for units and meaning of each field."""

    kind: str
    stops: tuple[Stop, ...] = ()
    capabilities: tuple[str, ...] = ()
    robots_needed: int = 1
    duration_s: float = 0.0
    energy_j: float = 0.0
    priority: int = 100
    earliest_start_s: float = 0.0
    deadline_s: float = 0.0
    predecessors: tuple[TaskId, ...] = ()
    exclusive: bool = True
    retries: int = 2
    parameters: str = ''
    requester: str = ''
    quantities: dict[str, float] = {}
    """Least amounts that each robot must have, such as payload_kg: 8."""
    duration_spread_s: float = 0.0
    """[s] standard deviation of `duration_s`."""
    deadline_is_soft: bool = False
    """A soft deadline may be missed, at `late_cost` for each second; a hard one may not."""
    late_cost: float = 1.0
    """[s/s] seconds of work that one second after a soft deadline counts for."""
    starts_with: tuple[TaskId, ...] = ()
    """Tasks that set out at the same moment as this one, on other robots."""
    roles: tuple[Role, ...] = ()
    """One for each robot of a coalition; without roles all robots do the same."""
    is_critical: bool = False
    """The second-best robot is kept ready, and has the task at once when the first fails."""


class Submit(msgspec.Struct, frozen=True, tag='submit'):
    """An operator asks for a task."""

    request_id: RequestId
    spec: TaskSpec


class Cancel(msgspec.Struct, frozen=True, tag='cancel'):
    """An operator takes a task back."""

    request_id: RequestId
    task_id: TaskId


class Amend(msgspec.Struct, frozen=True, tag='amend'):
    """An operator changes a task. Robots that have it stop, and it is awarded anew."""

    request_id: RequestId
    task_id: TaskId
    spec: TaskSpec


class TakeBack(msgspec.Struct, frozen=True, tag='take_back'):
    """An operator wants others to do a task than those who have it."""

    request_id: RequestId
    task_id: TaskId


class SetLane(msgspec.Struct, frozen=True, tag='set_lane'):
    """The way between two neighbouring places is closed, or open again: a door, a spill."""

    request_id: RequestId
    a: str
    b: str
    is_closed: bool


Request: TypeAlias = Submit | Cancel | Amend | TakeBack | SetLane


class Response(msgspec.Struct, frozen=True):
    """The answer to a request. Refusals are definite: nothing was changed."""

    request_id: RequestId
    accepted: bool
    task_id: TaskId = ''
    reason: str = ''


class TaskState(enum.IntEnum):
    """A task's place in its life; the numbers are those of muster_msgs/Task."""

    PENDING = 0
    AWARDED = 1
    EXECUTING = 2
    DONE = 3
    FAILED = 4
    CANCELLED = 5

    @property
    def is_final(self) -> bool:
        return self >= TaskState.DONE


class Outcome(enum.IntEnum):
    """How an attempt ended; the numbers are those of muster_msgs/ExecuteTask."""

    SUCCEEDED = 0
    TASK_FAILED = 1
    ROBOT_FAILED = 2
    STOPPED = 3


class RobotReport(_Sparse, frozen=True, kw_only=True):
    """What a robot's body knows of itself, as its sensors last told."""

    pose: Pose2D = Pose2D(0.0, 0.0)
    battery: float = 1.0
    """[0..1] state of charge."""
    is_fit: bool = True
    unfit_reason: str = ''
    lost_capabilities: tuple[str, ...] = ()
    """Configured capabilities that it does not have in its present mode."""
    limits: dict[str, float] = {}
    """Amounts of which it has less than configured in its present mode, and how much."""
    speed_factor: float = 1.0
    """[0..1] of its configured speed in its present mode."""


class Outlook(msgspec.Struct, frozen=True, array_like=True):
    """Where a robot will be done with what its body is at: the start of any plan for it."""

    pose: Pose2D = Pose2D(0.0, 0.0)
    free_in_s: float = 0.0
    """[s] from now."""
    battery: float = 1.0
    """[0..1] then."""
    task_id: TaskId = ''
    """What its body is at; the ledger may not show yet that it has begun."""


class Severity(enum.IntEnum):
    """How much an event matters; the numbers are those of muster_msgs/Event."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

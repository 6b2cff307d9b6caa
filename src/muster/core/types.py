"""The words that every part of muster shares: places, tasks, requests, the two clocks.

All are frozen values. They travel between robots as msgpack and are what the replicated ledger
stores, so fields are only ever added, with a default, and never change their meaning.
"""

from __future__ import annotations

import enum
from typing import TypeAlias

import msgspec

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


class Pose2D(msgspec.Struct, frozen=True):
    """Where something stands in the map frame (REP-103: metres, radians, counter-clockwise)."""

    x: float
    y: float
    yaw: float = 0.0


class Stop(msgspec.Struct, frozen=True):
    """One place that a task visits: a roadmap place by name, or free coordinates."""

    place: str = ''
    pose: Pose2D = Pose2D(0.0, 0.0)


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True):
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
    starts_with: tuple[TaskId, ...] = ()
    is_critical: bool = False


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


class RobotReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a robot's body knows of itself, as its sensors last told."""

    pose: Pose2D = Pose2D(0.0, 0.0)
    battery: float = 1.0
    """[0..1] state of charge."""
    is_fit: bool = True
    unfit_reason: str = ''


class Outlook(msgspec.Struct, frozen=True, array_like=True):
    """Where a robot will be done with what its body is at: the start of any plan for it."""

    pose: Pose2D = Pose2D(0.0, 0.0)
    free_in_s: float = 0.0
    """[s] from now."""
    battery: float = 1.0
    """[0..1] then."""


class Severity(enum.IntEnum):
    """How much an event matters; the numbers are those of muster_msgs/Event."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

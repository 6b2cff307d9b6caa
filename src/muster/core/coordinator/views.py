"""What a coordinator shows of itself: plain snapshots that drivers publish and people read."""

from __future__ import annotations

import enum

import msgspec

from muster.core.types import Pose2D, RobotId, TaskId


class Role(enum.IntEnum):
    """Raft role; the numbers are those of muster_msgs/RobotStatus."""

    FOLLOWER = 0
    CANDIDATE = 1
    LEADER = 2


class RobotView(msgspec.Struct, frozen=True, kw_only=True):
    """One robot's own state; mirrors muster_msgs/RobotStatus."""

    robot: RobotId
    squad: str
    incarnation: int
    is_fit: bool
    unfit_reason: str
    pose: Pose2D
    battery: float
    capabilities: tuple[str, ...]
    task_id: TaskId
    attempt: int
    activity: str
    progress: float
    schedule: tuple[TaskId, ...]
    raft_role: Role
    term: int
    leader: RobotId
    commit_index: int
    applied_index: int
    lease_remaining_s: float


class RobotSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A robot as the leader sees it; mirrors muster_msgs/RobotSummary."""

    robot: RobotId
    squad: str
    is_alive: bool
    is_fit: bool
    unfit_reason: str
    battery: float
    silent_s: float
    task_id: TaskId
    queued: int


class TeamView(msgspec.Struct, frozen=True, kw_only=True):
    """The team as its leader sees it; mirrors muster_msgs/TeamStatus."""

    team: str
    leader: RobotId
    term: int
    commit_index: int
    has_quorum: bool
    robots: tuple[RobotSummary, ...]
    tasks_pending: int
    tasks_awarded: int
    tasks_executing: int
    tasks_done: int
    tasks_failed: int
    tasks_cancelled: int

"""What a coordinator shows of itself: plain snapshots that drivers publish and people read."""

from __future__ import annotations

import enum
import math

import msgspec

from muster.core.types import Pose2D, RobotId, TaskId


class Role(enum.IntEnum):
    """Raft role; the numbers are those of muster_msgs/RobotStatus and GroupStatus."""

    FOLLOWER = 0
    CANDIDATE = 1
    LEADER = 2


class DiskView(msgspec.Struct, frozen=True, kw_only=True):
    """A group's log on disk, as its driver measures it; times are nan where nothing was synced."""

    size_bytes: int = 0
    segments: int = 0
    sync_p50_s: float = math.nan
    """Of the newest 1024, as in `GroupView`."""
    sync_p99_s: float = math.nan
    recent_sync_p99_s: float = math.nan
    """Of those in the last minute."""


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """One robot's share in one consensus group since its process began; mirrors
    muster_msgs/GroupStatus.

    Percentiles are of the newest 1024 durations, and nan where none was measured.
    """

    group: str
    role: Role
    term: int
    leader: RobotId
    is_starting: bool
    """Its first record is not durable yet: it takes no part."""
    is_handing_over: bool
    """Leader, and another robot is to lead in its place."""
    left_because: str
    """Why it takes no part any more; empty while it does."""
    is_forgetful: bool = False
    """Its log was repaired: it neither votes nor leads until it follows a newly elected leader."""
    commit_index: int
    applied_index: int
    last_index: int
    durable_index: int
    snapshot_index: int
    log_entries: int
    """In memory; older ones are in the snapshot."""
    log_bytes: int
    elections_stood: int
    terms_led: int
    snapshots_taken: int
    snapshots_installed: int
    commit_p50_s: float
    """From proposal to commitment, while it led."""
    commit_p99_s: float
    write_p50_s: float
    """From the decision to the durable record."""
    write_p99_s: float
    write_pending_s: float
    """For how long the oldest write that is not durable has been under way; 0 when all are."""
    disk: DiskView


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
    quantities: dict[str, float] = {}
    lost_capabilities: tuple[str, ...] = ()
    limits: dict[str, float] = {}
    speed_factor: float = 1.0
    groups: tuple[GroupView, ...] = ()
    """Only where somebody asked for them: see `Coordinator.group_views`."""


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

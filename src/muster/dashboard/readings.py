"""From the messages that a team publishes to the plain values of the core, for display and
records."""

from __future__ import annotations

import json
from typing import Any

from muster_msgs import msg as ros

from muster.core.coordinator.views import (
    DiskView,
    GroupView,
    RobotSummary,
    RobotView,
    Role,
    TeamView,
)
from muster.core.ledger.task import Task
from muster.core.types import Pose2D, TaskState
from muster.invariants.record import ALERT_CLEARED, ALERT_RAISED, Record
from muster.ros.conversions import amounts_from_msg, spec_from_msg


def team_of(message: ros.TeamStatus) -> TeamView:
    robots = tuple(
        RobotSummary(
            robot=robot.robot,
            squad=robot.squad,
            is_alive=robot.is_alive,
            is_fit=robot.is_fit,
            unfit_reason=robot.unfit_reason,
            battery=robot.battery,
            silent_s=robot.silent_s,
            task_id=robot.task_id,
            queued=robot.queued,
        )
        for robot in message.robots
    )
    return TeamView(
        team=message.team,
        leader=message.leader,
        term=message.term,
        commit_index=message.commit_index,
        has_quorum=message.has_quorum,
        robots=robots,
        tasks_pending=message.tasks_pending,
        tasks_awarded=message.tasks_awarded,
        tasks_executing=message.tasks_executing,
        tasks_done=message.tasks_done,
        tasks_failed=message.tasks_failed,
        tasks_cancelled=message.tasks_cancelled,
    )


def robot_of(message: ros.RobotStatus) -> RobotView:
    return RobotView(
        robot=message.robot,
        squad=message.squad,
        incarnation=message.incarnation,
        is_fit=message.is_fit,
        unfit_reason=message.unfit_reason,
        pose=Pose2D(message.x, message.y, message.yaw),
        battery=message.battery,
        capabilities=tuple(message.capabilities),
        quantities=amounts_from_msg(message.quantities),
        lost_capabilities=tuple(message.lost_capabilities),
        limits=amounts_from_msg(message.limits),
        speed_factor=message.speed_factor,
        task_id=message.task_id,
        attempt=message.attempt,
        activity=message.activity,
        progress=message.progress,
        schedule=tuple(message.schedule),
        raft_role=Role(message.raft_role),
        term=message.term,
        leader=message.leader,
        commit_index=message.commit_index,
        applied_index=message.applied_index,
        lease_remaining_s=message.lease_remaining_s,
        groups=tuple(group_of(group) for group in message.groups),
    )


def group_of(message: ros.GroupStatus) -> GroupView:
    disk = DiskView(
        size_bytes=message.disk_bytes,
        segments=message.disk_segments,
        sync_p50_s=message.sync_p50_s,
        sync_p99_s=message.sync_p99_s,
        recent_sync_p99_s=message.recent_sync_p99_s,
    )
    return GroupView(
        group=message.group,
        role=Role(message.role),
        term=message.term,
        leader=message.leader,
        is_starting=message.is_starting,
        is_handing_over=message.is_handing_over,
        is_forgetful=message.is_forgetful,
        left_because=message.left_because,
        commit_index=message.commit_index,
        applied_index=message.applied_index,
        last_index=message.last_index,
        durable_index=message.durable_index,
        snapshot_index=message.snapshot_index,
        log_entries=message.log_entries,
        log_bytes=message.log_bytes,
        elections_stood=message.elections_stood,
        terms_led=message.terms_led,
        snapshots_taken=message.snapshots_taken,
        snapshots_installed=message.snapshots_installed,
        commit_p50_s=message.commit_p50_s,
        commit_p99_s=message.commit_p99_s,
        write_p50_s=message.write_p50_s,
        write_p99_s=message.write_p99_s,
        write_pending_s=message.write_pending_s,
        disk=disk,
    )


def tasks_of(message: ros.TaskArray) -> tuple[Task, ...]:
    return tuple(_task_of(task) for task in message.tasks)


def record_of_event(message: ros.Event, steady: float) -> Record:
    """A robot's event, as heard at `steady`; data that is no JSON object is kept as text."""
    return Record(
        at=seconds(message.stamp),
        steady=steady,
        kind=message.kind,
        robot=message.robot,
        incarnation=message.incarnation,
        sequence=message.sequence,
        severity=message.severity,
        task_id=message.task_id,
        attempt=message.attempt,
        subject=message.subject,
        detail=message.detail,
        data=_object(message.data),
    )


def record_of_alert(message: ros.Alert, steady: float) -> Record:
    return Record(
        at=seconds(message.stamp),
        steady=steady,
        kind=ALERT_RAISED if message.is_active else ALERT_CLEARED,
        robot=message.robot,
        detail=message.text,
        data={'code': message.code, 'level': message.level},
    )


def seconds(stamp: Any) -> float:
    """[s] of a builtin_interfaces/Time."""
    return float(stamp.sec) + float(stamp.nanosec) * 1e-9


def _task_of(message: ros.Task) -> Task:
    return Task(
        id=message.id,
        request_id=message.request_id,
        spec=spec_from_msg(message.spec),
        amended=spec_from_msg(message.amended[0]) if message.amended else None,
        state=TaskState(message.state),
        attempt=message.attempt,
        robot=message.robot,
        crew=tuple(message.crew),
        backup=message.backup,
        trouble=message.trouble,
        award_reason=message.award_reason,
        award_cost=message.award_cost,
        failures=message.failures,
        detail=message.detail,
        submitted_at=message.submitted_at_s,
        awarded_at=message.awarded_at_s,
        started_at=message.started_at_s,
        ended_at=message.ended_at_s,
    )


def _object(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        return {'text': text}
    return value if isinstance(value, dict) else {'value': value}

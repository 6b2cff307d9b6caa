"""Drawing the views that people see from a coordinator's state."""

from __future__ import annotations

from collections import Counter

from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.performer import Performer
from muster.core.coordinator.replica import Replica
from muster.core.coordinator.views import (
    DiskView,
    GroupView,
    RobotSummary,
    RobotView,
    Role,
    TeamView,
)
from muster.core.membership.watch import Watch
from muster.core.raft.messages import RaftRole
from muster.core.types import Instant, RobotId, RobotReport, TaskState

_ROLES = {
    RaftRole.FOLLOWER: Role.FOLLOWER,
    RaftRole.POLLING: Role.CANDIDATE,
    RaftRole.CANDIDATE: Role.CANDIDATE,
    RaftRole.LEADER: Role.LEADER,
}


def draw_robot(
    config: CoordinatorConfig, replica: Replica, performer: Performer, now: Instant
) -> RobotView:
    """One robot's own word about itself."""
    raft, running, report = replica.raft, performer.running, performer.report
    return RobotView(
        robot=config.me,
        squad=config.squad,
        incarnation=replica.incarnation,
        is_fit=report.is_fit,
        unfit_reason=report.unfit_reason,
        pose=report.pose,
        battery=report.battery,
        capabilities=config.capabilities[config.me],
        quantities=dict(config.quantities.get(config.me, {})),
        lost_capabilities=report.lost_capabilities,
        limits=report.limits,
        speed_factor=report.speed_factor,
        task_id=running.task_id if running else '',
        attempt=running.attempt if running else 0,
        activity=running.activity if running else '',
        progress=running.progress if running else 0.0,
        schedule=tuple(task.id for task in performer.schedule),
        raft_role=_role(replica),
        term=raft.term,
        leader=replica.leader,
        commit_index=raft.commit_index,
        applied_index=replica.applied_index,
        lease_remaining_s=performer.lease.remaining(now.steady),
    )


def draw_group(
    config: CoordinatorConfig, replica: Replica, disk: DiskView, now: Instant
) -> GroupView:
    """The robot's share in the consensus of its squad."""
    metrics = replica.raft.metrics()
    return GroupView(
        group=config.squad,
        role=_role(replica),
        term=metrics.term,
        leader=replica.leader,
        is_starting=not (replica.is_awake or replica.has_left),
        is_handing_over=replica.raft.is_handing_over,
        is_forgetful=replica.raft.is_forgetful,
        left_because=replica.left_because,
        commit_index=metrics.commit_index,
        applied_index=replica.applied_index,
        last_index=metrics.last_index,
        durable_index=metrics.durable_index,
        snapshot_index=metrics.snapshot_index,
        log_entries=metrics.log_entries,
        log_bytes=metrics.log_bytes,
        elections_stood=metrics.elections_stood,
        terms_led=metrics.terms_led,
        snapshots_taken=metrics.snapshots_taken,
        snapshots_installed=metrics.snapshots_installed,
        commit_p50_s=metrics.commit_times.percentile(0.5),
        commit_p99_s=metrics.commit_times.percentile(0.99),
        write_p50_s=metrics.write_times.percentile(0.5),
        write_p99_s=metrics.write_times.percentile(0.99),
        write_pending_s=max(now.steady - metrics.oldest_write, 0.0),
        disk=disk,
    )


def draw_team(config: CoordinatorConfig, replica: Replica, watch: Watch, now: Instant) -> TeamView:
    """The team as its leader sees it."""
    raft, ledger = replica.raft, replica.ledger
    states = Counter(task.state for task in ledger.tasks.values())
    window = config.membership.quorum_window_s
    return TeamView(
        team=config.team,
        leader=config.me,
        term=raft.term,
        commit_index=raft.commit_index,
        has_quorum=now.steady - raft.quorum_heard_at(now.steady) <= window,
        robots=tuple(_summary(config, replica, watch, robot, now) for robot in config.squads),
        tasks_pending=states[TaskState.PENDING],
        tasks_awarded=states[TaskState.AWARDED],
        tasks_executing=states[TaskState.EXECUTING],
        tasks_done=states[TaskState.DONE],
        tasks_failed=states[TaskState.FAILED],
        tasks_cancelled=states[TaskState.CANCELLED],
    )


def _role(replica: Replica) -> Role:
    return _ROLES[replica.raft.role] if replica.is_awake else Role.FOLLOWER


def _summary(
    config: CoordinatorConfig, replica: Replica, watch: Watch, robot: RobotId, now: Instant
) -> RobotSummary:
    seen = watch.sighting(robot)
    report = (
        seen.report if seen else RobotReport(is_fit=False, unfit_reason='not heard', battery=0)
    )
    held = replica.ledger.held_by(robot)
    executing = next((task.id for task in held if task.state is TaskState.EXECUTING), '')
    return RobotSummary(
        robot=robot,
        squad=config.squads[robot],
        is_alive=watch.is_alive(robot, now.steady),
        is_fit=report.is_fit,
        unfit_reason=report.unfit_reason,
        battery=report.battery,
        silent_s=watch.silence(robot, now.steady),
        task_id=executing,
        queued=sum(task.state is TaskState.AWARDED for task in held),
    )

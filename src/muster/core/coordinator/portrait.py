"""Drawing the views that people see from a coordinator's state."""

from __future__ import annotations

from collections import Counter

from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.performer import Performer
from muster.core.coordinator.replica import Replica
from muster.core.coordinator.views import RobotSummary, RobotView, Role, TeamView
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
        task_id=running.task_id if running else '',
        attempt=running.attempt if running else 0,
        activity=running.activity if running else '',
        progress=running.progress if running else 0.0,
        schedule=tuple(task.id for task in performer.schedule),
        raft_role=_ROLES[raft.role] if replica.is_awake else Role.FOLLOWER,
        term=raft.term,
        leader=replica.leader,
        commit_index=raft.commit_index,
        applied_index=replica.applied_index,
        lease_remaining_s=performer.lease.remaining(now.steady),
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

"""Between the core's values and muster_msgs.

Inbound, everything is handed over as it is (the core judges it) or refused with a reason.
Outbound, values are brought into the exact type and range of their field: a peer's mistake in the
ledger must not stop this robot from publishing, and the generated code aborts the process over an
int where a float belongs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec
from builtin_interfaces.msg import Time
from muster_msgs import msg as ros

from muster.core.coordinator.effects import Report, Warn
from muster.core.coordinator.explanation import Explanation, PricedOffer
from muster.core.coordinator.views import GroupView, RobotSummary, RobotView, TeamView
from muster.core.ledger.task import Task
from muster.core.types import (
    Amend,
    Cancel,
    Pose2D,
    Request,
    Response,
    RobotId,
    Role,
    SetLane,
    Stop,
    Submit,
    TakeBack,
    TaskSpec,
    TaskState,
)

_U8, _U32, _U64 = 0xFF, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
_JSON = msgspec.json.Encoder()


def time_to_msg(seconds: float) -> Time:
    """Node-clock seconds as a stamp; what a stamp cannot hold becomes 0."""
    if not 0 <= seconds < 2**31:
        return Time()
    whole = math.floor(seconds)
    return Time(sec=whole, nanosec=min(round((seconds - whole) * 1e9), 999_999_999))


def text_to_msg(value: str) -> str:
    """A string that CDR can carry: valid Unicode without NUL."""
    return value.encode('utf-8', 'replace').decode().replace('\0', '\ufffd')


# Requests and their answers


def request_from_msg(message: ros.TaskRequest) -> Request | str:
    """The request, or why it is none. Its contents are for the core to judge."""
    request_id = message.request_id
    match message.operation:
        case ros.TaskRequest.SUBMIT:
            return Submit(request_id, spec_from_msg(message.spec))
        case ros.TaskRequest.CANCEL:
            return Cancel(request_id, message.task_id)
        case ros.TaskRequest.AMEND:
            return Amend(request_id, message.task_id, spec_from_msg(message.spec))
        case ros.TaskRequest.TAKE_BACK:
            return TakeBack(request_id, message.task_id)
        case ros.TaskRequest.CLOSE_LANE:
            return SetLane(request_id, message.lane_from, message.lane_to, True)
        case ros.TaskRequest.OPEN_LANE:
            return SetLane(request_id, message.lane_from, message.lane_to, False)
    return f'operation: {message.operation}, but muster_msgs/TaskRequest knows none above 5'


def request_to_msg(request: Request) -> ros.TaskRequest:
    message = ros.TaskRequest(request_id=text_to_msg(request.request_id))
    match request:
        case Submit(spec=spec):
            message.operation = ros.TaskRequest.SUBMIT
            message.spec = spec_to_msg(spec)
        case Cancel(task_id=task_id):
            message.operation = ros.TaskRequest.CANCEL
            message.task_id = text_to_msg(task_id)
        case Amend(task_id=task_id, spec=spec):
            message.operation = ros.TaskRequest.AMEND
            message.task_id = text_to_msg(task_id)
            message.spec = spec_to_msg(spec)
        case TakeBack(task_id=task_id):
            message.operation = ros.TaskRequest.TAKE_BACK
            message.task_id = text_to_msg(task_id)
        case SetLane(a=a, b=b, is_closed=is_closed):
            message.operation = (
                ros.TaskRequest.CLOSE_LANE if is_closed else ros.TaskRequest.OPEN_LANE
            )
            message.lane_from, message.lane_to = text_to_msg(a), text_to_msg(b)
    return message


def response_to_msg(response: Response, answered_by: RobotId) -> ros.TaskResponse:
    return ros.TaskResponse(
        request_id=text_to_msg(response.request_id),
        accepted=response.accepted,
        task_id=text_to_msg(response.task_id),
        reason=text_to_msg(response.reason),
        answered_by=answered_by,
    )


def response_from_msg(message: ros.TaskResponse) -> Response:
    return Response(message.request_id, message.accepted, message.task_id, message.reason)


def spec_from_msg(message: ros.TaskSpec) -> TaskSpec:
    return TaskSpec(
        kind=message.kind,
        stops=tuple(Stop(one.place, Pose2D(one.x, one.y, one.yaw)) for one in message.stops),
        capabilities=tuple(message.capabilities),
        robots_needed=message.robots_needed,
        duration_s=message.duration_s,
        energy_j=message.energy_j,
        priority=message.priority,
        earliest_start_s=message.earliest_start_s,
        deadline_s=message.deadline_s,
        predecessors=tuple(message.predecessors),
        exclusive=message.exclusive,
        retries=message.retries,
        parameters=message.parameters,
        requester=message.requester,
        quantities=amounts_from_msg(message.quantities),
        duration_spread_s=message.duration_spread_s,
        deadline_is_soft=message.deadline_is_soft,
        late_cost=message.late_cost,
        starts_with=tuple(message.starts_with),
        roles=tuple(
            Role(
                name=one.name,
                capabilities=tuple(one.capabilities),
                quantities=amounts_from_msg(one.quantities),
            )
            for one in message.roles
        ),
        is_critical=message.is_critical,
    )


def spec_to_msg(spec: TaskSpec) -> ros.TaskSpec:
    return ros.TaskSpec(
        kind=text_to_msg(spec.kind),
        stops=[
            ros.Stop(
                place=text_to_msg(stop.place),
                x=float(stop.pose.x),
                y=float(stop.pose.y),
                yaw=float(stop.pose.yaw),
            )
            for stop in spec.stops
        ],
        capabilities=_texts(spec.capabilities),
        robots_needed=_whole(spec.robots_needed, _U8),
        duration_s=float(spec.duration_s),
        energy_j=float(spec.energy_j),
        priority=_whole(spec.priority, _U8),
        earliest_start_s=float(spec.earliest_start_s),
        deadline_s=float(spec.deadline_s),
        predecessors=_texts(spec.predecessors),
        exclusive=spec.exclusive,
        retries=_whole(spec.retries, _U8),
        parameters=text_to_msg(spec.parameters),
        requester=text_to_msg(spec.requester),
        quantities=amounts_to_msg(spec.quantities),
        duration_spread_s=float(spec.duration_spread_s),
        deadline_is_soft=spec.deadline_is_soft,
        late_cost=float(spec.late_cost),
        starts_with=_texts(spec.starts_with),
        roles=[
            ros.TaskRole(
                name=text_to_msg(role.name),
                capabilities=_texts(role.capabilities),
                quantities=amounts_to_msg(role.quantities),
            )
            for role in spec.roles
        ],
        is_critical=spec.is_critical,
    )


def amounts_from_msg(messages: Iterable[ros.Quantity]) -> dict[str, float]:
    """Amounts by name; of several with one name the greatest, or what is no number."""
    amounts: dict[str, float] = {}
    for one in messages:
        known = amounts.get(one.name)
        if known is None or one.value > known or math.isnan(one.value):
            amounts[one.name] = one.value
    return amounts


def amounts_to_msg(amounts: Mapping[str, float]) -> list[ros.Quantity]:
    return [
        ros.Quantity(name=text_to_msg(name), value=float(value)) for name, value in amounts.items()
    ]


# What a coordinator shows


def task_to_msg(task: Task) -> ros.Task:
    return ros.Task(
        id=text_to_msg(task.id),
        request_id=text_to_msg(task.request_id),
        spec=spec_to_msg(task.spec),
        amended=[] if task.amended is None else [spec_to_msg(task.amended)],
        state=int(task.state),
        attempt=_whole(task.attempt, _U32),
        robot=text_to_msg(task.robot),
        crew=_texts(task.crew),
        backup=text_to_msg(task.backup),
        trouble=text_to_msg(task.trouble),
        award_reason=text_to_msg(task.award_reason),
        award_cost=float(task.award_cost),
        failures=_whole(task.failures, _U8),
        detail=text_to_msg(task.detail),
        submitted_at_s=float(task.submitted_at),
        awarded_at_s=float(task.awarded_at),
        started_at_s=float(task.started_at),
        ended_at_s=float(task.ended_at),
    )


def robot_view_to_msg(view: RobotView) -> ros.RobotStatus:
    """All but the stamp, the process and the counters of envelopes, which the caller knows."""
    return ros.RobotStatus(
        robot=view.robot,
        squad=view.squad,
        incarnation=_whole(view.incarnation, _U64),
        is_fit=view.is_fit,
        unfit_reason=text_to_msg(view.unfit_reason),
        x=float(view.pose.x),
        y=float(view.pose.y),
        yaw=float(view.pose.yaw),
        battery=float(view.battery),
        capabilities=_texts(view.capabilities),
        quantities=amounts_to_msg(view.quantities),
        lost_capabilities=_texts(view.lost_capabilities),
        limits=amounts_to_msg(view.limits),
        speed_factor=float(view.speed_factor),
        task_id=text_to_msg(view.task_id),
        attempt=_whole(view.attempt, _U32),
        activity=text_to_msg(view.activity),
        progress=float(view.progress),
        schedule=_texts(view.schedule),
        raft_role=int(view.raft_role),
        term=_whole(view.term, _U64),
        leader=text_to_msg(view.leader),
        commit_index=_whole(view.commit_index, _U64),
        applied_index=_whole(view.applied_index, _U64),
        lease_remaining_s=float(view.lease_remaining_s),
        groups=[group_view_to_msg(group) for group in view.groups],
    )


def group_view_to_msg(view: GroupView) -> ros.GroupStatus:
    return ros.GroupStatus(
        group=text_to_msg(view.group),
        role=int(view.role),
        term=_whole(view.term, _U64),
        leader=text_to_msg(view.leader),
        is_starting=view.is_starting,
        is_handing_over=view.is_handing_over,
        is_forgetful=view.is_forgetful,
        left_because=text_to_msg(view.left_because),
        commit_index=_whole(view.commit_index, _U64),
        applied_index=_whole(view.applied_index, _U64),
        last_index=_whole(view.last_index, _U64),
        durable_index=_whole(view.durable_index, _U64),
        snapshot_index=_whole(view.snapshot_index, _U64),
        log_entries=_whole(view.log_entries, _U64),
        log_bytes=_whole(view.log_bytes, _U64),
        disk_bytes=_whole(view.disk.size_bytes, _U64),
        disk_segments=_whole(view.disk.segments, _U32),
        elections_stood=_whole(view.elections_stood, _U64),
        terms_led=_whole(view.terms_led, _U64),
        snapshots_taken=_whole(view.snapshots_taken, _U64),
        snapshots_installed=_whole(view.snapshots_installed, _U64),
        commit_p50_s=float(view.commit_p50_s),
        commit_p99_s=float(view.commit_p99_s),
        write_p50_s=float(view.write_p50_s),
        write_p99_s=float(view.write_p99_s),
        write_pending_s=float(view.write_pending_s),
        sync_p50_s=float(view.disk.sync_p50_s),
        sync_p99_s=float(view.disk.sync_p99_s),
        recent_sync_p99_s=float(view.disk.recent_sync_p99_s),
    )


def team_view_to_msg(view: TeamView, stamp: Time) -> ros.TeamStatus:
    return ros.TeamStatus(
        stamp=stamp,
        team=view.team,
        leader=view.leader,
        term=_whole(view.term, _U64),
        commit_index=_whole(view.commit_index, _U64),
        has_quorum=view.has_quorum,
        robots=[_summary_to_msg(one) for one in view.robots],
        tasks_pending=_whole(view.tasks_pending, _U32),
        tasks_awarded=_whole(view.tasks_awarded, _U32),
        tasks_executing=_whole(view.tasks_executing, _U32),
        tasks_done=_whole(view.tasks_done, _U32),
        tasks_failed=_whole(view.tasks_failed, _U32),
        tasks_cancelled=_whole(view.tasks_cancelled, _U32),
    )


def _summary_to_msg(summary: RobotSummary) -> ros.RobotSummary:
    return ros.RobotSummary(
        robot=summary.robot,
        squad=summary.squad,
        is_alive=summary.is_alive,
        is_fit=summary.is_fit,
        unfit_reason=text_to_msg(summary.unfit_reason),
        battery=float(summary.battery),
        silent_s=float(summary.silent_s),
        task_id=text_to_msg(summary.task_id),
        queued=_whole(summary.queued, _U32),
    )


def explanation_to_msg(explanation: Explanation) -> ros.Explanation:
    return ros.Explanation(
        task_id=text_to_msg(explanation.task_id),
        state=int(explanation.state),
        attempt=_whole(explanation.attempt, _U32),
        crew=_texts(explanation.crew),
        summary=text_to_msg(explanation.summary),
        how=text_to_msg(explanation.how),
        number=_whole(explanation.number, _U32),
        term=_whole(explanation.term, _U64),
        awarded_at_s=float(explanation.awarded_at),
        gain=float(explanation.gain),
        offers=[
            ros.Offer(
                robot=text_to_msg(offer.robot),
                won=offer.won,
                cost=float(offer.cost),
                terms=[
                    ros.CostTerm(name=text_to_msg(name), cost=float(cost))
                    for name, cost in offer.terms.items()
                ],
            )
            for offer in explanation.offers
        ],
        refusals=[
            ros.Refusal(robot=text_to_msg(robot), reason=text_to_msg(reason))
            for robot, reason in explanation.refusals.items()
        ],
        silent=_texts(explanation.silent),
        waits_for=_texts(explanation.waits_for),
    )


def explanation_from_msg(message: ros.Explanation) -> Explanation:
    return Explanation(
        task_id=message.task_id,
        state=TaskState(message.state),
        attempt=message.attempt,
        crew=tuple(message.crew),
        summary=message.summary,
        how=message.how,
        number=message.number,
        term=message.term,
        awarded_at=message.awarded_at_s,
        gain=message.gain,
        offers=tuple(
            PricedOffer(
                robot=one.robot,
                won=one.won,
                cost=one.cost,
                terms={term.name: term.cost for term in one.terms},
            )
            for one in message.offers
        ),
        refusals={one.robot: one.reason for one in message.refusals},
        silent=tuple(message.silent),
        waits_for=tuple(message.waits_for),
    )


# What happened


def report_to_msg(report: Report) -> ros.Event:
    """All but the teller's name, incarnation and number, and the stamp."""
    return ros.Event(
        severity=int(report.severity),
        kind=report.kind,
        task_id=text_to_msg(report.task_id),
        attempt=_whole(report.attempt, _U32),
        subject=text_to_msg(report.subject),
        detail=text_to_msg(report.detail),
        data=_json(report.data),
    )


def warning_to_msg(warning: Warn, robot: RobotId, stamp: Time) -> ros.Alert:
    return ros.Alert(
        stamp=stamp,
        robot=robot,
        code=warning.code,
        level=ros.Alert.CRITICAL if warning.is_critical else ros.Alert.WARNING,
        is_active=warning.is_active,
        text=text_to_msg(warning.text),
    )


# Fitting values into fields


def _texts(values: Iterable[str]) -> list[str]:
    return [text_to_msg(value) for value in values]


def _whole(value: int, most: int) -> int:
    return min(max(value, 0), most)


def _json(data: dict[str, object]) -> str:
    return _JSON.encode(data).decode() if data else ''

"""Between core values and messages: nothing is lost, and nothing that a message says raises."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from muster_msgs import msg as ros
from rclpy.serialization import deserialize_message, serialize_message

from muster.core import types as task_types
from muster.core.coordinator.effects import Report, Warn
from muster.core.coordinator.explanation import Explanation, PricedOffer
from muster.core.coordinator.views import (
    DiskView,
    GroupView,
    RobotSummary,
    RobotView,
    Role,
    TeamView,
)
from muster.core.ledger.task import Task
from muster.core.types import (
    Amend,
    Cancel,
    Pose2D,
    Request,
    Response,
    SetLane,
    Severity,
    Stop,
    Submit,
    TakeBack,
    TaskSpec,
    TaskState,
)
from muster.ros.conversions import (
    amounts_from_msg,
    explanation_from_msg,
    explanation_to_msg,
    report_to_msg,
    request_from_msg,
    request_to_msg,
    response_from_msg,
    response_to_msg,
    robot_view_to_msg,
    task_to_msg,
    team_view_to_msg,
    time_to_msg,
    warning_to_msg,
)

examples = settings(max_examples=30, derandomize=True, database=None, deadline=None)

TEXT = st.text(st.characters(exclude_categories=['Cs'], exclude_characters='\0'), max_size=20)
ANY_TEXT = st.text(max_size=20)
REAL = st.floats(allow_nan=False)
ANY_REAL = st.one_of(st.floats(), st.integers(-(10**6), 10**6))
ANY_WHOLE = st.integers(-(2**70), 2**70)
U8 = st.integers(0, 255)


def specs(text: Any, real: Any, whole: Any) -> st.SearchStrategy[TaskSpec]:
    stops = st.builds(Stop, text, st.builds(Pose2D, real, real, real))
    names = st.lists(text, max_size=3).map(tuple)
    amounts = st.dictionaries(text, real, max_size=3)
    role = st.builds(task_types.Role, name=text, capabilities=names, quantities=amounts)
    return st.builds(
        TaskSpec,
        kind=text,
        stops=st.lists(stops, max_size=3).map(tuple),
        capabilities=st.lists(text, max_size=3).map(tuple),
        robots_needed=whole,
        duration_s=real,
        energy_j=real,
        priority=whole,
        earliest_start_s=real,
        deadline_s=real,
        predecessors=st.lists(text, max_size=3).map(tuple),
        exclusive=st.booleans(),
        retries=whole,
        parameters=text,
        requester=text,
        quantities=amounts,
        duration_spread_s=real,
        deadline_is_soft=st.booleans(),
        late_cost=real,
        starts_with=names,
        roles=st.lists(role, max_size=2).map(tuple),
        is_critical=st.booleans(),
    )


def over_the_wire(message: Any) -> Any:
    """What a subscriber gets. The C code aborts over a wrong type, so types are checked first."""
    type(message)(**fields_of(message), check_fields=True)
    return deserialize_message(serialize_message(message), type(message))


def fields_of(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.get_fields_and_field_types()}


REQUESTS = st.one_of(
    st.builds(Submit, TEXT, specs(TEXT, REAL, U8)),
    st.builds(Cancel, TEXT, TEXT),
    st.builds(Amend, TEXT, TEXT, specs(TEXT, REAL, U8)),
    st.builds(TakeBack, TEXT, TEXT),
    st.builds(SetLane, TEXT, TEXT, TEXT, st.booleans()),
)


@examples
@given(REQUESTS)
def test_a_request_is_the_same_on_the_other_side(request: Request) -> None:
    assert request_from_msg(over_the_wire(request_to_msg(request))) == request


NAMED = st.dictionaries(TEXT, REAL, max_size=3)
OFFERS = st.builds(PricedOffer, robot=TEXT, won=st.booleans(), cost=REAL, terms=NAMED)


@examples
@given(
    st.builds(
        Explanation,
        task_id=TEXT,
        state=st.sampled_from(TaskState),
        attempt=U8,
        crew=st.lists(TEXT, max_size=3).map(tuple),
        summary=TEXT,
        how=TEXT,
        number=U8,
        term=U8,
        awarded_at=REAL,
        gain=REAL,
        offers=st.lists(OFFERS, max_size=3).map(tuple),
        refusals=st.dictionaries(TEXT, TEXT, max_size=3),
        silent=st.lists(TEXT, max_size=3).map(tuple),
        waits_for=st.lists(TEXT, max_size=3).map(tuple),
    )
)
def test_an_explanation_is_the_same_on_the_other_side(explanation: Explanation) -> None:
    assert explanation_from_msg(over_the_wire(explanation_to_msg(explanation))) == explanation


@examples
@given(st.builds(Response, TEXT, st.booleans(), TEXT, TEXT))
def test_an_answer_is_the_same_on_the_other_side(response: Response) -> None:
    message = over_the_wire(response_to_msg(response, 'r1'))
    assert message.answered_by == 'r1'
    assert response_from_msg(message) == response


@examples
@given(amounts=st.dictionaries(TEXT, REAL, max_size=4))
def test_of_an_amount_that_is_told_twice_the_greater_counts(amounts: dict[str, float]) -> None:
    told = [
        ros.Quantity(name=name, value=one)
        for name, value in amounts.items()
        for one in (value, value - 1.0, -math.inf)
    ]
    assert amounts_from_msg(told) == amounts
    assert amounts_from_msg(told[::-1]) == amounts


def test_an_amount_that_is_no_number_is_not_hidden_by_one_that_is() -> None:
    told = [ros.Quantity(name='hands', value=value) for value in (1.0, math.nan, 2.0)]
    assert math.isnan(amounts_from_msg(told)['hands'])


def test_what_a_message_does_not_say_is_the_default_of_the_core() -> None:
    silent = request_from_msg(ros.TaskRequest(request_id='a', spec=ros.TaskSpec(kind='go_to')))
    assert isinstance(silent, Submit)
    explicit = {'robots_needed': 0, 'priority': 0, 'exclusive': False, 'retries': 0}
    assert silent.spec == TaskSpec(kind='go_to', **explicit)


@examples
@given(st.integers(6, 255))
def test_an_unknown_operation_is_refused_with_a_reason(operation: int) -> None:
    reason = request_from_msg(ros.TaskRequest(request_id='a', operation=operation))
    assert reason == f'operation: {operation}, but muster_msgs/TaskRequest knows none above 5'


@examples
@given(spec=specs(ANY_TEXT, ANY_REAL, ANY_WHOLE), text=ANY_TEXT, whole=ANY_WHOLE, real=ANY_REAL)
def test_whatever_the_ledger_holds_can_be_published(
    spec: TaskSpec, text: str, whole: int, real: float
) -> None:
    task = Task(
        id=text,
        request_id=text,
        spec=spec,
        state=TaskState.AWARDED,
        attempt=whole,
        robot=text,
        crew=(text, text),
        backup=text,
        trouble=text,
        amended=spec,
        award_reason=text,
        award_cost=real,
        failures=whole,
        detail=text,
        submitted_at=real,
        awarded_at=real,
        started_at=real,
        ended_at=real,
    )
    message = over_the_wire(task_to_msg(task))
    assert message.state == ros.Task.AWARDED
    assert 0 <= message.attempt < 2**32
    assert (len(message.crew), len(message.amended)) == (2, 1)
    assert message.award_cost == real or math.isnan(message.award_cost)


@examples
@given(text=ANY_TEXT, whole=ANY_WHOLE, real=ANY_REAL, role=st.sampled_from(Role))
def test_whatever_a_coordinator_shows_can_be_published(
    text: str, whole: int, real: float, role: Role
) -> None:
    disk = DiskView(
        size_bytes=whole,
        segments=whole,
        sync_p50_s=real,
        sync_p99_s=real,
        recent_sync_p99_s=real,
    )
    group = GroupView(
        group=text,
        role=role,
        term=whole,
        leader=text,
        is_starting=True,
        is_handing_over=True,
        is_forgetful=True,
        left_because=text,
        commit_index=whole,
        applied_index=whole,
        last_index=whole,
        durable_index=whole,
        snapshot_index=whole,
        log_entries=whole,
        log_bytes=whole,
        elections_stood=whole,
        terms_led=whole,
        snapshots_taken=whole,
        snapshots_installed=whole,
        commit_p50_s=real,
        commit_p99_s=real,
        write_p50_s=real,
        write_p99_s=real,
        write_pending_s=real,
        disk=disk,
    )
    view = RobotView(
        robot='r1',
        squad='alpha',
        incarnation=whole,
        is_fit=False,
        unfit_reason=text,
        pose=Pose2D(real, real, real),
        battery=real,
        quantities={text: real},
        lost_capabilities=(text,),
        limits={text: real},
        speed_factor=real,
        capabilities=(text,),
        task_id=text,
        attempt=whole,
        activity=text,
        progress=real,
        schedule=(text, text),
        raft_role=role,
        term=whole,
        leader=text,
        commit_index=whole,
        applied_index=whole,
        lease_remaining_s=real,
        groups=(group, group),
    )
    status = over_the_wire(robot_view_to_msg(view))
    assert status.raft_role == role
    assert [one.role for one in status.groups] == [role, role]
    summary = RobotSummary(
        robot='r1',
        squad='alpha',
        is_alive=True,
        is_fit=True,
        unfit_reason=text,
        battery=real,
        silent_s=real,
        task_id=text,
        queued=whole,
    )
    team = TeamView(
        team='trio',
        leader='r1',
        term=whole,
        commit_index=whole,
        has_quorum=True,
        robots=(summary,),
        tasks_pending=whole,
        tasks_awarded=whole,
        tasks_executing=whole,
        tasks_done=whole,
        tasks_failed=whole,
        tasks_cancelled=whole,
    )
    assert over_the_wire(team_view_to_msg(team, time_to_msg(1.5))).has_quorum


@examples
@given(text=ANY_TEXT, data=st.dictionaries(TEXT, st.one_of(st.integers(), TEXT), max_size=3))
def test_a_report_keeps_its_data_as_json(text: str, data: dict[str, Any]) -> None:
    report = Report('fell', Severity.ERROR, text, 3, 'r2', text, data)
    message = over_the_wire(report_to_msg(report))
    assert message.severity == ros.Event.ERROR
    assert json.loads(message.data or '{}') == data


def test_an_alert_says_how_bad_it_is() -> None:
    message = over_the_wire(
        warning_to_msg(Warn('disk', True, 'full', is_critical=True), 'r1', time_to_msg(2.0))
    )
    assert (message.level, message.is_active, message.code) == (ros.Alert.CRITICAL, True, 'disk')


@examples
@given(st.floats())
def test_any_time_becomes_a_stamp(seconds: float) -> None:
    stamp = over_the_wire(time_to_msg(seconds))
    if 0 <= seconds < 2**31:
        assert abs(stamp.sec + stamp.nanosec * 1e-9 - seconds) < 1e-6
    else:
        assert (stamp.sec, stamp.nanosec) == (0, 0)


@examples
@given(specs(ANY_TEXT, ANY_REAL, U8))
def test_any_spec_from_the_wire_can_be_handed_over(spec: TaskSpec) -> None:
    """What arrives is never judged here: NaN and nonsense reach the core, which refuses them."""
    request = request_from_msg(over_the_wire(request_to_msg(Submit('a', spec))))
    assert isinstance(request, Submit)
    msgspec.msgpack.encode(request)

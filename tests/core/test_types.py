"""The words that all share: what was written before can be read, and little is written."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.ledger.commands import SubmitTask, decode_command, encode_command
from muster.core.types import Pose2D, RobotReport, Role, Stop, TaskSpec

INSPECTION = TaskSpec(kind='inspect', stops=(Stop('shelf_a_north'),), requester='muster submit')
WRITTEN_BEFORE = {
    'type': 'submit',
    'request_id': 'q1',
    'spec': {
        'kind': 'inspect',
        'stops': [{'place': 'shelf_a_north', 'pose': {'x': 0.0, 'y': 0.0, 'yaw': 0.0}}],
        'capabilities': [],
        'robots_needed': 1,
        'duration_s': 0.0,
        'energy_j': 0.0,
        'priority': 100,
        'earliest_start_s': 0.0,
        'deadline_s': 0.0,
        'predecessors': [],
        'exclusive': True,
        'retries': 2,
        'parameters': '',
        'requester': 'muster submit',
    },
    'at': 12.5,
}
"""A log entry of the time when every field was written."""

reals = st.one_of(st.sampled_from((0.0, -0.0, 1.0)), st.floats(allow_nan=False))
poses = st.builds(Pose2D, reals, reals, reals)
amounts = st.dictionaries(st.text(max_size=3), reals, max_size=2)
names = st.lists(st.text(max_size=3), max_size=2).map(tuple)
specs = st.builds(
    TaskSpec,
    kind=st.text(max_size=3),
    stops=st.lists(st.builds(Stop, st.text(max_size=3), poses), max_size=2).map(tuple),
    duration_s=reals,
    deadline_s=reals,
    priority=st.integers(0, 255),
    quantities=amounts,
    late_cost=reals,
    starts_with=names,
    roles=st.lists(
        st.builds(Role, name=st.text(max_size=3), capabilities=names, quantities=amounts),
        max_size=2,
    ).map(tuple),
)
reports = st.builds(RobotReport, pose=poses, battery=reals, limits=amounts, speed_factor=reals)


def test_a_log_written_before_is_read_as_it_was_meant() -> None:
    command = decode_command(msgspec.msgpack.encode(WRITTEN_BEFORE))
    assert command == SubmitTask('q1', INSPECTION, 12.5)


def test_what_is_at_its_default_is_not_written() -> None:
    before = len(msgspec.msgpack.encode(WRITTEN_BEFORE))
    command = SubmitTask('q1', INSPECTION, 12.5)
    assert len(encode_command(command)) < before / 2
    written = msgspec.msgpack.decode(encode_command(command))['spec']
    assert written == {
        'kind': 'inspect',
        'stops': [{'place': 'shelf_a_north'}],
        'requester': 'muster submit',
    }


@pytest.mark.parametrize(('kind', 'values'), [(TaskSpec, specs), (RobotReport, reports)])
def test_equal_values_have_equal_bytes(kind: type, values: st.SearchStrategy[object]) -> None:
    """Also when their numbers have come a long way and are other objects than the defaults."""

    @given(values)
    def check(value: object) -> None:
        data = msgspec.msgpack.encode(value)
        again = msgspec.msgpack.decode(data, type=kind)
        assert again == value
        assert msgspec.msgpack.encode(again) == data

    check()


def test_a_default_made_anew_is_still_a_default() -> None:
    fresh = TaskSpec(kind='inspect', late_cost=float('1'), stops=(Stop('a', Pose2D(0.0, -0.0)),))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(fresh)) == {
        'kind': 'inspect',
        'stops': [{'place': 'a'}],
    }

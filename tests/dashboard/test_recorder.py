import pytest

from muster.core.types import Pose2D
from muster.dashboard.recorder import ROBOT_POSE, Recorder
from muster.invariants import Record, read_history
from muster.invariants.record import ledger_of

from .test_tables import robot, task


@pytest.fixture
def recorder(tmp_path):
    with Recorder(tmp_path / 'events.jsonl', node_clock=lambda: 7.0) as one:
        yield one


def test_records_are_on_disk_at_once(recorder, tmp_path):
    record = Record(at=1.0, steady=2.0, kind='task_done', task_id='t1')
    recorder.add(record)
    recorder.note('run_started', subject='a', data={'seed': 3})
    history = read_history(tmp_path / 'events.jsonl')
    assert history == recorder.history
    assert history[0] == record
    assert (history[1].at, history[1].data) == (7.0, {'seed': 3})
    assert history[1].steady > 0


def test_poses_and_the_ledger_are_recorded(recorder):
    recorder.note_pose(robot('b', pose=Pose2D(1.23456, 2, 3)))
    recorder.note_ledger([task(robot='b', attempt=2)], lambda spec: ('a', 'b'))
    pose, entry = recorder.history
    assert pose.kind == ROBOT_POSE
    assert (pose.subject, pose.data['x']) == ('b', 1.235)
    ledger = ledger_of([entry])
    assert ledger['t1'].state == 'DONE'
    assert ledger['t1'].capable == ('a', 'b')
    assert ledger['t1'].stops == ('north',)


def test_listeners_hear_every_record(recorder):
    heard: list[Record] = []
    recorder.listen(heard.append)
    recorder.note('one')
    assert [record.kind for record in heard] == ['one']


def test_a_record_is_never_overwritten(recorder, tmp_path):
    with pytest.raises(FileExistsError), Recorder(tmp_path / 'events.jsonl', lambda: 0.0):
        pass

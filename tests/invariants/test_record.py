import pytest

from muster.core.types import ConfigurationError
from muster.invariants import Record, check_all, encode_line, read_history
from muster.invariants.completeness import check_completeness

from .story import Story
from .test_progress import BOUNDS


def write(path, history):
    path.write_bytes(b''.join(map(encode_line, history)))
    return path


def test_what_is_written_is_read_back(tmp_path):
    history = Story().joined(0, 'a').awarded(1, 't1', 'a').ledger(2, 't1', 'r1', 'DONE').history
    assert read_history(write(tmp_path / 'events.jsonl', history)) == history


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path):
    history = Story().joined(0, 'a').awarded(1, 't1', 'a').history
    path = write(tmp_path / 'events.jsonl', history)
    path.write_bytes(path.read_bytes()[:-5])
    assert read_history(path) == history[:1]


@pytest.mark.parametrize('rubbish', [b'not json\n', b'{"kind": "\xff"}\n'])
def test_rubbish_inside_the_file_is_an_error_with_its_line(tmp_path, rubbish):
    path = tmp_path / 'events.jsonl'
    good = encode_line(Record(at=0, steady=0, kind='x'))
    path.write_bytes(good + rubbish + good)
    with pytest.raises(ConfigurationError, match='line 2 is not a record'):
        read_history(path)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match='cannot be read'):
        read_history(tmp_path / 'events.jsonl')


def test_a_gap_in_the_numbering_is_caught():
    history = Story().joined(0, 'a', 'b', 'c', 'd').history
    assert check_completeness(history).holds
    del history[1:3]
    (offence,) = check_completeness(history).offences
    assert offence.text == 'leader, life 1: 2 events not heard: 2, 3'


def test_each_life_is_numbered_anew():
    story = Story().event(0, 'x', 'a').event(1, 'x', 'a').event(2, 'x', 'a', life=2)
    assert check_completeness(story.history).holds


def test_all_promises_are_judged_at_once():
    story = Story().joined(0, 'a', 'b', 'c').sent(1, 'r1').submitted(1, 't1', 'r1')
    story.answered(1, 'r1', 't1').awarded(2, 't1', 'a').began(3, 't1', 'a').ended(8, 't1', 'a')
    story.done(8, 't1').ledger(9, 't1', 'r1', 'DONE', capable=('a',))
    verdicts = check_all(story.history, BOUNDS)
    assert [one.invariant for one in verdicts] == ['I1', 'I2', 'I3', 'I4', 'record']
    assert all(one.holds for one in verdicts)
    assert all(one.checked for one in verdicts)

import json

import pytest
from click.testing import CliRunner

from muster.cli.main import cli
from muster.cli.play.summary import progress_bounds, summarise
from muster.core.types import ConfigurationError
from muster.invariants import encode_line
from muster.invariants.record import PROCESS_GIVEN_UP
from muster.runtime.share import find_config
from muster.runtime.team_file import read_team

from .sample_run import sample_run


def test_a_good_run_passes():
    summary = summarise(sample_run().history)
    assert summary.shortcomings == ()
    assert summary.passed
    assert summary.lasted_s == pytest.approx(41)
    (first, second) = summary.tasks
    assert (first.robot, first.attempts, first.why) == ('g1_1', 2, 'nearest')
    assert first.what == 'inspect shelf_a_north'
    assert first.waited_s == pytest.approx(19.9)
    assert second.took_s == pytest.approx(25)


def test_the_failover_is_timed_from_the_death_to_the_election():
    (failover,) = summarise(sample_run().history).failovers
    assert (failover.died, failover.successor) == ('g1_2', 'g1_4')
    assert failover.took_s == pytest.approx(1.5)
    assert failover.at_s == pytest.approx(14)


def test_the_return_is_told():
    (back,) = summarise(sample_run().history).returns
    assert (back.robot, back.joined, back.awards_since) == ('g1_2', True, 0)
    assert back.away_s == pytest.approx(10)


@pytest.mark.parametrize(
    ('story', 'shortcoming'),
    [
        (sample_run(bitten=False), 'process_kill of g1_2 did not bite'),
        (sample_run(last_state='FAILED'), 't1 (inspect shelf_a_north) is FAILED'),
        (sample_run(last_state='EXECUTING'), 'I2 (nothing lost) is broken'),
        (sample_run(ending='time limit of 9 s'), 'time limit of 9 s'),
        (sample_run().note(141, PROCESS_GIVEN_UP, detail='g1_3 ended'), 'g1_3 ended'),
        (sample_run().exited(141, 'g1_4'), 'nobody took over from g1_4'),
        (sample_run().began(103, 't1', 'g1_4', 9), 'I1 (no double execution) is broken'),
        (sample_run().ledger(141, 't3', 'r1', 'DONE'), '3 tasks are in the ledger, but 2'),
        (sample_run().answered(141, 'r9', '', accepted=False), 'request r9 was refused'),
    ],
)
def test_whatever_went_wrong_fails_the_run_and_is_named(story, shortcoming):
    summary = summarise(story.history)
    assert not summary.passed
    assert any(shortcoming in one for one in summary.shortcomings), summary.shortcomings


def test_a_run_that_was_cut_short_fails():
    history = sample_run().history[:-1]
    assert 'the run was cut short' in summarise(history).shortcomings


def test_a_robot_that_is_not_taken_in_again_fails_the_run():
    history = [
        record
        for record in sample_run().history
        if not (record.kind == 'robot_joined' and record.at > 120)
    ]
    assert any('not taken in again' in one for one in summarise(history).shortcomings)


def test_a_record_of_something_else_is_an_error():
    with pytest.raises(ConfigurationError, match='run_started'):
        summarise(sample_run().history[1:])


def test_bounds_follow_the_teams_time_constants():
    team, _ = read_team(find_config('warehouse', 'teams'))
    reaward, award = progress_bounds(team.coordination)
    assert 0 < award < reaward
    patient = team.coordination.model_copy(update={'lease_s': team.coordination.lease_s + 10})
    assert progress_bounds(patient)[0] > reaward + 10


@pytest.fixture
def folder(tmp_path):
    def write(story):
        (tmp_path / 'events.jsonl').write_bytes(b''.join(map(encode_line, story.history)))
        return tmp_path

    return write


def test_report_judges_a_recorded_run_again(folder):
    path = folder(sample_run())
    result = CliRunner().invoke(cli, ['report', str(path)])
    assert result.exit_code == 0, result.output
    assert 'PASSED: 2 of 2 tasks done in 41 s' in result.output
    assert 'g1_4 led 1.50 s later' in result.output
    assert json.loads((path / 'summary.json').read_text())['passed'] is True
    for picture in ('timeline.png', 'paths.png'):
        assert (path / picture).read_bytes().startswith(b'\x89PNG')


def test_report_of_a_bad_run_is_status_1(folder):
    path = folder(sample_run(bitten=False))
    result = CliRunner().invoke(cli, ['report', '--json', str(path)])
    assert result.exit_code == 1
    assert json.loads(result.stdout)['passed'] is False

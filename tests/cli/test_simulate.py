"""`muster simulate`, from its options to what it prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from muster.cli.exits import ExitCode
from muster.cli.main import cli
from muster.core.raft.leader import Leader
from muster.simulation.consensus.run import GroupRun


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ('simulate', '--jobs', '1', *arguments))


def test_a_team_is_simulated_unless_a_group_is_asked_for():
    result = run('--seeds', '3', '--robots', '3', '--seconds', '10')
    assert result.exit_code == ExitCode.OK
    assert '1 runs of 10 virtual seconds' in result.stdout
    assert 'executions' in result.stdout


def test_groups_come_in_several_sizes():
    result = run('--group', 'consensus', '--seeds', '0:4', '--json')
    assert result.exit_code == ExitCode.OK
    document = json.loads(result.stdout)
    assert (document['ok'], document['runs'], document['failure']) == (True, 4, None)
    assert (document['group'], document['robots'], document['seconds']) == ('consensus', None, 20)
    expected = [GroupRun(seed).run() for seed in range(4)]
    assert [one.members for one in expected] == [1, 3, 5, 7]
    assert document['events'] == sum(one.events for one in expected)


def test_what_groups_went_through_is_told_in_words():
    result = run('--group', 'consensus', '--seeds', '1', '--robots', '5', '--seconds', '10')
    assert result.exit_code == ExitCode.OK
    for words in ('all invariants held', 'commands in the logs', 'requests of clients', 'crashes'):
        assert words in result.stdout


def test_one_run_of_a_group_can_be_traced():
    result = run('--group', 'consensus', '--seeds', '5', '--trace')
    assert result.exit_code == ExitCode.OK
    assert result.stdout.splitlines() == list(GroupRun(5).run().trace)


@pytest.mark.parametrize('options', [('--seeds', '0:2'), ('--seeds', '1', '--forever'), ()])
def test_only_one_run_can_be_traced(options):
    result = run('--trace', *options)
    assert result.exit_code == ExitCode.USAGE
    assert 'give a single seed' in result.stderr


@pytest.mark.parametrize('seeds', ['x', '7:7', '9:2', '-1'])
def test_seeds_that_are_none_are_refused(seeds):
    result = run(f'--seeds={seeds}')
    assert result.exit_code == ExitCode.USAGE
    assert seeds in result.stderr


def test_a_failure_is_shrunk_and_can_be_repeated(monkeypatch):
    monkeypatch.setattr(Leader, 'has_lease', lambda self, now: True)
    result = run('--group', 'consensus', '--seeds', '0', '--robots', '5', '--forever')
    assert result.exit_code == ExitCode.FAILED
    assert 'an invariant was BROKEN' in result.stdout
    assert 'lease broken at' in result.stderr or 'fresh reads broken at' in result.stderr
    assert 'faults that are enough for it' in result.stderr
    repeat = result.stderr.rpartition('repeat the whole run: muster ')[2].split()
    again = CliRunner().invoke(cli, repeat)
    assert again.exit_code == ExitCode.FAILED
    assert ' broken at ' in again.stdout.splitlines()[-1]


@pytest.mark.parametrize('group', ['team', 'consensus'])
def test_soaking_ends_with_ctrl_c(group):
    """The first progress shows that runs are being made; then all are waited for and told."""
    options = ('--group', group, '--forever', '--robots', '3', '--seconds', '10', '--jobs', '2')
    program = (
        'from muster.cli import simulate\n'
        'simulate.TELL_EVERY_S = 0.0\n'
        'from muster.cli.main import cli\n'
        'cli()\n'
    )
    with subprocess.Popen(
        [sys.executable, '-c', program, 'simulate', *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None and process.stdout is not None
        assert ' runs, seed ' in process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        summary = process.stdout.read()
        errors = process.stderr.read()
    assert process.returncode == ExitCode.OK, errors
    assert 'all invariants held' in summary
    assert 'Traceback' not in errors

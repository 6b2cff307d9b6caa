import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from muster.cli.exits import (
    ExitCode,
    FailedError,
    NoTeamError,
    OutcomeUnknownError,
    RefusedError,
    code_of,
)
from muster.cli.main import COMMANDS, cli
from muster.core.types import ConfigurationError, MusterError


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A shell in an empty folder of a user who runs no team."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('XDG_RUNTIME_DIR', str(tmp_path))
    monkeypatch.delenv('ROS_DOMAIN_ID', raising=False)
    monkeypatch.delenv('MUSTER_DEBUG', raising=False)
    return lambda *arguments: CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize('command', COMMANDS)
def test_every_command_has_help(run, command):
    result = run(command, '--help')
    assert result.exit_code == ExitCode.OK
    assert 'Usage:' in result.output
    summary = cli.get_command(None, command).get_short_help_str(200)
    assert summary
    assert summary in run('--help').output.replace('\n', ' ') or len(summary) > 60


def test_help_needs_no_heavy_import():
    code = (
        'import sys; from click.testing import CliRunner; from muster.cli.main import cli;'
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0;"
        "heavy = {'rclpy', 'pydantic', 'rich', 'matplotlib', 'networkx', 'scipy'};"
        'print(sorted(heavy & set(sys.modules)))'
    )
    finished = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert finished.stdout.strip() == '[]', finished.stderr


@pytest.mark.parametrize(
    'arguments',
    [
        ('submit', 'inspect', 'shelf_a_north'),
        ('cancel', 'task_0001'),
        ('amend', 'task_0001', '--priority', '9'),
        ('take-back', 'task_0001'),
        ('lane', 'close', 'a', 'b'),
        ('lane', 'open', 'a', 'b'),
        ('explain', 'task_0001'),
        ('tasks',),
        ('status', '--json'),
        ('watch',),
        ('inject', 'g1_1', 'push'),
    ],
)
def test_without_a_team_commands_say_so(run, arguments):
    result = run(*arguments)
    assert result.exit_code == ExitCode.NO_TEAM
    assert result.stderr.startswith('muster: no team is running here')
    assert result.stdout == ''


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (('dance',), "No such command 'dance'"),
        (('submit', 'inspect'), "Missing argument 'STOP...'"),
        (('submit', 'go_to', '1,2,3,4'), 'neither the name of a place nor x,y'),
        (('submit', 'go_to', '1,nan'), 'neither the name of a place nor x,y'),
        (('submit', 'go_to', 'a', '--prioritty', '3'), 'No such option'),
        (('submit', 'go_to', 'a', '--priority', '300'), '--priority'),
        (('submit', 'go_to', 'a', '--deadline', '0'), '--deadline'),
        (
            ('submit', 'go_to', 'a', '--deadline', '9', '--soft-deadline', '9'),
            'give one of the two',
        ),
        (('submit', 'go_to', 'a', '--late-cost', '2'), 'missing a --soft-deadline'),
        (('submit', 'go_to', 'a', '--needs', 'payload_kg'), 'is not NAME=AMOUNT'),
        (('submit', 'go_to', 'a', '--needs', 'payload_kg=0'), 'is not NAME=AMOUNT'),
        (('submit', 'go_to', 'a', '--role', ':arms'), 'is not NAME:CAPABILITY'),
        (('submit', 'go_to', 'a', '--role', 'lifter:arms,'), 'is not NAME:CAPABILITY'),
        (('submit', 'go_to', 'a', '--role', 'lifter:kg=x'), 'is not NAME=AMOUNT'),
        (('submit', 'go_to', 'a', '--robots', '2', '--role', 'lifter'), 'but 1 roles'),
        (('submit', 'go_to', 'a', '--robots', '0'), '--robots'),
        (('submit', 'go_to', 'a', '--parameters', '{'), 'is not JSON'),
        (('submit', 'go_to', 'a', '--parameters', '[1]'), 'is not a JSON object'),
        (('amend', 'task_0001'), 'nothing to change'),
        (('amend', 'task_0001', '--without', 'legs'), "'legs' is not one of"),
        (('amend', 'task_0001', '--deadline', '9', '--soft-deadline', '9'), 'give one of the two'),
        (('amend', 'task_0001', '--starts-with', 'task_0002'), 'No such option'),
        (('lane', 'close', 'a'), "Missing argument 'B'"),
        (('lane', 'paint', 'a', 'b'), "No such command 'paint'"),
        (('inject', 'g1_1', 'rain'), "'rain' is not one of"),
        (('tasks', '--state', 'lost'), "'lost' is not one of"),
        (('demo', '--rate', '0'), '--rate'),
        (('demo', '--repeat', '0'), '--repeat'),
        (('demo', 'no-such-scenario'), "no file 'no-such-scenario'"),
        (('up', 'no-such-team'), "no file 'no-such-team'"),
        (('report', 'no-such-run'), 'does not exist'),
    ],
)
def test_wrong_usage_is_status_2_and_no_traceback(run, arguments, complaint):
    result = run(*arguments)
    assert result.exit_code == ExitCode.USAGE
    assert complaint in result.stderr
    assert 'Traceback' not in result.output


def test_negative_coordinates_are_no_options(run):
    # It gets as far as looking for a team.
    assert run('submit', 'go_to', '-4.8,-3.4').exit_code == ExitCode.NO_TEAM


def test_a_broken_domain_is_named(run, monkeypatch):
    monkeypatch.setenv('ROS_DOMAIN_ID', 'mine')
    result = run('status')
    assert result.exit_code == ExitCode.USAGE
    assert "ROS_DOMAIN_ID is 'mine'" in result.stderr


def test_a_run_without_a_record_is_named(run, tmp_path):
    result = run('report', str(tmp_path))
    assert result.exit_code == ExitCode.USAGE
    assert 'events.jsonl: cannot be read' in result.stderr


def test_version_for_programs(run):
    versions = json.loads(run('version', '--json').stdout)
    assert versions['muster']
    assert versions['python'] == '.'.join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize(
    ('error', 'status'),
    [
        (RefusedError, 1),
        (FailedError, 1),
        (MusterError, 1),
        (ConfigurationError, 2),
        (NoTeamError, 3),
        (OutcomeUnknownError, 4),
    ],
)
def test_every_error_has_its_status(error, status):
    assert code_of(error('x')) == status


def test_what_nobody_foresaw_is_one_line(run, monkeypatch):
    def explode() -> list:
        raise RuntimeError('boom')

    monkeypatch.setattr('muster.cli.live_runs.LiveRuns.all', lambda self: explode())
    result = run('status')
    assert result.exit_code == ExitCode.FAILED
    assert result.stderr.startswith('muster: internal error: RuntimeError: boom')
    assert len(result.stderr.splitlines()) == 1


def test_ctrl_c_is_130(run, monkeypatch):
    def interrupted(self) -> list:
        raise KeyboardInterrupt

    monkeypatch.setattr('muster.cli.live_runs.LiveRuns.all', interrupted)
    assert run('status').exit_code == ExitCode.INTERRUPTED

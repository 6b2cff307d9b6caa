"""`muster storage` on real folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from muster.cli.exits import ExitCode
from muster.cli.main import cli
from muster.core.coordinator.replica import Boot, encode_records
from muster.core.raft import Entry, HardState
from muster.core.types import StorageError
from muster.runtime.wal import WriteAheadLog

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(cli, ['storage', *map(str, arguments)])


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """The data folder of two robots, the log of the second damaged at entry 5."""
    for robot in ('g1_1', 'g1_2'):
        with WriteAheadLog(tmp_path / robot / 'log', f'warehouse/{robot}') as log:
            log.append(encode_records([Boot(1), HardState(3, 'g1_1')]))
            for index in range(1, 9):
                log.append(encode_records([Entry(index, 3, b'command %d' % index)]))
    path = tmp_path / 'g1_2' / 'log' / '00000001.wal'
    path.write_bytes(path.read_bytes().replace(b'command 5', b'commanD 5'))
    return tmp_path


def test_verify_tells_of_every_log_and_fails_for_a_damaged_one(run: Run, team: Path) -> None:
    result = run('verify', team)
    assert result.exit_code == ExitCode.FAILED
    lines = result.output.splitlines()
    assert any('warehouse/g1_1' in line and 'intact' in line for line in lines)
    assert any('warehouse/g1_2' in line and 'damaged' in line for line in lines)
    assert 'g1_2/log/00000001.wal: record 1 of frame 6 at offset' in result.output
    assert 'lost: entries 5 to 8 at least' in result.output
    assert run('verify', team / 'g1_1').exit_code == ExitCode.OK


def test_verify_for_programs(run: Run, team: Path) -> None:
    result = run('verify', '--json', team / 'g1_1', team / 'g1_2')
    told = json.loads(result.output)
    assert told['is_usable'] is False
    whole, damaged = told['logs']
    assert (whole['state'], whole['loss']) == ('intact', None)
    assert whole['contents']['last_index'] == 8
    assert (damaged['state'], damaged['contents']['last_index']) == ('damaged', 4)
    assert (damaged['loss']['first_index'], damaged['loss']['last_index']) == (5, 8)
    assert result.exit_code == ExitCode.FAILED


def test_verify_leaves_a_running_robot_alone(run: Run, team: Path) -> None:
    with WriteAheadLog(team / 'g1_1' / 'log', 'warehouse/g1_1'):
        result = run('verify', team)
    assert result.exit_code == ExitCode.FAILED
    assert 'g1_1/log is in use by process' in result.output


def test_verify_without_a_log(run: Run, tmp_path: Path) -> None:
    result = run('verify', tmp_path)
    assert result.exit_code == ExitCode.USAGE
    assert 'there is no log' in result.stderr


def test_repair_changes_nothing_unless_the_loss_is_accepted(run: Run, team: Path) -> None:
    before = sorted((team / 'g1_2').rglob('*'))
    result = run('repair', team / 'g1_2')
    assert result.exit_code == ExitCode.FAILED
    assert 'would keep entries 1 to 4, and give up entries 5 to 8 at least' in result.stderr
    assert 'add --i-accept-data-loss' in result.stderr
    assert sorted((team / 'g1_2').rglob('*')) == before


def test_repair_keeps_what_it_can_and_says_what_that_means(run: Run, team: Path) -> None:
    result = run('repair', team / 'g1_2', '--i-accept-data-loss')
    assert result.exit_code == ExitCode.OK, result.output
    assert 'kept entries 1 to 4, gave up entries 5 to 8 at least' in result.output
    assert 'repair one robot at a time' in result.output
    assert (team / 'g1_2' / 'log' / 'damaged-1' / '00000001.wal').exists()
    result = run('verify', team)
    assert result.exit_code == ExitCode.OK
    assert 'warehouse/g1_2: was repaired; it has no vote until' in result.output


def test_repair_of_a_whole_log_changes_nothing(run: Run, team: Path) -> None:
    result = run('repair', team / 'g1_1', '--i-accept-data-loss', '--json')
    assert result.exit_code == ExitCode.OK
    assert json.loads(result.output)['is_repaired'] is False
    assert not (team / 'g1_1' / 'log' / 'damaged-1').exists()


def test_a_start_names_the_very_commands(run: Run, team: Path) -> None:
    folder = team / 'g1_2' / 'log'
    with pytest.raises(StorageError) as refusal:
        WriteAheadLog(folder, 'warehouse/g1_2')
    told = str(refusal.value).split('`muster storage ')[1:]
    commands = [part.split('`')[0].split() for part in told]
    assert [words[0] for words in commands] == ['verify', 'repair']
    verified, repaired = (run(*words) for words in commands)
    assert verified.exit_code == ExitCode.FAILED
    assert repaired.exit_code == ExitCode.OK
    WriteAheadLog(folder, 'warehouse/g1_2').close()


def test_recover_goes_on_with_the_survivors(run: Run, team: Path) -> None:
    folder = team / 'g1_1'
    refused = run('recover', folder, '--voters', 'g1_1,g1_3')
    assert refused.exit_code == ExitCode.FAILED
    assert 'Nothing was changed' in refused.stderr
    done = run('recover', folder, '--voters', 'g1_1,g1_3', '--i-accept-data-loss')
    assert done.exit_code == ExitCode.OK
    assert 'the team is now g1_1, g1_3' in done.output
    (log,) = json.loads(run('verify', folder, '--json').output)['logs']
    assert log['contents']['last_index'] == 9


def test_recover_needs_the_names_of_the_survivors(run: Run, team: Path) -> None:
    result = run('recover', team / 'g1_1', '--voters', 'g1_2', '--i-accept-data-loss')
    assert result.exit_code == ExitCode.USAGE
    assert "--voters is 'g1_2', but must name g1_1" in result.stderr

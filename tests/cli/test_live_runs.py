import os
import socket

import msgspec
import psutil
import pytest

from muster.cli.exits import NoTeamError
from muster.cli.live_runs import (
    LiveRun,
    LiveRuns,
    choose_run,
    domains_in_use,
    given_domain,
    run_folder,
)
from muster.core.types import ConfigurationError


def a_run(pid: int, domain: int, started: float | None = None) -> LiveRun:
    return LiveRun(
        pid=pid,
        started=psutil.Process(pid).create_time() if started is None else started,
        domain_id=domain,
        discovery_range='LOCALHOST',
        team='warehouse',
        folder='runs/x',
    )


def write(folder, run: LiveRun) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f'run-{run.pid}.json').write_bytes(msgspec.json.encode(run))


def test_a_run_is_found_while_it_lasts(tmp_path):
    runs = LiveRuns(tmp_path / 'runs')
    assert runs.all() == []
    with runs.claim('warehouse', tmp_path, 'LOCALHOST', {}) as mine:
        assert runs.all() == [mine]
        assert mine.pid == os.getpid()
        assert 1 <= mine.domain_id <= 101
        assert mine.environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert runs.all() == []


def test_the_domain_that_the_user_has_set_wins(tmp_path):
    runs = LiveRuns(tmp_path)
    environment = {'ROS_DOMAIN_ID': '42', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
    with runs.claim('warehouse', tmp_path, 'LOCALHOST', environment) as mine:
        assert mine.domain_id == 42
        assert mine.discovery_range == 'SUBNET'


def test_a_domain_that_another_run_has_is_refused(tmp_path):
    write(tmp_path, a_run(os.getppid(), 42))
    claim = LiveRuns(tmp_path).claim('warehouse', tmp_path, 'LOCALHOST', {'ROS_DOMAIN_ID': '42'})
    with pytest.raises(ConfigurationError, match='team warehouse'), claim:
        pass


def test_domains_of_other_runs_are_avoided(tmp_path):
    runs = LiveRuns(tmp_path)
    with runs.claim('warehouse', tmp_path, 'LOCALHOST', {}) as first:
        free = first.domain_id
    write(tmp_path, a_run(os.getppid(), free))
    with runs.claim('warehouse', tmp_path, 'LOCALHOST', {}) as second:
        assert second.domain_id != free
        assert len(runs.all()) == 2


def test_domains_whose_ports_are_in_use_are_avoided(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        domain = next(one for one in range(1, 102) if one not in domains_in_use())
        listener.bind(('127.0.0.1', 7400 + 250 * domain + 10))
        assert domain in domains_in_use()
        with LiveRuns(tmp_path).claim('warehouse', tmp_path, 'LOCALHOST', {}) as mine:
            assert mine.domain_id != domain


def test_files_of_dead_processes_are_swept_away(tmp_path):
    # Our own number, but of a process that started long ago: the number was used again.
    write(tmp_path, a_run(os.getpid(), 7, started=12345.0))
    (tmp_path / 'run-1.json').write_text('rubbish')
    assert LiveRuns(tmp_path).all() == []
    assert list(tmp_path.glob('run-*')) == []


def test_a_command_means_the_only_run():
    only = a_run(os.getpid(), 7)
    assert choose_run([only]) == only
    with pytest.raises(NoTeamError, match='muster up'):
        choose_run([])
    with pytest.raises(NoTeamError, match='ROS_DOMAIN_ID=7') as caught:
        choose_run([only, a_run(os.getppid(), 8)])
    assert 'ROS_DOMAIN_ID=8' in str(caught.value)


@pytest.mark.parametrize('text', ['-1', 'x', '233', '1.5'])
def test_a_domain_that_is_none_is_an_error(text):
    with pytest.raises(ConfigurationError, match='ROS_DOMAIN_ID'):
        given_domain({'ROS_DOMAIN_ID': text})


def test_the_folder_is_the_users_own(tmp_path, monkeypatch):
    assert run_folder({'XDG_RUNTIME_DIR': str(tmp_path)}) == tmp_path / 'muster'
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    assert run_folder({}) == tmp_path / f'muster-{os.getuid()}'


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    run_folder({}).mkdir()
    # The folder stays as it is; only who asks is changed.
    owner = os.getuid()
    monkeypatch.setattr('os.getuid', lambda: owner + 1)
    (tmp_path / f'muster-{owner + 1}').mkdir()
    with pytest.raises(ConfigurationError, match='belongs to another user'):
        run_folder({})

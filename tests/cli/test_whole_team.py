"""The real thing, end to end: simulator, robots, recorder, report. Minutes, not seconds."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ros, pytest.mark.physics, pytest.mark.slow, pytest.mark.timeout(400)]

MUSTER = (sys.executable, '-c', 'from muster.cli.main import main; main()')
SHORT = """
title: two looks and the death of the leader
team: warehouse
time_limit_s: 120
tasks:
  - {name: near, at: 1, kind: inspect, stops: [shelf_a_north], again_after_s: [6]}
  - {name: far, at: 1, kind: inspect, stops: [shelf_d_south]}
faults:
  - {at: 4, target: leader, failure: process_kill, restart_after_s: 7}
"""


@pytest.fixture
def muster(tmp_path):
    """Runs `muster` in a folder of its own, as a user who runs nothing else."""
    environment = {**os.environ, 'XDG_RUNTIME_DIR': str(tmp_path)}
    environment.pop('ROS_DOMAIN_ID', None)

    def run(*arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*MUSTER, *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    run.environment = environment
    return run


def test_a_demo_passes_and_leaves_its_record(muster, tmp_path):
    (tmp_path / 'short.yaml').write_text(SHORT)
    result = muster('demo', 'short.yaml', '--json')
    assert result.returncode == 0, result.stdout + result.stderr
    summary = json.loads(result.stdout)
    assert summary['passed'] is True
    assert [task['state'] for task in summary['tasks']] == ['DONE', 'DONE']
    (failover,) = summary['failovers']
    (back,) = summary['returns']
    assert failover['died'] == back['robot']
    assert 0 < failover['took_s'] < 10
    assert all(not verdict['offences'] for verdict in summary['verdicts'])
    assert all(verdict['checked'] for verdict in summary['verdicts'])
    folder = tmp_path / summary['folder']
    for name in ('events.jsonl', 'summary.json', 'timeline.png', 'paths.png', 'logs', 'data'):
        assert (folder / name).exists(), name
    # While it ran, it was told line by line, as nobody sat at a terminal.
    assert 'task awarded' in result.stderr
    # What was said of it can be said again.
    assert json.loads(muster('report', '--json', str(folder)).stdout)['passed'] is True


@pytest.fixture
def standing(muster, tmp_path):
    """A team that `muster up` keeps running."""
    process = subprocess.Popen(
        [*MUSTER, 'up', '--quiet'],
        env=muster.environment,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 90
    for line in process.stderr:
        if line.endswith('ready\n'):
            break
        assert time.monotonic() < deadline, line
    yield process
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_running_team_is_found_and_takes_work(muster, standing, tmp_path):
    assert standing.poll() is None
    team = json.loads(muster('status', '--json').stdout)
    assert len(team['robots']) == 4
    assert team['leader']

    done = muster('submit', 'inspect', 'shelf_a_north', '--wait', '--json')
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)['state'] == 'DONE'

    refused = muster('submit', 'go_to', 'the_moon')
    assert refused.returncode == 1
    assert 'the_moon' in refused.stderr

    far = json.loads(muster('submit', 'go_to', 'station_1', 'pick_south', '--json').stdout)
    cancelled = muster('cancel', far['task_id'])
    assert cancelled.returncode == 0, cancelled.stderr
    assert muster('cancel', far['task_id']).returncode == 1

    push = muster('inject', 'g1_2', 'push', '--severity', '15', '--json')
    assert push.returncode == 0, push.stderr
    assert json.loads(push.stdout)['has_bitten'] is True
    assert muster('inject', 'nobody', 'push').returncode == 1

    states = [task['state'] for task in json.loads(muster('tasks', '--json').stdout)]
    assert states == ['DONE', 'CANCELLED']
    assert Path(tmp_path, 'runs').is_dir()


def test_a_robot_that_dies_under_up_is_started_again(muster, standing):
    kill = muster('inject', 'g1_3', 'process_kill', '--json')
    assert kill.returncode == 0, kill.stderr
    assert json.loads(kill.stdout)['has_bitten'] is True
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        team = json.loads(muster('status', '--json').stdout)
        (robot,) = (one for one in team['robots'] if one['robot'] == 'g1_3')
        if robot['is_alive'] and (robot['own'] or {}).get('incarnation', 0) > 1:
            return
    pytest.fail(f'g1_3 did not come back: {team}')

"""Killing a robot's process: the right one, only here, and gone afterwards."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from muster_sim.process_kill import is_running, kill_process

HERE = socket.gethostname()
IDLE = 'import signal; print("up", flush=True); signal.pause()'


@pytest.fixture
def robot() -> Iterator[subprocess.Popen]:
    """A process that calls itself a muster robot. It is not waited for: as a zombie it must count
    as gone."""
    process = subprocess.Popen(
        [sys.executable, '-c', IDLE, 'muster_robot'], stdout=subprocess.PIPE
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_the_process_is_gone_and_the_verdict_says_so(robot: subprocess.Popen) -> None:
    verdict = kill_process(HERE, robot.pid)
    assert verdict.accepted
    assert verdict.has_bitten
    assert verdict.detail == f'pid {robot.pid} gone'
    assert not is_running(robot.pid)
    assert robot.wait(5) == -9


def test_a_robot_on_another_host_is_left_alone(robot: subprocess.Popen) -> None:
    verdict = kill_process('mars', robot.pid)
    assert not verdict.accepted
    assert "runs on 'mars'" in verdict.detail
    assert is_running(robot.pid)


def test_a_process_that_is_no_robot_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, '-c', IDLE], stdout=subprocess.PIPE) as stranger:
        stranger.stdout.readline()
        verdict = kill_process(HERE, stranger.pid)
        assert not verdict.accepted
        assert 'not a muster robot' in verdict.detail
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize('process_id', [0, 1, 2**22 + 1])
def test_a_process_that_does_not_run_is_not_bitten(process_id: int) -> None:
    assert not kill_process(HERE, process_id).accepted


def test_killing_twice_is_refused(robot: subprocess.Popen) -> None:
    kill_process(HERE, robot.pid)
    assert not kill_process(HERE, robot.pid).accepted
    assert is_running(os.getpid())

"""Ctrl-C at any moment of a demo: everything is gone, and the status is 130."""

import os
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest

from muster.cli.live_runs import LiveRuns

pytestmark = [pytest.mark.ros, pytest.mark.slow, pytest.mark.timeout(400)]

MARK = 'MUSTER_TEST_MARK'
START_S = 90.0
"""[s] that a busy machine takes to start seven processes."""
GONE_S = 60.0


def marked(mark: str) -> list[psutil.Process]:
    """Every process that inherited the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture
def demo(tmp_path):
    """Starts a demo in the background; whatever is left of it is killed in the end."""
    mark = uuid.uuid4().hex
    environment = {**os.environ, MARK: mark, 'XDG_RUNTIME_DIR': str(tmp_path)}
    environment.pop('ROS_DOMAIN_ID', None)

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, '-c', 'from muster.cli.main import main; main()', *arguments],
            env=environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    start.mark = mark
    yield start
    for process in marked(mark):
        process.kill()


def wait_until(condition, deadline_s: float) -> bool:
    deadline = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('processes', [2, 4, 7])
def test_nothing_is_left(demo, tmp_path, processes, number):
    process = demo('demo', '--no-view')
    # As soon as so many processes are there, however far they have got.
    assert wait_until(lambda: len(marked(demo.mark)) >= processes, START_S)
    process.send_signal(number)
    _, complaint = process.communicate(timeout=GONE_S)
    assert process.returncode == 130, complaint
    assert complaint.splitlines()[-1] == 'muster: interrupted'
    assert 'Traceback' not in complaint
    assert marked(demo.mark) == []
    assert LiveRuns(tmp_path / 'muster').all() == []


def test_nothing_is_left_after_work_has_begun(demo, tmp_path):
    process = demo('demo', '--no-view')

    def has_begun() -> bool:
        records = list(tmp_path.glob('runs/*/events.jsonl'))
        return bool(records) and b'execution_started' in records[0].read_bytes()

    assert wait_until(has_begun, 2 * START_S)
    # The impatient press it more than once.
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, complaint = process.communicate(timeout=GONE_S)
    assert process.returncode == 130, complaint
    assert marked(demo.mark) == []


def test_a_demo_that_is_killed_outright_takes_its_processes_with_it(demo):
    process = demo('demo', '--no-view')
    assert wait_until(lambda: len(marked(demo.mark)) >= 7, START_S)
    process.kill()
    process.communicate(timeout=GONE_S)
    assert wait_until(lambda: marked(demo.mark) == [], GONE_S), marked(demo.mark)


def test_up_is_meant_to_be_stopped(demo):
    process = demo('up', '--quiet')
    assert wait_until(lambda: len(marked(demo.mark)) >= 7, START_S)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=GONE_S)
    assert process.returncode == 0, complaint
    assert complaint.splitlines()[-1] == 'team warehouse: stopped'
    assert marked(demo.mark) == []

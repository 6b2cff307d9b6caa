"""A set-up that is interrupted or killed in any stage is completed by the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bootstrap.clone import Clone

DRIVER = Path(__file__).with_name('three_stages.py')
STAGES = ['first', 'second', 'third']
DEADLINE_S = 15.0


class SetUps:
    """Set-ups of one clone whose stages can be made to hang: see `three_stages.py`."""

    def __init__(self, clone: Clone) -> None:
        self.clone = clone
        self.release = clone.root / 'release'
        self._started: list[subprocess.Popen[str]] = []
        os.mkfifo(self.release)

    def start(self, hang_in: str = '') -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, DRIVER, self.clone.root, hang_in],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(process)
        return process

    def begun(self) -> list[str]:
        """Stages whose program has begun, in order, once per time."""
        path = self.clone.root / 'begun'
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def programs(self) -> list[int]:
        """Process ids of the stages' programs that are still running."""
        path = self.clone.root / 'begun'
        ids = [int(line.split()[1]) for line in path.read_text().splitlines()]
        return [id for id in ids if is_running(id)]

    def wait_until_hanging_in(self, stage: str) -> None:
        wait_until(lambda: self.begun()[-1:] == [stage])

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for id in self.programs():
            os.kill(id, signal.SIGKILL)


def is_running(id: int) -> bool:
    try:
        state = Path(f'/proc/{id}/stat').read_text().rpartition(')')[2].split()[0]
    except OSError:
        return False
    return state != 'Z'


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, 'it does not come true'
        time.sleep(0.01)


@pytest.fixture
def set_ups(clone: Clone) -> Iterator[SetUps]:
    found = SetUps(clone)
    yield found
    found.close()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize('stage', STAGES)
def test_an_interrupt_ends_the_program_and_the_next_set_up_goes_on(
    set_ups: SetUps, stage: str, number: signal.Signals
) -> None:
    process = set_ups.start(hang_in=stage)
    set_ups.wait_until_hanging_in(stage)
    process.send_signal(number)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 128 + number
    assert 'The same command goes on from here' in output
    assert set_ups.programs() == []

    again = set_ups.start()
    again.communicate(timeout=DEADLINE_S)
    assert again.returncode == 0
    index = STAGES.index(stage)
    assert set_ups.begun() == STAGES[: index + 1] + STAGES[index:]


@pytest.mark.parametrize('stage', STAGES)
def test_a_kill_takes_the_program_along_and_the_next_set_up_goes_on(
    set_ups: SetUps, stage: str
) -> None:
    process = set_ups.start(hang_in=stage)
    set_ups.wait_until_hanging_in(stage)
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    wait_until(lambda: set_ups.programs() == [])

    again = set_ups.start()
    again.communicate(timeout=DEADLINE_S)
    assert again.returncode == 0
    index = STAGES.index(stage)
    assert set_ups.begun() == STAGES[: index + 1] + STAGES[index:]


def test_two_set_ups_at_once_do_the_work_once(set_ups: SetUps) -> None:
    one = set_ups.start(hang_in='first')
    set_ups.wait_until_hanging_in('first')
    other = set_ups.start()
    assert other.stdout is not None
    assert 'Another set-up is at work' in other.stdout.readline()
    set_ups.release.write_text('go on\n')
    for process in (one, other):
        process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0
    assert set_ups.begun() == STAGES


def test_a_set_up_that_waits_for_its_turn_can_be_interrupted(set_ups: SetUps) -> None:
    one = set_ups.start(hang_in='first')
    set_ups.wait_until_hanging_in('first')
    other = set_ups.start()
    assert other.stdout is not None
    assert 'Another set-up is at work' in other.stdout.readline()
    other.send_signal(signal.SIGINT)
    other.communicate(timeout=DEADLINE_S)
    assert other.returncode == 128 + signal.SIGINT
    set_ups.release.write_text('go on\n')
    one.communicate(timeout=DEADLINE_S)
    assert one.returncode == 0

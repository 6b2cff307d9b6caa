"""The supervisor against real child processes that misbehave on request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from muster.core.types import ConfigurationError
from muster.runtime.process_specs import ProcessSpec, RestartPolicy
from muster.runtime.supervisor import Change, Exited, GivenUp, Started, Supervisor

PATIENCE_S = 20.0
NEVER = RestartPolicy(limit=0)


def shell(
    name: str, script: str, restart: RestartPolicy = NEVER, **environment: str
) -> ProcessSpec:
    return ProcessSpec(name, 'test', 'sh', ('-c', script), environment, restart=restart)


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, 'did not happen in time'
        time.sleep(0.01)


def changes_until(supervisor: Supervisor, is_last: Callable[[Change], bool]) -> list[Change]:
    seen: list[Change] = []

    def has_come() -> bool:
        seen.extend(supervisor.poll())
        return any(map(is_last, seen))

    eventually(has_come)
    return seen


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_process_gets_its_environment_and_its_output_goes_to_its_log(tmp_path: Path) -> None:
    spec = shell('speaker', 'echo "domain $ROS_DOMAIN_ID"; echo broken >&2', ROS_DOMAIN_ID='77')
    with Supervisor([spec], tmp_path / 'logs') as supervisor:
        (started,) = supervisor.start()
        assert started == Started('speaker', supervisor.pids['speaker'], 1)
        seen = changes_until(supervisor, lambda one: isinstance(one, GivenUp))
        assert seen[0] == Exited('speaker', started.pid, 0, None)
        assert seen[1] == GivenUp('speaker', 'it is not to be restarted', 'domain 77\nbroken')
    assert supervisor.log_file('speaker').read_text() == 'domain 77\nbroken\n'


def test_a_killed_process_comes_back_after_the_delay(tmp_path: Path) -> None:
    now = [100.0]
    spec = shell('robot', 'exec sleep 600', RestartPolicy(delay_s=5.0))
    with Supervisor([spec], tmp_path, clock=lambda: now[0]) as supervisor:
        (first,) = supervisor.start()
        assert supervisor.kill('robot') == first.pid
        (exited,) = changes_until(supervisor, lambda one: isinstance(one, Exited))
        assert exited == Exited('robot', first.pid, -signal.SIGKILL, 5.0)
        now[0] += 4.9
        assert supervisor.poll() == ()
        assert supervisor.pids == {}
        assert supervisor.kill('robot') == 0
        now[0] += 0.2
        (again,) = supervisor.poll()
        assert again == Started('robot', supervisor.pids['robot'], 2)
        assert again.pid != first.pid
        supervisor.kill('robot')
        # the virtual clock would never let stop() run out of patience
        eventually(lambda: is_gone(again.pid))


def test_a_process_that_keeps_dying_is_given_up(tmp_path: Path) -> None:
    spec = shell('robot', 'echo "no luck"; exit 3', RestartPolicy(delay_s=0.0, limit=2))
    with Supervisor([spec], tmp_path) as supervisor:
        supervisor.start()
        seen = changes_until(supervisor, lambda one: isinstance(one, GivenUp))
    assert [one.status for one in seen if isinstance(one, Exited)] == [3, 3, 3]
    assert seen[-1] == GivenUp('robot', 'it ended 3 times in 60 s', 'no luck\n' * 2 + 'no luck')


def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    spec = shell('robot', f'exit {os.EX_CONFIG}', RestartPolicy(delay_s=0.0))
    with Supervisor([spec], tmp_path) as supervisor:
        supervisor.start()
        seen = changes_until(supervisor, lambda one: isinstance(one, GivenUp))
    assert [type(one) for one in seen] == [Exited, GivenUp]


def test_stopping_escalates_from_interrupt_to_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequence = ((signal.SIGINT, 0.3), (signal.SIGTERM, 0.3), (signal.SIGKILL, 5.0))
    monkeypatch.setattr('muster.runtime.supervisor.STOP_SEQUENCE', sequence)
    ready = 'echo ready; while :; do sleep 0.05; done'
    specs = [
        shell('polite', f'trap "exit 7" INT; {ready}'),
        shell('deaf', f'trap "" INT; trap "exit 8" TERM; {ready}'),
        shell('stuck', f'trap "" INT TERM; {ready}'),
    ]
    with Supervisor(specs, tmp_path) as supervisor:
        supervisor.start()
        for spec in specs:
            eventually(lambda name=spec.name: supervisor.log_file(name).read_text())
        statuses = supervisor.stop()
    assert statuses == {'polite': 7, 'deaf': 8, 'stuck': -signal.SIGKILL}
    assert supervisor.poll() == ()


def test_what_a_process_has_started_ends_with_it(tmp_path: Path) -> None:
    spec = shell('parent', 'sleep 600 & echo $!; wait')
    with Supervisor([spec], tmp_path) as supervisor:
        supervisor.start()
        eventually(lambda: supervisor.log_file('parent').read_text().endswith('\n'))
        grandchild = int(supervisor.log_file('parent').read_text())
        assert not is_gone(grandchild)
        supervisor.kill('parent')
        changes_until(supervisor, lambda one: isinstance(one, Exited))
        eventually(lambda: is_gone(grandchild))


def test_nothing_outlives_a_killed_owner(tmp_path: Path) -> None:
    owner_script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from muster.runtime.process_specs import ProcessSpec
        from muster.runtime.supervisor import Supervisor
        script = 'trap "" INT TERM; while :; do sleep 0.1; done'
        spec = ProcessSpec('child', 'test', 'sh', ('-c', script))
        supervisor = Supervisor([spec], Path(sys.argv[1]))
        supervisor.start()
        print(supervisor.pids['child'], flush=True)
        time.sleep(600)
    """)
    command = [sys.executable, '-c', owner_script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        assert not is_gone(child)
        owner.kill()
    eventually(lambda: is_gone(child))


def test_a_missing_executable_is_named_before_anything_starts(tmp_path: Path) -> None:
    spec = ProcessSpec('robot', 'muster', 'no_such_program', ())
    with pytest.raises(ConfigurationError, match=r'no_such_program .*make setup'):
        Supervisor([spec], tmp_path)

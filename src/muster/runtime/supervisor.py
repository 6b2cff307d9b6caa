"""Runs process specs as children of this process, restarts those that die, and leaves none behind.

It stands in for `ros2 launch` where that is not installed. It has no thread: the owner calls
`poll` a few times a second and gets told what changed.

    with Supervisor(specs, log_folder) as supervisor:      # __exit__ stops everything
        supervisor.start()
        while running:
            for change in supervisor.poll():               # Started, Exited or GivenUp
                show(change)
            time.sleep(0.1)

Every child leads a session of its own, so that Ctrl-C in the terminal reaches the owner alone, and
stopping a child also ends what the child has started. If the owner is killed, the kernel kills the
children (PR_SET_PDEATHSIG). That is tied to the *thread* that starts them: start and poll from one
thread that lives as long as the supervisor.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from types import TracebackType
from typing import IO, TypeAlias

from muster.core.types import ConfigurationError
from muster.runtime.process_specs import ProcessSpec

STOP_SEQUENCE = ((signal.SIGINT, 4.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0))
"""Signals that end a process, each with the seconds it is given before the next is sent."""

CANNOT_START = os.EX_CONFIG
"""Exit status of a process whose configuration is wrong: starting it again would not help."""


@dataclass(frozen=True)
class Started:
    """A process was started."""

    name: str
    pid: int
    starts: int
    """1 for the first start, one more for every restart."""


@dataclass(frozen=True)
class Exited:
    """A process ended without having been asked to."""

    name: str
    pid: int
    status: int
    """Exit status; negative: the signal that killed it."""
    restart_in_s: float | None
    """None: it stays down."""


@dataclass(frozen=True)
class GivenUp:
    """A process will not be started again; follows its `Exited`."""

    name: str
    reason: str
    log_tail: str
    """The last lines that it wrote."""


Change: TypeAlias = Started | Exited | GivenUp


@dataclass
class _Child:
    spec: ProcessSpec
    command: list[str]
    log_file: Path
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    starts: int = 0
    restart_at: float | None = None
    ended_at: deque[float] = field(default_factory=deque)


class Supervisor:
    """The children of one team on this machine.

    Parameters
    ----------
    specs : what to run; started in this order.
    log_folder : gets one `<name>.log` per process, appended to; made if missing.
    clock : steady seconds.

    Raises
    ------
    ConfigurationError
        if an executable is not installed.
    """

    def __init__(
        self,
        specs: Iterable[ProcessSpec],
        log_folder: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._children = {
            spec.name: _Child(
                spec,
                [find_executable(spec.package, spec.executable), *spec.arguments],
                log_folder / f'{spec.name}.log',
            )
            for spec in specs
        }
        log_folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name, of those that were running at the last `poll`."""
        return {
            name: child.process.pid
            for name, child in self._children.items()
            if child.process is not None
        }

    def log_file(self, name: str) -> Path:
        """Where a process writes."""
        return self._children[name].log_file

    def start(self, *names: str) -> tuple[Started, ...]:
        """Start the named processes, or all, unless they run already.

        A process that is waiting for its restart, has been stopped or was given up starts at once.
        """
        chosen = [self._children[name] for name in names or self._children]
        return tuple(self._spawn(child) for child in chosen if child.process is None)

    def poll(self) -> tuple[Change, ...]:
        """Notice what has ended, start again what is due. Never blocks."""
        now = self._clock()
        changes: list[Change] = []
        for child in self._children.values():
            if child.process is not None and _has_ended(child.process.pid):
                changes += self._bury(child, now)
            if child.restart_at is not None and now >= child.restart_at:
                changes.append(self._spawn(child))
        return tuple(changes)

    def kill(self, name: str) -> int:
        """SIGKILL one process, as a crash would; `poll` then tells its end and restarts it.

        Returns its process id; 0 when it was not running.
        """
        process = self._children[name].process
        if process is None or _has_ended(process.pid):
            return 0
        process.kill()
        return process.pid

    def stop(self, *names: str) -> dict[str, int]:
        """End the named processes, or all, and what they have started; they are not restarted.

        Blocks until they are gone, at most the sum of `STOP_SEQUENCE`. Returns the exit status of
        each that was running.
        """
        chosen = [self._children[name] for name in names or self._children]
        for child in chosen:
            child.restart_at = None
        running = [child for child in chosen if child.process is not None]
        for number, patience_s in STOP_SEQUENCE:
            remaining = [one for one in running if not _has_ended(_pid(one))]
            for child in remaining:
                os.kill(_pid(child), number)
            deadline = self._clock() + patience_s
            while self._clock() < deadline and not all(_has_ended(_pid(one)) for one in remaining):
                time.sleep(0.02)
        return {child.spec.name: _reap(child) for child in running}

    def _spawn(self, child: _Child) -> Started:
        child.restart_at = None
        child.starts += 1
        child.log = child.log_file.open('ab')
        child.process = subprocess.Popen(
            child.command,
            env={**os.environ, **child.spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=child.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
        )
        return Started(child.spec.name, child.process.pid, child.starts)

    def _bury(self, child: _Child, now: float) -> tuple[Change, ...]:
        """Reap a child that has ended, and decide whether it comes back."""
        pid = _pid(child)
        status = _reap(child)
        refusal = self._why_not_again(child, status, now)
        delay = None if refusal else child.spec.restart.delay_s
        if delay is not None:
            child.restart_at = now + delay
        exited = Exited(child.spec.name, pid, status, delay)
        if not refusal:
            return (exited,)
        return exited, GivenUp(child.spec.name, refusal, _tail(child.log_file))

    def _why_not_again(self, child: _Child, status: int, now: float) -> str:
        policy = child.spec.restart
        if policy.limit == 0:
            return 'it is not to be restarted'
        if status == CANNOT_START:
            return 'its configuration is wrong'
        while child.ended_at and now - child.ended_at[0] > policy.window_s:
            child.ended_at.popleft()
        child.ended_at.append(now)
        if len(child.ended_at) > policy.limit:
            return f'it ended {len(child.ended_at)} times in {policy.window_s:.0f} s'
        return ''


def find_executable(
    package: str, executable: str, environment: Mapping[str, str] = os.environ
) -> str:
    """Path of a package's executable: beside this Python, in a ROS workspace, or on PATH.

    Raises
    ------
    ConfigurationError
        if it is in none of them.
    """
    candidates = [Path(sys.executable).parent / executable]
    prefixes = environment.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    candidates += [Path(prefix) / 'lib' / package / executable for prefix in prefixes if prefix]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return str(candidate)
    found = which(executable, path=environment.get('PATH'))
    if found is None:
        raise ConfigurationError(
            f'{executable} (package {package}) is not installed: run `make setup` in the '
            "checkout, or source the ROS workspace's setup file"
        )
    return found


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with(parent: int) -> Callable[[], None]:
    """What a new child runs before its program: ask the kernel to kill it when its parent dies."""

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask


def _has_ended(pid: int) -> bool:
    """Whether a child is a zombie; it is left to be reaped, so its id cannot be given to
    another."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _pid(child: _Child) -> int:
    assert child.process is not None
    return child.process.pid


def _reap(child: _Child) -> int:
    """Kill what is left of a child's process group, and take its exit status."""
    assert child.process is not None and child.log is not None
    os.killpg(child.process.pid, signal.SIGKILL)
    status = child.process.wait()
    child.log.close()
    child.process = None
    return status


def _tail(log_file: Path, lines: int = 12, most_bytes: int = 8192) -> str:
    with log_file.open('rb') as log:
        log.seek(max(0, log_file.stat().st_size - most_bytes))
        return '\n'.join(log.read().decode(errors='replace').splitlines()[-lines:])

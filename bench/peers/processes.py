"""Members as child processes that never outlive the benchmark."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def start(
    command: Sequence[str],
    log_file: Path,
    with_pipes: bool = False,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process that the kernel kills when this one dies.

    Parameters
    ----------
    log_file : gets its standard error, and its output too unless that is a pipe; appended to.
    with_pipes : whether its standard input and output are pipes.
    environment : this process's, unless given.
    """
    with log_file.open('ab') as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if with_pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if with_pipes else log,
            stderr=log,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches the benchmark alone
            preexec_fn=_die_with(os.getpid()),
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, as a crash would, and reap."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def last_line(log_file: Path) -> str:
    """The last line that a process wrote: most often the reason why it ended."""
    lines = log_file.read_text(errors='replace').split('\n') if log_file.exists() else []
    return next((line for line in reversed(lines) if line.strip()), 'it wrote nothing')


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _die_with(parent: int) -> Callable[[], None]:
    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask

"""Killing a robot's process, and making sure that it is the right one and that it is gone."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

from muster_sim.requests import Verdict

GONE_S = 3.0
"""[s] within which a killed process has to disappear."""
POLL_S = 0.01
PROGRAM = 'muster'
"""Must occur in the command line of what is killed: process ids are used again."""


def kill_process(host: str, process_id: int) -> Verdict:
    """SIGKILL a muster process of this host; the bite is that it runs no more."""
    here = socket.gethostname()
    if host != here:
        detail = f'the robot runs on {host!r}, the simulator on {here!r}: kill it there'
        return Verdict(False, False, detail)
    command = _command_line(process_id)
    if PROGRAM not in command:
        what = f'is {command!r}, not a muster robot' if command else 'does not run'
        return Verdict(False, False, f'pid {process_id} {what}')
    try:
        os.kill(process_id, signal.SIGKILL)
    except PermissionError:
        return Verdict(False, False, f'pid {process_id} belongs to another user')
    deadline = time.monotonic() + GONE_S
    while is_running(process_id):
        if time.monotonic() > deadline:
            return Verdict(
                True, False, f'pid {process_id} still runs {GONE_S:.0f} s after SIGKILL'
            )
        time.sleep(POLL_S)
    return Verdict(True, True, f'pid {process_id} gone')


def is_running(process_id: int) -> bool:
    """Whether a process executes; one that only waits for its parent to notice (a zombie) does
    not."""
    try:
        status = Path(f'/proc/{process_id}/stat').read_text(encoding='ascii', errors='replace')
    except OSError:
        return False
    return status.rpartition(')')[2].split()[0] not in 'ZX'


def _command_line(process_id: int) -> str:
    if process_id <= 1 or not is_running(process_id):
        return ''
    try:
        words = Path(f'/proc/{process_id}/cmdline').read_bytes()
    except OSError:
        return ''
    return words.replace(b'\0', b' ').decode(errors='replace').strip()

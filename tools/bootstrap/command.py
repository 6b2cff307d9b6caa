"""Runs the programs that do the work of a stage, with their output in the stage's log.

A program is started in a session of its own, so that an interrupt reaches this process alone,
which then ends the program together with all that it started. If this process is killed outright,
the program is killed with all it started (see `watched`); until the last of them is gone, they
keep the turn (see `turn`).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bootstrap.interrupt import Interrupted, Interruption
from bootstrap.progress import Progress

WATCHED = str(Path(__file__).with_name('watched.py'))
COLOUR = re.compile(r'\x1b\[[0-9;]*m')
PROMPT = '$ '
"""Before a command in the log."""
POLL_S = 0.1
GRACE_S = 5.0
"""Between asking a program to end and making it."""


class CommandFailedError(Exception):
    """A program ended with a status other than 0."""

    def __init__(self, command: Sequence[str], status: int) -> None:
        self.status = status
        reason = f'exit status {status}' if status >= 0 else signal.Signals(-status).name
        super().__init__(f'{Path(command[0]).name} failed ({reason})')


class Runner:
    """Runs programs one after another for one stage."""

    def __init__(
        self,
        log: Path,
        variables: dict[str, str],
        interruption: Interruption,
        progress: Progress,
        turn: int | None = None,
    ) -> None:
        self.log = log
        self.variables = variables
        self._interruption = interruption
        self._progress = progress
        self._turn = () if turn is None else (turn,)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b'')

    def run(self, command: Sequence[str | Path], cwd: Path, **variables: str) -> None:
        """Run a program to its end.

        Raises CommandFailedError if it fails, Interrupted if this process is told to end
        meanwhile.
        """
        words = [str(word) for word in command]
        self._interruption.check()
        watch, hold = os.pipe()
        try:
            process = self._start(words, cwd, {**self.variables, **variables}, watch)
            self._see_through(process)
        finally:
            os.close(hold)
            os.close(watch)
        if process.returncode != 0:
            raise CommandFailedError(words, process.returncode)

    def _start(
        self, words: list[str], cwd: Path, variables: dict[str, str], watch: int
    ) -> subprocess.Popen[bytes]:
        with self.log.open('ab') as log:
            log.write(f'{PROMPT}{" ".join(words)}\n'.encode())
            log.flush()
            return subprocess.Popen(
                [sys.executable, '-I', '-S', WATCHED, str(watch), *words],
                cwd=cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(watch, *self._turn),
            )

    def _see_through(self, process: subprocess.Popen[bytes]) -> None:
        try:
            while process.poll() is None:
                self._interruption.check()
                self._progress.tick(self.last_line())
                wait(process, POLL_S)
        except Interrupted:
            end_with_children(process)
            raise

    def note(self, text: str) -> None:
        """Write a line of our own into the log."""
        with self.log.open('a') as log:
            log.write(text + '\n')

    def tail(self, count: int) -> list[str]:
        """The last lines of the log that are not empty, without colours."""
        with self.log.open('rb') as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 16384))
            text = COLOUR.sub('', log.read().decode(errors='replace'))
        return [line.rstrip() for line in text.splitlines() if line.strip()][-count:]

    def last_line(self) -> str:
        """What the running program said last; empty as long as it says nothing."""
        line = ''.join(self.tail(1))
        return '' if line.startswith(PROMPT) else line


def wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def end_with_children(process: subprocess.Popen[bytes]) -> None:
    """End a program and whatever of its session is still there."""
    deadline = time.monotonic() + GRACE_S
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        wait(process, max(0.0, deadline - time.monotonic()))
    process.wait()

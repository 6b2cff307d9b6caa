"""Talking to member processes: a line of JSON with the request, a line of JSON with the answer."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from peers import processes
from peers.group import GroupError


class Dialogue:
    """With the members of one group, each a child process.

    Parameters
    ----------
    group : what to call it in errors.
    folder : gets what each member writes to its standard error.
    patience_s : for one answer.
    """

    def __init__(self, group: str, folder: Path, patience_s: float) -> None:
        self._group = group
        self._folder = folder
        self._patience_s = patience_s
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def names(self) -> list[str]:
        """Of the members that run."""
        return list(self._running)

    @property
    def pids(self) -> Mapping[str, int]:
        return {name: process.pid for name, process in self._running.items()}

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._running[name] = processes.start(
            command, self._log(name), with_pipes=True, environment=environment
        )

    def kill(self, name: str) -> None:
        """As a crash would."""
        processes.kill(self._running.pop(name))

    def kill_all(self) -> None:
        while self._running:
            processes.kill(self._running.popitem()[1])

    def ask(self, name: str, *request: object) -> Any:
        return self.ask_all([name], *request)[name]

    def ask_all(self, names: Iterable[str], *request: object) -> dict[str, Any]:
        """The same request to several members at once, and their answers."""
        line = json.dumps(request).encode() + b'\n'
        asked = list(names)
        for name in asked:
            stdin = self._running[name].stdin
            assert stdin is not None
            with contextlib.suppress(BrokenPipeError):  # told below, by the answer that is missing
                stdin.write(line)
                stdin.flush()
        return {name: self._answer(name) for name in asked}

    def _answer(self, name: str) -> Any:
        stdout = self._running[name].stdout
        assert stdout is not None
        if not select.select([stdout], [], [], self._patience_s)[0]:
            raise GroupError(f'{self._group}: no answer of {name} within {self._patience_s:.0f} s')
        line = stdout.readline()
        if not line:
            last = processes.last_line(self._log(name))
            raise GroupError(f'{self._group}: {name} ended: {last}')
        answer = json.loads(line)
        if 'error' in answer:
            raise GroupError(f'{self._group}: {name}: {answer["error"]}')
        return answer['result']

    def _log(self, name: str) -> Path:
        return self._folder / f'{name.replace(":", "_")}.log'

"""A team in memory whose robots write real logs on real threads; only time, mail and bodies are
still the test's."""

from __future__ import annotations

import queue
from pathlib import Path

from core.coordinator.team import Team

from muster.core.coordinator.effects import Effect
from muster.core.coordinator.events import StorageFailed
from muster.runtime.log_writer import LogWriter, Outcome
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal import WriteAheadLog

PATIENCE_S = 20.0
"""[s] of real time for a disk that works."""


class DiskedTeam(Team):
    """Robots r1, r2, ... with a folder each.

    Parameters
    ----------
    folder : gets a folder for each robot; one that is there is used.
    calls : the operating system of single robots; the others have the real one.
    """

    def __init__(
        self, folder: Path, count: int = 3, calls: dict[str, SystemCalls] | None = None
    ) -> None:
        super().__init__(count)
        self.folder = folder
        self._calls = calls or {}
        self._writers: dict[str, LogWriter] = {}
        self._outcomes: dict[str, queue.SimpleQueue[Outcome]] = {}
        self._awaited: dict[str, int] = {}

    def boot(self, name: str) -> None:
        log = WriteAheadLog(self.folder / name, f'tests/{name}', calls=self._calls.get(name))
        self[name].disk = list(log.read())
        self._outcomes[name] = queue.SimpleQueue()
        self._writers[name] = LogWriter(log, self._outcomes[name].put)
        self._awaited[name] = 0
        super().boot(name)

    def kill(self, name: str) -> None:
        super().kill(name)
        self._writers[name].stop(PATIENCE_S)

    def close(self) -> None:
        for writer in self._writers.values():
            assert writer.stop(PATIENCE_S)

    def sync(self, name: str) -> None:
        """Wait for the disk and tell the robot."""
        robot = self[name]
        while robot.coordinator is not None and self._awaited[name]:
            outcome = self._outcomes[name].get(timeout=PATIENCE_S)
            if isinstance(outcome, StorageFailed) or outcome.sequence >= self._awaited[name]:
                self._awaited[name] = 0
            self.step(name, outcome)

    def _perform(self, name: str, effects: tuple[Effect, ...]) -> None:
        super()._perform(name, effects)
        writes = self[name].writes
        while writes:
            write = writes.popleft()
            self._awaited[name] = write.sequence
            self._writers[name].submit(write)

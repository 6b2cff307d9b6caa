"""PySyncObj with its defaults and a journal: Raft in Python, over TCP.

Its journal is a memory-mapped file that is never synced. What it has acknowledged survives a crash
of the process, but not of the machine: it does less work per command than muster and etcd.
"""

from __future__ import annotations

import importlib.metadata
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from dialogue import Dialogue

from peers import processes
from peers.group import GroupError, PeerMissingError

PACKAGE = 'pysyncobj'
REMEDY = 'PySyncObj is not installed: make bench installs it, or pip install pysyncobj'
MEMBER = Path(__file__).with_name('pysyncobj_member.py')
PATIENCE_S = 40.0


def version() -> str:
    """Of the package in this environment.

    Raises
    ------
    PeerMissingError
        if there is none.
    """
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise PeerMissingError(REMEDY) from None


class PySyncObjGroup:
    """Members of one PySyncObj group.

    Parameters
    ----------
    size : number of members.
    folder : for their journals and logs; must exist.
    batch : its default. A single command then waits up to 0.1 s for more to come; without, each
        is sent at once, and many are slow.
    """

    def __init__(self, size: int, folder: Path, batch: bool = True) -> None:
        self._batch = batch
        self._folder = folder
        self._addresses = [f'127.0.0.1:{port}' for port in processes.free_ports(size)]
        self._members = Dialogue('PySyncObj', folder, PATIENCE_S + 60.0)

    def __enter__(self) -> PySyncObjGroup:
        version()
        try:
            for address in self._addresses:
                self._start(address)
            self._leader()
        except BaseException:
            self._members.kill_all()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._members.kill_all()

    @property
    def pids(self) -> Mapping[str, int]:
        return self._members.pids

    def commit_latencies(self, count: int) -> list[float]:
        return list(self._members.ask(self._leader(), 'latencies', count))

    def throughput(self, window: int, size_bytes: int, seconds: float) -> float:
        return float(self._members.ask(self._leader(), 'throughput', window, size_bytes, seconds))

    def failover(self) -> float:
        leader = self._leader()
        killed_at = time.monotonic()
        self._members.kill(leader)
        committed_at = min(self._members.ask_all(self._members.names, 'first_commit').values())
        self._start(leader)
        self._leader()
        return float(committed_at) - killed_at

    def term(self) -> int:
        return max(status['term'] for status in self._statuses().values())

    def _statuses(self) -> dict[str, dict[str, Any]]:
        return self._members.ask_all(self._members.names, 'status')

    def _leader(self) -> str:
        """Whom all follow, once all have applied the same."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            statuses = self._statuses().values()
            leaders = {status['leader'] for status in statuses}
            applied = {status['applied'] for status in statuses}
            if len(leaders) == len(applied) == 1 and None not in leaders:
                return str(leaders.pop())
            time.sleep(0.02)
        raise GroupError(f'PySyncObj: no leader that all follow within {PATIENCE_S:.0f} s')

    def _start(self, address: str) -> None:
        others = [one for one in self._addresses if one != address]
        journal = self._folder / f'{address.replace(":", "_")}.journal'
        batch = 'batch' if self._batch else 'single'
        command = [sys.executable, str(MEMBER), str(journal), batch, address, *others]
        self._members.start(address, command)

"""PySyncObj with its defaults and a journal: Raft in Python, over TCP.

Its journal is a memory-mapped file that is never synced. What it has acknowledged survives a crash
of the process, but not of the machine: it does less work per command than muster and etcd.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import select
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

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
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> PySyncObjGroup:
        version()
        for address in self._addresses:
            self._start(address)
        try:
            self._leader()
        except BaseException:
            self._kill_all()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kill_all()

    @property
    def pids(self) -> dict[str, int]:
        return {address: process.pid for address, process in self._running.items()}

    def commit_latencies(self, count: int) -> list[float]:
        return list(self._ask(self._leader(), 'latencies', count))

    def throughput(self, window: int, size_bytes: int, seconds: float) -> float:
        leader = self._leader()
        return float(self._ask(leader, 'throughput', window, size_bytes, seconds))

    def failover(self) -> float:
        leader = self._leader()
        killed_at = time.monotonic()
        processes.kill(self._running.pop(leader))
        committed_at = min(self._ask_all(self._running, 'first_commit').values())
        self._start(leader)
        self._leader()
        return float(committed_at) - killed_at

    def term(self) -> int:
        return max(status['term'] for status in self._ask_all(self._running, 'status').values())

    def _leader(self) -> str:
        """Whom all follow, once all have applied the same."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            statuses = self._ask_all(self._running, 'status').values()
            leaders = {status['leader'] for status in statuses}
            applied = {status['applied'] for status in statuses}
            if len(leaders) == len(applied) == 1 and None not in leaders:
                return str(leaders.pop())
            time.sleep(0.02)
        raise GroupError(f'PySyncObj: no leader that all follow within {PATIENCE_S:.0f} s')

    def _ask(self, address: str, *request: object) -> Any:
        return self._ask_all([address], *request)[address]

    def _ask_all(self, addresses: Iterable[str], *request: object) -> dict[str, Any]:
        """The same request to several members at once, and their answers."""
        line = json.dumps(request).encode() + b'\n'
        asked = list(addresses)
        for address in asked:
            stdin = self._running[address].stdin
            assert stdin is not None
            with contextlib.suppress(BrokenPipeError):  # told below, by the answer that is missing
                stdin.write(line)
                stdin.flush()
        return {address: self._answer(address) for address in asked}

    def _answer(self, address: str) -> Any:
        stdout = self._running[address].stdout
        assert stdout is not None
        patience_s = PATIENCE_S + 60.0
        if not select.select([stdout], [], [], patience_s)[0]:
            raise GroupError(f'PySyncObj: {address} did not answer within {patience_s:.0f} s')
        line = stdout.readline()
        if not line:
            last = processes.last_line(self._log(address))
            raise GroupError(f'PySyncObj: {address} ended: {last}')
        answer = json.loads(line)
        if 'error' in answer:
            raise GroupError(f'PySyncObj: {address}: {answer["error"]}')
        return answer['result']

    def _start(self, address: str) -> None:
        others = [one for one in self._addresses if one != address]
        journal = self._folder / f'{address.replace(":", "_")}.journal'
        batch = 'batch' if self._batch else 'single'
        command = [sys.executable, str(MEMBER), str(journal), batch, address, *others]
        self._running[address] = processes.start(command, self._log(address), with_pipes=True)

    def _kill_all(self) -> None:
        while self._running:
            processes.kill(self._running.popitem()[1])

    def _log(self, address: str) -> Path:
        return self._folder / f'{address.replace(":", "_")}.log'

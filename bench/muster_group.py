"""A group of muster: real processes, real DDS, every sync, the default timing profile."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from dialogue import Dialogue
from peers.group import GroupError

MEMBER = Path(__file__).with_name('muster_member.py')
PATIENCE_S = 60.0
SETTLING_S = 1.0
"""For DDS to discover a member that was restarted, by all others: the leader alone is soon enough
for it to follow, but not to elect another with it."""


class MusterGroup:
    """So many members, each with its log in a folder of its own.

    Parameters
    ----------
    folder : for the logs, on the disk that the peers use too.
    domain : ROS domain; nobody else may use it.
    """

    def __init__(self, size: int, folder: Path, domain: int) -> None:
        self._names = tuple(f'm{number}' for number in range(size))
        self._folder = folder
        self._environment = dict(
            os.environ,
            ROS_DOMAIN_ID=str(domain),
            ROS_AUTOMATIC_DISCOVERY_RANGE='LOCALHOST',
        )
        self._members = Dialogue('muster', folder, 2 * PATIENCE_S)

    def __enter__(self) -> MusterGroup:
        try:
            for name in self._names:
                self._start(name)
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
        answers = self._members.ask_all(self._members.names, 'first_commit')
        committed_at = min(at for at in answers.values() if at is not None)
        self._start(leader)
        self._leader()
        time.sleep(SETTLING_S)
        return float(committed_at) - killed_at

    def term(self) -> int:
        return max(status['term'] for status in self._statuses().values())

    def _statuses(self) -> dict[str, dict[str, int]]:
        return self._members.ask_all(self._members.names, 'status')

    def _leader(self) -> str:
        """Whom all follow, once all have applied the same."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            statuses = self._statuses()
            leaders = [name for name, status in statuses.items() if status['is_leader']]
            terms = {status['term'] for status in statuses.values()}
            applied = {status['applied'] for status in statuses.values()}
            if len(leaders) == len(terms) == len(applied) == 1:
                return leaders[0]
            time.sleep(0.02)
        raise GroupError(f'muster: no leader that all follow within {PATIENCE_S:.0f} s')

    def _start(self, name: str) -> None:
        command = [sys.executable, str(MEMBER), name, ','.join(self._names), str(self._folder)]
        self._members.start(name, command, self._environment)

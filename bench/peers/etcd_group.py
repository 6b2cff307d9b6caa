"""etcd, as Debian packages it, with its defaults: each put is synced to a majority's disks.

Puts go to the leader over gRPC, from a process that is not a member, as etcd is meant to be used.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import select
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from peers import etcd_tool, processes
from peers.group import GroupError, PeerMissingError
from peers.grpc_calls import UnaryCalls

PROGRAM = 'etcd'
REMEDY = 'etcd is not installed: apt install etcd-server'
PUT = '/etcdserverpb.KV/Put'
KEY_BYTES = 8
COMMAND_BYTES = 200
PATIENCE_S = 30.0
PROBE_PERIOD_S = 0.005


def version() -> str:
    """Of the etcd on PATH.

    Raises
    ------
    PeerMissingError
        if there is none.
    """
    if shutil.which(PROGRAM) is None:
        raise PeerMissingError(REMEDY)
    told = subprocess.run([PROGRAM, '--version'], capture_output=True, text=True).stdout
    found = re.search(r'etcd Version: (\S+)', told)
    return found.group(1) if found else 'of unknown version'


class EtcdGroup:
    """A cluster of etcd servers.

    Parameters
    ----------
    size : number of members.
    folder : for their data and logs; must exist.
    tool : etcd's own benchmark program. Throughput is then the better of what it and the client
        here reach.
    """

    def __init__(self, size: int, folder: Path, tool: str | None = None) -> None:
        self._folder = folder
        self._tool = tool
        self._keys = (b'%08d' % number for number in itertools.count())
        ports = processes.free_ports(2 * size)
        self._client_ports = {f'm{i}': ports[2 * i] for i in range(size)}
        self._peer_urls = {f'm{i}': f'http://127.0.0.1:{ports[2 * i + 1]}' for i in range(size)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> EtcdGroup:
        version()
        for name in self._client_ports:
            self._start(name)
        try:
            self._until(self._is_healthy, 'become healthy')
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
        return {name: process.pid for name, process in self._running.items()}

    def commit_latencies(self, count: int) -> list[float]:
        latencies = []
        with self._connection(self._leader()) as calls:
            for message in itertools.islice(self._puts(COMMAND_BYTES), count):
                began = time.perf_counter()
                calls.send([message])
                while calls.outstanding:
                    self._completed(calls, PATIENCE_S)
                latencies.append(time.perf_counter() - began)
        return latencies

    def throughput(self, window: int, size_bytes: int, seconds: float) -> float:
        own = self._own_throughput(window, size_bytes, seconds)
        if self._tool is None:
            return own
        endpoint = f'127.0.0.1:{self._client_ports[self._leader()]}'
        value_bytes = size_bytes - KEY_BYTES
        total = round(own * seconds)
        command = etcd_tool.put_command(
            self._tool, endpoint, window, KEY_BYTES, value_bytes, total
        )
        return max(own, etcd_tool.measure(command))

    def failover(self) -> float:
        leader = self._leader()
        killed_at = time.perf_counter()
        processes.kill(self._running.pop(leader))
        committed_at = self._first_commit()
        self._start(leader)
        self._until(self._is_healthy, f'take {leader} back')
        return committed_at - killed_at

    def term(self) -> int:
        return max(int(status['raftTerm']) for status in self._statuses().values())

    def _own_throughput(self, window: int, size_bytes: int, seconds: float) -> float:
        """One connection: etcd serves more of them less well, since it can batch less."""
        puts = self._puts(size_bytes)
        with self._connection(self._leader()) as calls:
            calls.send(itertools.islice(puts, window))
            done = 0
            began = time.perf_counter()
            while (elapsed := time.perf_counter() - began) < seconds:
                finished = self._completed(calls, PATIENCE_S)
                calls.send(itertools.islice(puts, finished))
                done += finished
            return done / elapsed

    def _first_commit(self) -> float:
        """Put something to every survivor again and again; the time when one succeeded."""
        with contextlib.ExitStack() as stack:
            survivors = [stack.enter_context(self._connection(name)) for name in self._running]
            puts = self._puts(COMMAND_BYTES)
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                for calls in survivors:
                    calls.send([next(puts)])
                readable, _, _ = select.select(survivors, [], [], PROBE_PERIOD_S)
                if any(calls.receive(0).succeeded for calls in readable):
                    return time.perf_counter()
        raise GroupError(f'etcd: no put succeeded within {PATIENCE_S:.0f} s of killing the leader')

    def _completed(self, calls: UnaryCalls, patience_s: float) -> int:
        try:
            answers = calls.receive(patience_s)
        except OSError as error:
            raise GroupError(f'etcd: the connection to the leader broke ({error})') from error
        if answers.failed:
            raise GroupError(f'etcd: {answers.failed} puts failed')
        return answers.succeeded

    def _puts(self, size_bytes: int) -> Iterator[bytes]:
        """Requests with keys never used before, of so many bytes of key and value."""
        value = b'x' * (size_bytes - KEY_BYTES)
        for key in self._keys:
            yield put_request(key, value)

    @contextlib.contextmanager
    def _connection(self, name: str) -> Iterator[UnaryCalls]:
        try:
            calls = UnaryCalls(self._client_ports[name], PUT)
        except OSError as error:
            raise GroupError(f'etcd: {name} cannot be reached ({error})') from error
        try:
            yield calls
        finally:
            calls.close()

    def _leader(self) -> str:
        self._until(self._is_healthy, 'have a leader')
        for name, status in self._statuses().items():
            if status['leader'] == status['header']['member_id']:
                return name
        raise GroupError('etcd: the leader was lost')

    def _is_healthy(self) -> bool:
        """All run, follow one leader, and have applied what it has."""
        statuses = self._statuses().values()
        return (
            len(statuses) == len(self._client_ports)
            and len({status.get('leader', '0') for status in statuses} - {'0'}) == 1
            and all('leader' in status for status in statuses)
            and len({status['raftAppliedIndex'] for status in statuses}) == 1
        )

    def _statuses(self) -> dict[str, dict[str, Any]]:
        """Of those that answer; numbers of 64 bits are strings."""
        statuses = {}
        for name in self._running:
            url = f'http://127.0.0.1:{self._client_ports[name]}/v3/maintenance/status'
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(urllib.request.Request(url, b'{}'), timeout=1) as answer,
            ):
                statuses[name] = json.load(answer)
        return statuses

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            for name, process in self._running.items():
                if process.poll() is not None:
                    last = processes.last_line(self._log(name))
                    raise GroupError(f'etcd: {name} ended with {process.returncode}: {last}')
            if time.monotonic() > deadline:
                raise GroupError(f'etcd: the group did not {what} within {PATIENCE_S:.0f} s')
            time.sleep(0.02)

    def _start(self, name: str) -> None:
        client = f'http://127.0.0.1:{self._client_ports[name]}'
        command = [PROGRAM, '--name', name, '--data-dir', str(self._folder / name)]
        command += ['--listen-client-urls', client, '--advertise-client-urls', client]
        command += ['--listen-peer-urls', self._peer_urls[name]]
        command += ['--initial-advertise-peer-urls', self._peer_urls[name]]
        members = ','.join(f'{member}={url}' for member, url in self._peer_urls.items())
        command += ['--initial-cluster', members, '--log-level', 'warn']
        self._running[name] = processes.start(command, self._log(name))

    def _kill_all(self) -> None:
        while self._running:
            processes.kill(self._running.popitem()[1])

    def _log(self, name: str) -> Path:
        return self._folder / f'{name}.log'


def put_request(key: bytes, value: bytes) -> bytes:
    """A PutRequest: field 1 is the key, field 2 the value, both bytes."""
    return b'\x0a' + _varint(len(key)) + key + b'\x12' + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)

"""One member of a benchmarked group: muster's Raft machine, its write-ahead log with every sync,
and envelopes over DDS, around a state machine that only counts.

All that a coordinator adds (auctions, leases, skills) is left out, as it is on the peers' side. A
client of muster lives on a robot, so this process is the load, too. It obeys lines of JSON on its
standard input, and answers each with one.

    muster_member.py OWN_NAME NAME,NAME,... FOLDER
"""

from __future__ import annotations

import gc
import json
import math
import os
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.node import Node

from muster.core.allocation.roadmap import Roadmap
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import Persist, Send
from muster.core.coordinator.events import EnvelopeReceived, StorageFailed
from muster.core.coordinator.replica import decode_records, encode_records
from muster.core.coordinator.wire import decode_message, encode_message
from muster.core.raft import Entry, Message, NotLeaderError, RaftConfig, RaftNode
from muster.ros.event_log import EventLog
from muster.ros.fuse import Fuse
from muster.ros.mail import Mail
from muster.ros.robot import SWITCH_S
from muster.ros.steady import steady_now
from muster.runtime.log_writer import LogWriter, Outcome
from muster.runtime.wal import WriteAheadLog

COMMAND_BYTES = 200
COMPACT_EVERY = 50_000
"""The state is but a number: if it took the log's place as often as a ledger does, a follower that
lags would be spared the entries, and that would not be fair."""
PATIENCE_S = 0.05


class Member:
    """One process of the group.

    Parameters
    ----------
    names : all members, `me` among them.
    """

    def __init__(self, me: str, names: tuple[str, ...], folder: Path) -> None:
        self._node = Node('coordinator', namespace=f'/{me}')
        fuse = Fuse(self._node.get_logger(), folder / f'{me}.crash.txt')
        raft_config = RaftConfig(me=me, voters=names, compact_every=COMPACT_EVERY)
        config = CoordinatorConfig(
            me=me,
            team='bench',
            squads=dict.fromkeys(names, 'all'),
            capabilities=dict.fromkeys(names, ()),
            skills={},
            roadmap=Roadmap({}, ()),
            raft=raft_config,
        )
        log = WriteAheadLog(folder / me, f'bench/{me}')
        records: Any = decode_records(log.read())
        self.raft = RaftNode(raft_config, records, random.Random(), steady_now())
        self._mail = Mail(self._node, config, fuse, EventLog(self._node, me), self._on_envelope)
        self._executor = EventsExecutor()
        self._executor.add_node(self._node)
        self._outcomes: deque[Outcome] = deque()
        self._writer = LogWriter(log, self._on_outcome)
        self.applied = self.raft.commit_index
        self.commands = 0
        """Applied by this process."""
        self._submitted: list[tuple[bytes, Callable[[int], None]]] = []
        self._awaited: dict[int, Callable[[int], None]] = {}

    def wake(self) -> None:
        """End a sleep of `spin_once`; from any thread."""
        self._executor.create_task(lambda: None)

    def spin_once(self, timeout_s: float) -> None:
        """Let one thing happen, or nothing for a while."""
        due = self.raft.next_tick() - steady_now()
        self._executor.spin_once(timeout_sec=max(0.0, min(timeout_s, due)))
        now = steady_now()
        if now >= self.raft.next_tick():
            self.raft.tick(now)
            self.perform()

    def propose(self, commands: Sequence[bytes]) -> int:
        """Index of the last; NotLeaderError when another leads."""
        indices = self.raft.propose(commands, steady_now())
        self.perform()
        return indices[-1]

    def submit(self, command: bytes, on_outcome: Callable[[int], None]) -> None:
        """Propose a command at the next `flush`, and tell its index once it is applied."""
        self._submitted.append((command, on_outcome))

    def flush(self) -> None:
        """Propose what was submitted; NotLeaderError when another leads."""
        if self._submitted:
            submitted, self._submitted = self._submitted, []
            indices = self.raft.propose([command for command, _ in submitted], steady_now())
            callbacks = (on_outcome for _, on_outcome in submitted)
            self._awaited.update(zip(indices, callbacks, strict=True))
            self.perform()

    def forget_outcomes(self) -> None:
        self._awaited.clear()

    def perform(self) -> None:
        """Do what the machine wants, until it wants nothing."""
        while not (ready := self.raft.ready()).is_empty:
            self._send(ready.messages)
            if ready.records:
                records = encode_records(ready.records)
                self._writer.submit(Persist(ready.sequence, records, ready.is_checkpoint))
            if ready.snapshot is not None:
                self.applied = ready.snapshot.index
            if ready.committed:
                self._apply(ready.committed)

    def _send(self, messages: Sequence[tuple[str, Message]]) -> None:
        encoded: tuple[Message, tuple[str, bytes]] | None = None
        for recipient, message in messages:
            if encoded is None or encoded[0] is not message:
                encoded = message, encode_message(message)
            self._mail.send(Send(recipient, *encoded[1]))

    def _apply(self, entries: Sequence[Entry]) -> None:
        self.applied = entries[-1].index
        for entry in entries:
            if entry.data:
                self.commands += 1
            if (on_outcome := self._awaited.pop(entry.index, None)) is not None:
                on_outcome(entry.index)
        if self.applied - self.raft.log.snapshot.index >= COMPACT_EVERY:
            self.raft.compact(self.applied, b'%d' % self.commands, COMPACT_EVERY // 4)

    def _on_envelope(self, event: EnvelopeReceived) -> None:
        message: Any = decode_message(event.kind, event.payload)
        self.raft.step(event.sender, message, steady_now())
        self.perform()

    def _on_outcome(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        self._executor.create_task(self._drain)

    def _drain(self) -> None:
        while self._outcomes:
            outcome = self._outcomes.popleft()
            if isinstance(outcome, StorageFailed):
                sys.exit(outcome.reason)
            self.raft.persisted(outcome.sequence, steady_now())
            self.perform()


def main() -> int:
    me, names, folder = sys.argv[1:]
    rclpy.init()
    member = Member(me, tuple(names.split(',')), Path(folder))
    gc.collect()
    gc.freeze()  # as a robot does, and the next
    sys.setswitchinterval(SWITCH_S)
    requests: deque[list[Any]] = deque()
    threading.Thread(target=_read_requests, args=(requests, member.wake), daemon=True).start()
    while True:
        member.spin_once(math.inf)
        while requests:
            name, *arguments = requests.popleft()
            print(json.dumps(_answer(member, name, arguments)), flush=True)


def _read_requests(requests: deque[list[Any]], wake: Callable[[], None]) -> None:
    for line in sys.stdin:
        requests.append(json.loads(line))
        wake()
    os._exit(0)


def _answer(member: Member, name: str, arguments: list[Any]) -> dict[str, Any]:
    try:
        return {'result': REQUESTS[name](member, *arguments)}
    except NotLeaderError as error:
        return {'error': str(error)}


def status(member: Member) -> dict[str, Any]:
    return {
        'is_leader': member.raft.is_leader and member.raft.is_settled,
        'term': member.raft.term,
        'applied': member.applied,
    }


def latencies(member: Member, count: int) -> list[float]:
    """Commands one after another [s each]."""
    measured = []
    data = os.urandom(COMMAND_BYTES)
    for _ in range(count):
        began = time.perf_counter()
        wanted = member.propose([data])
        while member.applied < wanted:
            member.spin_once(PATIENCE_S)
        measured.append(time.perf_counter() - began)
    return measured


def throughput(member: Member, window: int, size_bytes: int, seconds: float) -> float:
    """Commands per second, with so many of them under way at any time. Each is a command of its
    own, handed over by a call of its own, and each is told its own outcome."""
    committed, under_way = 0, 0
    stem = os.urandom(size_bytes - 8)

    def on_outcome(index: int) -> None:
        nonlocal committed, under_way
        committed += 1
        under_way -= 1

    began = time.perf_counter()
    number = 0
    while (took := time.perf_counter() - began) < seconds:
        while under_way < window:
            number += 1
            under_way += 1
            member.submit(stem + number.to_bytes(8, 'little'), on_outcome)
        member.flush()
        member.spin_once(PATIENCE_S)
    member.forget_outcomes()
    return committed / took


def first_commit(member: Member) -> float | None:
    """Wait until this member leads and a command of its own is committed; when that was, by a
    clock that all processes share. None when another leads first."""
    deposed = member.raft.leader
    while member.raft.leader in ('', deposed):
        member.spin_once(PATIENCE_S)
    while member.raft.is_leader:
        try:
            wanted = member.propose([b'first'])
        except NotLeaderError:
            break
        while member.applied < wanted and member.raft.is_leader:
            member.spin_once(PATIENCE_S)
        if member.raft.is_leader:
            return time.monotonic()
    return None


REQUESTS: dict[str, Callable[..., Any]] = {
    'status': status,
    'latencies': latencies,
    'throughput': throughput,
    'first_commit': first_commit,
}

if __name__ == '__main__':
    sys.exit(main())

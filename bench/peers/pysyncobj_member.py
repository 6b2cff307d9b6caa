"""One member of a PySyncObj group, told what to do by lines of JSON on its standard input.

It answers each line by one on its standard output. Clients of PySyncObj live in a member's
process, so this process is the load, too. It ticks PySyncObj itself (`autoTick` off) rather than
leave that to a thread of PySyncObj's: two threads would contend for the interpreter, and it
commits more without.

    pysyncobj_member.py JOURNAL_FILE BATCH OWN_ADDRESS OTHER_ADDRESS...
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
import traceback
from typing import Any

from pysyncobj import FAIL_REASON, SyncObj, SyncObjConf, replicated

IDLE_TICK_S = 0.05
"""PySyncObj's own default."""
PATIENCE_S = 30.0
PROBE_PERIOD_S = 0.005
LOST_AFTER_S = 1.0
"""When a leader is deposed, PySyncObj never tells what became of the commands that it held."""
COMMAND_BYTES = 200


class Tally(SyncObj):
    """A replicated object that counts the commands applied to it."""

    def __init__(self, journal: str, batch: bool, address: str, others: list[str]) -> None:
        self.applied = 0
        self.succeeded = 0
        self.settled = 0
        config = SyncObjConf(
            autoTick=False,
            appendEntriesUseBatch=batch,
            journalFile=journal,
            fullDumpFile=f'{journal}.dump',  # a journal that was compacted is of no use without
        )
        super().__init__(address, others, config)

    @replicated
    def apply(self, command: bytes) -> None:
        self.applied += 1

    def submit(self, command: bytes) -> None:
        self.apply(command, callback=self._on_outcome)

    def tick(self, patience_s: float) -> None:
        """As a thread of PySyncObj would: an exception is logged, and the next tick may do
        better."""
        try:
            self.doTick(patience_s)
        except Exception:
            traceback.print_exc()
            time.sleep(IDLE_TICK_S)

    def _on_outcome(self, _: object, reason: int) -> None:
        self.settled += 1
        if reason == FAIL_REASON.SUCCESS:
            self.succeeded += 1


def status(tally: Tally) -> dict[str, Any]:
    """What PySyncObj says of itself."""
    told = tally.getStatus()
    leader = told['leader']
    return {
        'leader': str(leader) if leader is not None else None,
        'term': told['raft_term'],
        'applied': told['last_applied'],
    }


def latencies(tally: Tally, count: int) -> list[float]:
    """Seconds from handing a command over until it is applied, one after the other."""
    command = b'x' * COMMAND_BYTES
    samples = []
    for _ in range(count):
        target = tally.succeeded + 1
        began = time.perf_counter()
        tally.submit(command)
        while tally.succeeded < target:
            tally.tick(IDLE_TICK_S)
            if time.perf_counter() - began > PATIENCE_S:
                raise RuntimeError(f'a command was not committed within {PATIENCE_S:.0f} s')
        samples.append(time.perf_counter() - began)
    return samples


def throughput(tally: Tally, window: int, size_bytes: int, seconds: float) -> float:
    """Commands that succeeded per second, with so many outstanding."""
    command = b'x' * size_bytes
    first = tally.succeeded
    outstanding, settled = 0, tally.settled
    now = began = heard_at = time.perf_counter()
    while now - began < seconds:
        for _ in range(window - outstanding):
            tally.submit(command)
        tally.tick(0.0)
        now = time.perf_counter()
        if tally.settled > settled:
            heard_at = now
        outstanding = window - (tally.settled - settled)
        settled = tally.settled
        if now - heard_at > LOST_AFTER_S:
            outstanding, heard_at = 0, now
    return (tally.succeeded - first) / (now - began)


def first_commit(tally: Tally) -> float:
    """Submit again and again until something is committed; the time of that, on the clock that
    all processes of this machine share."""
    first = tally.succeeded
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        tally.submit(b'x' * COMMAND_BYTES)
        tally.tick(PROBE_PERIOD_S)
        if tally.succeeded > first:
            return time.monotonic()
    raise RuntimeError(f'nothing was committed within {PATIENCE_S:.0f} s')


REQUESTS = {
    'status': status,
    'latencies': latencies,
    'throughput': throughput,
    'first_commit': first_commit,
}


def serve(tally: Tally) -> None:
    """Tick, and do what is asked, until the standard input ends."""
    unread = b''
    while True:
        tally.tick(IDLE_TICK_S)
        if not select.select([sys.stdin], [], [], 0)[0]:
            continue
        received = os.read(sys.stdin.fileno(), 65536)
        if not received:
            return
        *lines, unread = (unread + received).split(b'\n')
        for line in lines:
            name, *arguments = json.loads(line)
            try:
                answer = {'result': REQUESTS[name](tally, *arguments)}
            except RuntimeError as error:
                answer = {'error': str(error)}
            print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    serve(Tally(sys.argv[1], sys.argv[2] == 'batch', sys.argv[3], sys.argv[4:]))

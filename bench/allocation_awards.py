"""How fast, and for how many bytes, five real robots award work."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from award_team import AwardTeam

LATENCIES = 200
"""Tasks asked for one after the other."""
BURST = 500
BATCH = 50
BATCHES = 6
IDLE_S = 3.0


@dataclass(frozen=True)
class Awards:
    """What a team of five came to."""

    latencies_ms: tuple[float, ...]
    """From asking for a task to hearing of its award, one at a time."""
    tasks_per_second: float
    """Awards of a burst, from its first request to its last award."""
    bytes_per_task: float
    """All that robots said to each other about batches, beside what they say when idle."""


def measure(folder: Path, domain: int, tell: Callable[[str], None], share: float = 1.0) -> Awards:
    """Measure everything with one team after the other; `share` of the tasks."""
    latencies = _measured(folder, domain, lambda team: _latencies(team, round(LATENCIES * share)))
    tell(f'  award latency: {sorted(latencies)[len(latencies) // 2]:.1f} ms at the median')
    rate = _measured(folder, domain, lambda team: _rate(team, round(BURST * share)))
    tell(f'  burst: {rate:.0f} tasks a second')
    size = _measured(folder, domain, _bytes)
    tell(f'  {size:.0f} bytes a task')
    return Awards(tuple(latencies), rate, size)


def _measured(folder: Path, domain: int, work: Callable[[AwardTeam], object]) -> object:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with AwardTeam(folder, domain) as team:
        team.spin(1.0)
        return work(team)


def _latencies(team: AwardTeam, count: int) -> list[float]:
    taken = []
    for number in range(count):
        request_id = f'one {number}'
        asked_at = team.submit([request_id])
        team.until(lambda name=request_id: name in team.awarded_at, f'the award of {request_id}')
        taken.append(1000.0 * (team.awarded_at[request_id] - asked_at))
        team.spin(0.02)
    return taken


def _rate(team: AwardTeam, count: int) -> float:
    names = [f'burst {number}' for number in range(count)]
    asked_at = team.submit(names)
    team.until(lambda: len(team.awarded_at) == count, f'all {count} awards of a burst')
    return count / (max(team.awarded_at.values()) - asked_at)


def _bytes(team: AwardTeam) -> float:
    team.count_bytes()
    team.spin(1.0)
    before = team.bytes_heard
    team.spin(IDLE_S)
    idle_rate = (team.bytes_heard - before) / IDLE_S
    before, began = team.bytes_heard, time.monotonic()
    for batch in range(BATCHES):
        names = [f'batch {batch} {number}' for number in range(BATCH)]
        team.submit(names)
        wanted = BATCH * (batch + 1)
        team.until(lambda wanted=wanted: len(team.awarded_at) >= wanted, 'the awards of a batch')
        team.spin(0.3)
    seconds = time.monotonic() - began
    return (team.bytes_heard - before - idle_rate * seconds) / (BATCH * BATCHES)

"""How fast, and for how many bytes, five real robots award work.

Figures, aims, and how each is measured: `README.md` in this folder.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aims import Aim, Bound
from award_team import AwardTeam, TeamError
from harness import Report, parser, percentile, publish

LATENCIES = 200
"""Tasks asked for one after the other."""
BURST = 500
BATCH = 50
BATCHES = 6
IDLE_S = 3.0
FOLDER = Path(__file__).resolve().parents[1] / 'build' / 'bench' / 'awards'
AIMS = {
    'award_latency_ms_p50': Aim(Bound.AT_MOST, 20.0),
    'award_latency_ms_p99': Aim(Bound.AT_MOST, 60.0),
    'tasks_per_second_ros': Aim(Bound.AT_LEAST, 200.0),
    'bytes_per_task': Aim(Bound.AT_MOST, 600.0),
}
Measured = TypeVar('Measured')


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


def _measured(folder: Path, domain: int, work: Callable[[AwardTeam], Measured]) -> Measured:
    """Something, with a team of its own."""
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


def report(awards: Awards) -> Report:
    """The table, with the aims."""
    latencies = sorted(awards.latencies_ms)
    figures = {
        'award_latency_ms_p50': percentile(latencies, 50),
        'award_latency_ms_p99': percentile(latencies, 99),
        'tasks_per_second_ros': awards.tasks_per_second,
        'bytes_per_task': awards.bytes_per_task,
    }
    made = Report(
        'awards',
        'Awards by five robots on real DDS, every write synced',
        ('figure', 'value', 'aim', 'met'),
    )
    for name, value in figures.items():
        aim = AIMS[name]
        made.row(name, f'{value:.3g}', str(aim), 'yes' if aim.is_met_by(value) else 'NO')
    made.figures.update(figures)
    made.notes += [
        'Latency: from publishing a request to hearing of its award, one task at a time.',
        f'Tasks a second: a burst of {BURST}, from its first request to its last award.',
        'Schedules hold them all, and nothing is begun.',
        f'Bytes: envelopes between robots for batches of {BATCH}, beside what is said when idle.',
        'All robots and the operator share this machine: its processors are the limit.',
    ]
    made.more['award_latency_ms'] = [round(one, 2) for one in latencies]
    return made


def main() -> int:
    options = parser(__doc__.split('\n\n')[0].replace('\n', ' '))
    options.add_argument('--domain', type=int, default=93, help='ROS domain to use, by default 93')
    options.add_argument(
        '--folder', type=Path, default=FOLDER, help='for the logs, by default build/bench/awards'
    )
    chosen = options.parse_args()

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        awards = measure(chosen.folder, chosen.domain, tell, 0.2 if chosen.quick else 1.0)
    except TeamError as error:
        tell(str(error))
        return 1
    publish(report(awards), chosen.json)
    return 0


if __name__ == '__main__':
    sys.exit(main())

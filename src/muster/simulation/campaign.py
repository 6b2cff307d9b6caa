"""Many runs: spread over the cores, with progress, stopping at the first seed that fails.

The failing seed is run again with ever fewer faults, so that what is printed is short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from muster.simulation import shrink
from muster.simulation.crew import results_of
from muster.simulation.run import RunResult, TeamRun


class CampaignResult(msgspec.Struct, frozen=True, kw_only=True):
    """What many runs came to."""

    runs: int
    failure: RunResult | None
    """The first failing run by seed, shrunk; None when every promise held in every run."""
    events: int
    executions: int
    handovers: int
    elections: int
    charges: int
    dock_waits: int
    tasks: dict[str, int]
    bites: dict[str, int]
    worst_wait_s: float


def run_campaign(
    seeds: Iterable[int],
    robots: int = 5,
    seconds: float = 60.0,
    jobs: int = 1,
    on_progress: Callable[[int, RunResult], None] = lambda done, result: None,
) -> CampaignResult:
    """Run a team once per seed.

    Parameters
    ----------
    jobs : processes to spread the runs over.
    on_progress : called after every run with the number of runs so far and its result.
    """
    total: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    bites: Counter[str] = Counter()
    worst = 0.0
    failure: RunResult | None = None
    done = 0
    for result in results_of(_run_one, ((seed, robots, seconds) for seed in seeds), jobs):
        done += 1
        for name in ('events', 'executions', 'handovers', 'elections', 'charges', 'dock_waits'):
            total[name] += getattr(result, name)
        tasks.update(result.tasks)
        bites.update(result.bites)
        worst = max(worst, result.worst_wait_s)
        on_progress(done, result)
        if result.violation:
            failure = shrink_failure(result)
            break
    return CampaignResult(
        runs=done,
        failure=failure,
        events=total['events'],
        executions=total['executions'],
        handovers=total['handovers'],
        elections=total['elections'],
        charges=total['charges'],
        dock_waits=total['dock_waits'],
        tasks=dict(tasks),
        bites=dict(bites),
        worst_wait_s=worst,
    )


def shrink_failure(result: RunResult) -> RunResult:
    """The same failure with as few faults as possible; the run itself if it does not repeat."""
    return shrink.shrink_failure(
        result,
        lambda faults: TeamRun(result.seed, result.robots, result.seconds, faults).run(),
    )


def _run_one(job: tuple[int, int, float]) -> RunResult:
    return TeamRun(*job).run()

"""Many runs: spread over the cores, with progress, stopping at the first seed that fails.

The failing seed is run again with ever fewer faults, so that what is printed is short.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from muster.simulation.faults import Fault
from muster.simulation.run import RunResult, TeamRun
from muster.simulation.shrink import shrink_schedule


class CampaignResult(msgspec.Struct, frozen=True, kw_only=True):
    """What many runs came to."""

    runs: int
    failure: RunResult | None
    """The first failing run by seed, shrunk; None when every promise held in every run."""
    events: int
    executions: int
    handovers: int
    elections: int
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
    for result in _results([(seed, robots, seconds) for seed in seeds], jobs):
        done += 1
        for name in ('events', 'executions', 'handovers', 'elections'):
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
        tasks=dict(tasks),
        bites=dict(bites),
        worst_wait_s=worst,
    )


def shrink_failure(result: RunResult) -> RunResult:
    """The same failure with as few faults as possible; the run itself if it does not repeat."""
    promise = result.violation.split(' at ')[0]
    smallest = result

    def still_fails(faults: tuple[Fault, ...]) -> bool:
        nonlocal smallest
        again = TeamRun(result.seed, result.robots, result.seconds, faults).run()
        if again.violation.split(' at ')[0] == promise:
            smallest = again
            return True
        return False

    shrink_schedule(result.faults, still_fails)
    return smallest


def _run_one(job: tuple[int, int, float]) -> RunResult:
    return TeamRun(*job).run()


def _results(jobs: list[tuple[int, int, float]], processes: int) -> Iterator[RunResult]:
    """Results in the order of the jobs."""
    if processes <= 1:
        yield from map(_run_one, jobs)
        return
    with multiprocessing.get_context('spawn').Pool(processes) as pool:
        yield from pool.imap(_run_one, jobs, chunksize=1)

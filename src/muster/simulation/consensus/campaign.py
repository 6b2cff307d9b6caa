"""Many runs of groups: spread over the cores, with progress, stopping at the first seed that
fails, which is run again with ever fewer faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from muster.simulation import shrink
from muster.simulation.consensus.run import SECONDS, GroupResult, GroupRun
from muster.simulation.crew import results_of


class GroupCampaignResult(msgspec.Struct, frozen=True, kw_only=True):
    """What many runs came to."""

    runs: int
    failure: GroupResult | None
    """The first failing run by seed, shrunk; None when every promise held in every run."""
    events: int
    elections: int
    commands: int
    requests: dict[str, int]
    bites: dict[str, int]
    worst_recovery_s: float


def run_group_campaign(
    seeds: Iterable[int],
    members: int | None = None,
    seconds: float = SECONDS,
    jobs: int = 1,
    on_progress: Callable[[int, GroupResult], None] = lambda done, result: None,
) -> GroupCampaignResult:
    """Run a group once per seed, until the seeds end or a run fails.

    Parameters
    ----------
    members : by default a run's seed decides.
    jobs : processes to spread the runs over.
    on_progress : called after every run with the number of runs so far and its result.
    """
    total: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    bites: Counter[str] = Counter()
    worst = 0.0
    failure: GroupResult | None = None
    done = 0
    for result in results_of(_run_one, ((seed, members, seconds) for seed in seeds), jobs):
        done += 1
        for name in ('events', 'elections', 'commands'):
            total[name] += getattr(result, name)
        requests.update(result.requests)
        bites.update(result.bites)
        worst = max(worst, result.recovery_s)
        on_progress(done, result)
        if result.violation:
            failure = shrink_group_failure(result)
            break
    return GroupCampaignResult(
        runs=done,
        failure=failure,
        events=total['events'],
        elections=total['elections'],
        commands=total['commands'],
        requests=dict(sorted(requests.items())),
        bites=dict(sorted(bites.items())),
        worst_recovery_s=worst,
    )


def shrink_group_failure(result: GroupResult) -> GroupResult:
    """The same failure with as few faults as possible; the run itself if it does not repeat."""
    return shrink.shrink_failure(
        result,
        lambda faults: GroupRun(result.seed, result.members, result.seconds, faults).run(),
    )


def _run_one(job: tuple[int, int | None, float]) -> GroupResult:
    return GroupRun(*job).run()

"""Runs spread over processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.pool import AsyncResult
from typing import TypeVar

Job = TypeVar('Job')
Result = TypeVar('Result')

AHEAD = 4
"""Runs under way or done per process, beyond the one that is waited for."""


def results_of(
    run: Callable[[Job], Result], jobs: Iterable[Job], processes: int
) -> Iterator[Result]:
    """Results in the order of the jobs, of which there may be endlessly many.

    `run` must be a function of a module, and jobs and results must be fit for pickling.
    """
    if processes <= 1:
        yield from map(run, jobs)
        return
    with multiprocessing.get_context('spawn').Pool(processes, _ignore_interrupt) as pool:
        under_way: deque[AsyncResult[Result]] = deque()
        for job in jobs:
            under_way.append(pool.apply_async(run, (job,)))
            if len(under_way) > AHEAD * processes:
                yield under_way.popleft().get()
        while under_way:
            yield under_way.popleft().get()


def _ignore_interrupt() -> None:
    """Ctrl-C reaches all processes of a terminal; the one that leads ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

"""What muster's seconds are: of the wall, as a team has them, or of the processor.

On a machine that does nothing else the two are the same. On one that does, only the second can be
compared with the solvers' seconds, which are always of the processor.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import perf_counter, process_time
from typing import Generic, TypeVar

T = TypeVar('T')

UNDISTURBED = 0.97
"""Share of the wall's time that a run must have had a processor to itself."""


class Clock(Enum):
    """Of the wall or of the processor."""

    WALL = 'wall'
    PROCESSOR = 'processor'

    def now(self) -> float:
        """[s] since some moment."""
        return perf_counter() if self is Clock.WALL else process_time()


@dataclass(frozen=True)
class Timed(Generic[T]):
    """What a run came to, and how long it took."""

    result: T
    seconds: float
    processor_share: float
    """Of the wall's time. Less than one where something else ran on the processor."""


def timed(run: Callable[[], T], clock: Clock) -> Timed[T]:
    """Run once."""
    gc.collect()
    wall, processor, began = perf_counter(), process_time(), clock.now()
    result = run()
    seconds = clock.now() - began
    share = (process_time() - processor) / max(perf_counter() - wall, 1e-9)
    return Timed(result, seconds, share)


def least_disturbed(run: Callable[[], T], clock: Clock, attempts: int) -> Timed[T]:
    """Run until nothing else is in the way, at most so often; the least disturbed run counts.

    One run is enough by the processor's clock, which others do not advance.
    """
    runs = [timed(run, clock)]
    while clock is Clock.WALL and len(runs) < attempts:
        if runs[-1].processor_share >= UNDISTURBED:
            break
        runs.append(timed(run, clock))
    return max(runs, key=lambda one: one.processor_share)

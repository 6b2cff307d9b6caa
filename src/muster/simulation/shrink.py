"""Finding the few faults that matter in a failing run.

Delta debugging (Zeller and Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, 2002):
leave out ever smaller parts of the schedule for as long as the run still breaks the same promise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

Fault = TypeVar('Fault')
AnyFault = TypeVar('AnyFault', covariant=True)


class Verdict(Protocol[AnyFault]):
    """What a run came to."""

    @property
    def faults(self) -> tuple[AnyFault, ...]: ...

    @property
    def violation(self) -> str:
        """Which promise was broken, at what time and how; empty when none was."""


Result = TypeVar('Result', bound=Verdict[object])


def shrink_failure(result: Result, run: Callable[[tuple[Any, ...]], Result]) -> Result:
    """The same failure with as few faults as possible; the run itself if it does not repeat.

    `run` makes the run again with the faults that it is given.
    """
    promise = promise_of(result)
    smallest = result

    def still_fails(faults: tuple[object, ...]) -> bool:
        nonlocal smallest
        again = run(faults)
        if promise_of(again) == promise:
            smallest = again
            return True
        return False

    shrink_schedule(result.faults, still_fails)
    return smallest


def promise_of(result: Verdict[object]) -> str:
    """Which promise was broken."""
    return result.violation.split(' at ')[0]


def shrink_schedule(
    faults: Sequence[Fault], still_fails: Callable[[tuple[Fault, ...]], bool]
) -> tuple[Fault, ...]:
    """A schedule from which no single fault can be left out without the failure going away.

    `still_fails` runs a schedule; it is called with at most about n^2 / 2 schedules for n faults.
    """
    kept = tuple(faults)
    parts = 2
    while kept:
        size = max(1, len(kept) // parts)
        for start in range(0, len(kept), size):
            fewer = kept[:start] + kept[start + size :]
            if still_fails(fewer):
                kept = fewer
                parts = max(parts - 1, 2)
                break
        else:
            if size == 1:
                return kept
            parts = min(len(kept), parts * 2)
    return kept

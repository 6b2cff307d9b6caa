"""All promises that a recorded run can show, checked at once."""

from __future__ import annotations

from muster.invariants.completeness import check_completeness
from muster.invariants.exactly_once import check_exactly_once
from muster.invariants.nothing_lost import check_nothing_lost
from muster.invariants.progress import ProgressBounds, check_progress
from muster.invariants.record import History
from muster.invariants.single_execution import check_single_execution
from muster.invariants.verdict import Verdict


def check_all(
    history: History, bounds: ProgressBounds, command_timeout_s: float = 0.5
) -> tuple[Verdict, ...]:
    """Verdicts on I1 to I4, and on the completeness of the record that they rest on."""
    return (
        check_single_execution(history, command_timeout_s),
        check_nothing_lost(history),
        check_exactly_once(history),
        check_progress(history, bounds),
        check_completeness(history),
    )

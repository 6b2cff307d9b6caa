"""Percentiles of what happened lately."""

from __future__ import annotations

import math

import pytest

from muster.runtime.latency import LatencySummary, LatencyWindow


class Watch:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_percentiles_are_durations_that_were_measured(watch: Watch) -> None:
    window = LatencyWindow(clock=watch)
    for hundredths in range(100, 0, -1):
        window.add(hundredths / 100)
    assert window.summary() == LatencySummary(100, 0.5, 0.99, 1.0)


def test_nothing_measured_is_no_number(watch: Watch) -> None:
    summary = LatencyWindow(clock=watch).summary()
    assert summary.count == 0
    assert all(math.isnan(one) for one in (summary.p50_s, summary.p99_s, summary.max_s))


def test_only_the_newest_are_kept_but_all_are_counted(watch: Watch) -> None:
    window = LatencyWindow(size=2, clock=watch)
    for seconds in (9.0, 1.0, 2.0):
        window.add(seconds)
    assert window.summary() == LatencySummary(3, 1.0, 2.0, 2.0)


def test_what_is_long_over_can_be_left_out(watch: Watch) -> None:
    window = LatencyWindow(clock=watch)
    window.add(5.0)
    watch.now += 60.0
    window.add(0.1)
    assert window.summary(within_s=60.0).max_s == 5.0
    watch.now += 0.5
    assert window.summary(within_s=60.0) == LatencySummary(2, 0.1, 0.1, 0.1)
    watch.now += 60.0
    assert math.isnan(window.summary(within_s=60.0).p50_s)
    assert window.summary().max_s == 5.0

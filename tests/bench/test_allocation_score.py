"""The judge of the allocation benchmark: what it counts, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from routing.instance import Instance, plain
from routing.score import score


@pytest.fixture
def line() -> Instance:
    """Two robots at 0 and 10 on a line, tasks at 1, 4, 9."""
    at = np.array([0.0, 10.0, 1.0, 4.0, 9.0])
    return plain('line', 0, np.abs(at[:, None] - at[None, :]), robots=2)


def test_ways_are_added_up_from_each_start_and_nobody_goes_home(line: Instance) -> None:
    judged = score(line, [[0, 1], [2]])
    assert (judged.travel_s, judged.makespan_s, judged.is_sound) == (5.0, 4.0, True)


def test_work_counts_for_the_makespan_and_not_as_a_way(line: Instance) -> None:
    judged = score(replace(line, work_s=np.array([2.0, 3.0, 0.0])), [[0, 1], [2]])
    assert (judged.travel_s, judged.makespan_s) == (5.0, 9.0)


def test_robots_wait_for_windows_and_for_one_another(line: Instance) -> None:
    waits = replace(line, opens=np.array([0.0, 0.0, 7.0]), precedences=np.array([[2, 0]]))
    assert score(waits, [[0, 1], [2]]).makespan_s == 10.0


def test_a_plan_that_ends_late_is_refused(line: Instance) -> None:
    due = replace(line, closes=np.array([np.inf, 3.5, np.inf]))
    assert score(due, [[0, 1], [2]]).faults == ('task 1 ends 0.500 s late',)
    assert score(replace(line, closes=np.array([np.inf, 4.0, 1.0])), [[0, 1], [2]]).is_sound


def test_a_plan_whose_robots_wait_for_each_other_for_ever_is_refused(line: Instance) -> None:
    crossed = replace(line, precedences=np.array([[1, 2], [2, 0]]))
    assert score(crossed, [[0, 1], [2]]).faults == ('tasks [0, 1, 2] wait for one another',)


@pytest.mark.parametrize(
    ('routes', 'fault'),
    [
        ([[0, 1], []], '1 tasks left out: [2]'),
        ([[0, 1], [2, 0]], 'task 0 is done 2 times'),
        ([[0, 1, 2]], '1 routes for 2 robots'),
    ],
)
def test_each_task_is_done_once(line: Instance, routes: list[list[int]], fault: str) -> None:
    assert score(line, routes).faults == (fault,)


def test_nobody_takes_more_than_the_limit(line: Instance) -> None:
    loaded = replace(line, load=np.array([2.0, 3.0, 1.0]), load_limit=4.0)
    assert score(loaded, [[0], [2, 1]]).is_sound
    assert score(loaded, [[0, 1], [2]]).faults == ('robot 0 takes 5, its limit is 4',)

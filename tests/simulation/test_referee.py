"""The referee has teeth: coordinators that are wrong in one way each are found, and found quickly.

Breaks that only show up in rare schedules are held against the core's own tests instead, and
breaks of Raft also against the simulation of groups, which is harder on it.
"""

from __future__ import annotations

import pytest

from muster.simulation.campaign import shrink_failure
from muster.simulation.faults import DiskFailure, Fault
from muster.simulation.run import RunResult, TeamRun

from . import broken_coordinators as broken

ROBOTS = 5
FEW, MANY = 60, 400
"""Runs in which a break must show. Which of them it is changes with everything that robots say, so
these are several times what is usual."""


def first_failure(seeds: range, faults: tuple[Fault, ...] | None = None) -> RunResult | None:
    for seed in seeds:
        result = TeamRun(seed, ROBOTS, faults=faults).run()
        if result.violation:
            return result
    return None


def assert_is_caught(
    promises: tuple[str, ...], seeds: range, faults: tuple[Fault, ...] | None = None
) -> None:
    result = first_failure(seeds, faults)
    assert result is not None, f'not found in {len(seeds)} runs'
    assert result.violation.startswith(promises), result.violation
    assert result.trace[-1].endswith(result.violation)


EXCLUSION = ('I1', 'I6')
PROGRESS = ('I4', 'I2')
AGREEMENT = ('I5',)
ENERGY = ('energy',)


@pytest.mark.parametrize(
    ('how', 'promises'),
    [
        (broken.releases_too_early, EXCLUSION),
        (broken.never_releases, PROGRESS),
        (broken.works_without_authority, (*EXCLUSION, *ENERGY)),
        (broken.makes_claims_once, PROGRESS),
        (broken.charges_out_of_turn, ENERGY),
        (broken.leaves_a_dock_too_early, ENERGY),
        (broken.trusts_its_battery, (*ENERGY, *PROGRESS)),
        (broken.makes_two_tasks_of_a_request, ('I3',)),
        (broken.forgets_its_vote, AGREEMENT),
        (broken.elects_anybody, AGREEMENT),
        (broken.needs_only_half, AGREEMENT),
    ],
    ids=lambda one: getattr(one, '__name__', None),
)
def test_a_broken_coordinator_is_caught(
    how: broken.Break, promises: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    how(monkeypatch)
    assert_is_caught(promises, range(FEW))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ('how', 'promises'),
    [
        (broken.forgets_former_leaders, EXCLUSION),
        (broken.speaks_at_once_after_a_restart, EXCLUSION),
        (broken.votes_twice, AGREEMENT),
    ],
    ids=lambda one: getattr(one, '__name__', None),
)
def test_a_subtly_broken_coordinator_is_caught(
    how: broken.Break, promises: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    how(monkeypatch)
    assert_is_caught(promises, range(MANY))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_robot_that_stays_when_its_disk_fails_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    broken.stays_when_its_disk_fails(monkeypatch)
    faults = tuple(
        DiskFailure(8.0 + 3.0 * number, 52.0 - 3.0 * number, f'robot_{number + 1}')
        for number in range(2)
    )
    assert_is_caught(PROGRESS, range(MANY), faults)


def test_a_failure_is_shrunk_to_the_faults_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    broken.releases_too_early(monkeypatch)
    result = first_failure(range(FEW))
    assert result is not None
    smallest = shrink_failure(result)
    assert smallest.violation.split(' at ')[0] == result.violation.split(' at ')[0]
    assert 0 < len(smallest.faults) < len(result.faults)
    again = TeamRun(result.seed, ROBOTS, faults=smallest.faults).run()
    assert again.violation == smallest.violation

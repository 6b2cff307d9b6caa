"""The referee has teeth: members that are wrong in one way each are found.

Breaks that need a rare coincidence are sought where it is likelier, under schedules that do little
else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from muster.simulation.consensus.campaign import shrink_group_failure
from muster.simulation.consensus.faults import ClockDrift, GroupFault, MembershipChange
from muster.simulation.consensus.run import GroupResult, GroupRun
from muster.simulation.faults import Partition
from muster.simulation.shrink import promise_of

from . import broken_coordinators
from . import broken_members as broken

FEW, MANY = 60, 600
"""Runs in which a break must show. Which of them it is changes with everything that members say,
so these are several times what is usual."""
SECONDS = 20.0
Schedule: TypeAlias = Callable[[int], Sequence[GroupFault] | None]


def anything(seed: int) -> None:
    """The schedule that the seed stands for."""
    return


def exchanges(seed: int) -> list[GroupFault]:
    """All the group is exchanged, again and again, and then the network splits."""
    rng = random.Random(seed)
    sides = (('leader',), ('leader', 'm1'), ('m1', 'm2'), ('leader', 'm4'))
    faults: list[GroupFault] = []
    at = 1.0
    while at < 0.9 * SECONDS:
        faults.append(MembershipChange(at, 0.5, 'exchange several', rng.getrandbits(32)))
        split = Partition(at + rng.uniform(0.0, 0.25), rng.uniform(0.3, 1.2), rng.choice(sides))
        faults.append(split)
        at += rng.uniform(0.6, 1.4)
    return faults


def isolations(seed: int) -> list[GroupFault]:
    """The leader is cut off, again and again, and often its clock is slow."""
    rng = random.Random(seed)
    faults: list[GroupFault] = []
    at = 1.0
    while at < 0.9 * SECONDS:
        is_one_way = rng.random() < 0.3
        faults.append(Partition(at, rng.uniform(0.3, 1.2), ('leader',), is_one_way))
        if rng.random() < 0.5:
            faults.append(ClockDrift(at - 0.5, 1.5, 'leader', share=-1.0))
        at += rng.uniform(0.6, 1.6)
    return faults


def first_failure(seeds: range, members: int, schedule: Schedule = anything) -> GroupResult | None:
    for seed in seeds:
        result = GroupRun(seed, members, SECONDS, schedule(seed)).run()
        if result.violation:
            return result
    return None


def name_of(value: object) -> str | None:
    return getattr(value, '__name__', None)


@pytest.mark.parametrize(
    ('how', 'promises'),
    [
        (broken.reads_without_a_lease, {'lease', 'fresh reads'}),
        (broken.reads_before_it_is_settled, {'fresh reads', 'linearizability'}),
        (broken.answers_reads_at_once, {'fresh reads', 'linearizability'}),
        (broken.counts_itself_before_its_disk, {'quorum'}),
        (broken.acknowledges_before_the_disk, {'durable first'}),
        (broken.takes_any_answer_of_the_disk_for_all, {'durable first', 'quorum'}),
        (broken.applies_what_is_not_committed, {'quorum', 'agreement', 'fresh reads'}),
        (broken.applies_commands_again, {'linearizability'}),
        (broken.leaves_sessions_out_of_snapshots, {'equal states', 'linearizability'}),
        (broken_coordinators.forgets_its_vote, {'agreement', 'durable first', 'authority'}),
        (broken_coordinators.elects_anybody, {'agreement'}),
        (broken_coordinators.needs_only_half, {'agreement', 'lease', 'authority', 'quorum'}),
    ],
    ids=name_of,
)
def test_a_broken_member_is_caught(
    how: broken.Break, promises: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    how(monkeypatch)
    result = first_failure(range(FEW), 5)
    assert result is not None, f'not found in {FEW} runs'
    assert promise_of(result).removesuffix(' broken') in promises, result.violation
    assert result.trace[-1].endswith(result.violation.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ('how', 'schedule', 'promises'),
    [
        (broken.trusts_the_lease_while_it_hands_over, anything, {'lease'}),
        (broken.forgets_that_clocks_drift, isolations, {'lease'}),
        (broken.reads_without_a_round, isolations, {'fresh reads'}),
        (broken.keeps_what_a_snapshot_contradicts, isolations, {'agreement', 'liveness'}),
        (broken.decides_by_the_new_voters_alone, exchanges, {'agreement', 'lease'}),
        (broken.gives_up_a_change_that_it_alone_knows, exchanges, {'liveness'}),
        (broken_coordinators.votes_twice, anything, {'agreement', 'durable first'}),
    ],
    ids=name_of,
)
def test_a_subtly_broken_member_is_caught(
    how: broken.Break,
    schedule: Schedule,
    promises: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    how(monkeypatch)
    result = first_failure(range(MANY), 3, schedule)
    assert result is not None, f'not found in {MANY} runs'
    assert promise_of(result).removesuffix(' broken') in promises, result.violation


@pytest.mark.slow
@pytest.mark.parametrize('schedule', [exchanges, isolations], ids=name_of)
def test_those_schedules_break_no_member_that_is_right(schedule: Schedule) -> None:
    assert first_failure(range(100), 3, schedule) is None


def test_a_failure_is_shrunk_to_the_faults_that_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    broken.reads_without_a_lease(monkeypatch)
    result = first_failure(range(FEW), 3)
    assert result is not None
    smallest = shrink_group_failure(result)
    assert promise_of(smallest) == promise_of(result)
    assert 0 < len(smallest.faults) < len(result.faults)
    again = GroupRun(result.seed, 3, SECONDS, faults=smallest.faults).run()
    assert again.violation == smallest.violation

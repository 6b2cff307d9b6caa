"""Whole runs of groups: functions of their seeds; the faults bite, and the promises are kept."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable

import msgspec
import pytest

from muster.simulation.consensus.campaign import (
    GroupCampaignResult,
    run_group_campaign,
    shrink_group_failure,
)
from muster.simulation.consensus.faults import (
    Absence,
    DiskHang,
    DiskLoss,
    GroupFault,
    MembershipChange,
    Transfer,
)
from muster.simulation.consensus.run import SIZES, GroupResult, GroupRun, size_of
from muster.simulation.faults import Crash, Partition, Stall

FAST = range(48)
SLOW_CHUNKS = [range(start, start + 250) for start in range(1000, 3000, 250)]

BITES = {
    # What is done to a group
    'clock rates changed',
    'crashes',
    'disks that lost acknowledged records',
    'messages cut around a bridge',
    'messages cut by a partition',
    'messages cut on a deaf link',
    'messages cut one way',
    'messages delayed',
    'messages doubled',
    'messages lost',
    'messages reordered',
    'pauses',
    'slow syncs',
    'syncs held up',
    'unsynced records lost',
    'voters that never came back',
    'writes refused',
    'writes torn',
    # What a group is asked for
    'joint memberships committed',
    'leaders removed',
    'learners added',
    'learners promoted',
    'membership changes refused',
    'several voters exchanged at once',
    'transfers done',
    'transfers refused',
    'voters added directly',
    'voters removed',
    # What Raft and its sessions do about it
    'ReadIndex reads served',
    'commands proposed again',
    'forwarded reads served',
    'leaders with a bad disk replaced',
    'lease reads by a clock that is slower than others',
    'lease reads served',
    'logs compacted',
    'proposals forwarded',
    'reads refused',
    'sessions ended by others',
    'snapshots installed in pieces',
    'snapshots installed whole',
}
ENDS = {'definitely not done', 'done', 'not sent', 'read', 'read given up', 'unknown'}


def without_faults(seed: int, members: int) -> GroupResult:
    return GroupRun(seed, members, 10.0, faults=()).run()


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = (GroupRun(6).run() for _ in range(2))
    assert first == second
    assert first.trace != GroupRun(10).run().trace


def test_a_run_does_not_depend_on_the_process_it_is_made_in() -> None:
    """Nor on the order in which Python's sets happen to be."""
    program = (
        'import hashlib; from muster.simulation.consensus.run import GroupRun\n'
        'for seed in range(4):\n'
        '    run = GroupRun(seed).run()\n'
        '    print(hashlib.sha256("\\n".join(run.trace).encode()).hexdigest(), run.events)\n'
    )
    outputs = {
        subprocess.run(
            [sys.executable, '-c', program],
            env=os.environ | {'PYTHONHASHSEED': seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ('1', '2')
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == 4


def test_leaving_out_a_fault_leaves_the_rest_of_the_run_as_it_was() -> None:
    """Until it would have happened: else schedules could not be shrunk."""
    whole = GroupRun(7)
    assert len(whole.faults) > 3
    last = whole.faults[-1]
    fewer = GroupRun(7, faults=whole.faults[:-1])
    traces = [one.run().trace for one in (whole, fewer)]
    until = [[line for line in trace if float(line.split()[0]) < last.at] for trace in traces]
    assert until[0] == until[1]
    assert len(until[0]) > 20


@pytest.mark.parametrize('members', SIZES)
def test_without_faults_one_leader_serves_everybody(members: int) -> None:
    result = without_faults(3, members)
    assert result.violation == ''
    assert result.elections == 1
    assert set(result.requests) <= {'done', 'read', 'definitely not done', 'not sent'}
    assert result.requests['done'] > 50
    assert result.commands >= result.requests['done']
    assert result.recovery_s < 1.0


def test_groups_survive_what_is_done_to_them() -> None:
    """In every run; and every kind of fault and of answer to it occurs in some."""
    total = run_group_campaign(FAST)
    assert total.failure is None, total.failure
    assert BITES - set(+Counter(total.bites)) == set()
    assert ENDS - set(total.requests) == set()
    assert total.elections > 2 * total.runs


def tally(faults: Iterable[GroupFault], members: int) -> Counter[str]:
    result = GroupRun(1, members, 10.0, tuple(faults)).run()
    assert result.violation == ''
    return Counter(result.bites)


def test_a_leader_whose_disk_hangs_is_replaced_by_transfer() -> None:
    bites = tally([DiskHang(3.0, 4.0, ('leader',))], 3)
    assert bites['leaders with a bad disk replaced'] == 1


def test_leadership_is_handed_over_when_it_is_asked_for() -> None:
    bites = tally([Transfer(at, 0.5, draw=at) for at in range(2, 8)], 5)
    assert bites['transfers done'] == bites['transfers begun'] == 6


def test_the_whole_group_may_be_exchanged() -> None:
    changes = [MembershipChange(1.0 + at, 0.9, 'exchange several', draw=at) for at in range(8)]
    bites = tally(changes, 3)
    assert bites['joint memberships committed'] >= 4
    assert bites['voters removed'] >= 4


def test_a_group_that_loses_its_majority_for_a_while_goes_on_afterwards() -> None:
    faults = [
        Crash(2.0, 2.0, ('m1', 'm2')),
        Partition(5.0, 2.0, ('leader',)),
        Stall(8.0, 1.0, 'leader'),
    ]
    assert tally(faults, 3)['crashes'] == 2


def test_a_group_comes_together_without_a_voter_that_died() -> None:
    for draw in range(3):
        bites = tally([Absence(10.0, math.inf, draw)], 3)
        assert bites['voters that never came back'] == 1


def test_a_member_whose_disk_forgot_comes_back() -> None:
    bites = tally([DiskLoss(3.0, 1.0, 'm2', kept=0.0)], 3)
    assert bites['disks that lost acknowledged records'] == 1


def test_a_campaign_adds_up_and_tells_its_progress() -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, result: GroupResult) -> None:
        told.append((done, result.seed))

    total = run_group_campaign(range(2, 4), on_progress=tell)
    runs = [GroupRun(seed).run() for seed in (2, 3)]
    assert [run.members for run in runs] == [size_of(2), size_of(3)]
    assert told == [(1, 2), (2, 3)]
    assert total.commands == sum(run.commands for run in runs)
    assert +Counter(total.bites) == sum((Counter(run.bites) for run in runs), Counter())
    assert total.worst_recovery_s == max(run.recovery_s for run in runs)


def test_runs_on_several_processes_come_to_the_same() -> None:
    one, two = (run_group_campaign(range(6), jobs=jobs) for jobs in (1, 2))
    assert one == two


def test_a_run_that_does_not_fail_again_is_returned_as_it_was() -> None:
    result = GroupRun(2, 3, 10.0).run()
    odd = msgspec.structs.replace(result, violation='luck broken at 3.000 s: never seen again')
    assert shrink_group_failure(odd) == odd


@pytest.mark.slow
@pytest.mark.parametrize('seeds', SLOW_CHUNKS, ids=lambda seeds: f'{seeds.start}:{seeds.stop}')
def test_two_thousand_groups_survive_what_is_done_to_them(seeds: range) -> None:
    total: GroupCampaignResult = run_group_campaign(seeds, jobs=os.cpu_count() or 1)
    assert total.failure is None, total.failure
    assert total.runs == len(seeds)
    assert BITES - set(+Counter(total.bites)) == set()

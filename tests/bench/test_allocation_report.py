"""What the allocation benchmark makes of samples."""

from __future__ import annotations

from math import isclose

from allocation_aims import AIMS
from allocation_repair import Repair
from allocation_results import measured_repairs, measured_samples, report
from allocation_trials import FULL, MUSTER, QUICK, TRIALS, Effort, Sample, Trial
from peers.solvers import ORTOOLS, PYVRP
from routing.places import KINDS, draw

TRIAL = Trial(
    {'gap_min_sum': 'gap', 'seconds_100x1000': 'seconds'},
    lambda kind, seed: draw(kind, 2, 5, seed),
    'sum',
    0.1,
    (PYVRP, ORTOOLS),
)


def sample(kind: str = 'uniform', **values: float) -> Sample:
    return Sample(f'{kind} 2 x 5', kind, dict(values), seconds=0.25)


def test_the_gap_is_over_the_best_peer_of_each_instance() -> None:
    samples = [
        sample(muster=110.0, pyvrp=100.0, ortools=105.0),
        sample('clustered', muster=99.0, pyvrp=120.0, ortools=110.0),
    ]
    gap, seconds = measured_samples(TRIAL, samples)
    assert gap.values == {'uniform': [1.1], 'clustered': [0.9]}
    assert gap.beside['pyvrp'] == [1.0, 120.0 / 110.0]
    assert seconds.all == [0.25, 0.25]


def test_a_plan_of_ours_that_cannot_be_carried_out_spoils_the_figure() -> None:
    broken = sample(pyvrp=100.0)
    broken.faults[MUSTER] = '1 tasks left out: [2]'
    gap, _ = measured_samples(TRIAL, [sample(muster=100.0, pyvrp=100.0), broken])
    assert gap.figure == 1.0
    assert gap.is_met is False
    assert gap.failures == ['uniform 2 x 5: 1 tasks left out: [2]']


def test_without_any_peer_there_is_no_gap_and_it_is_said_why() -> None:
    alone = sample(muster=100.0)
    alone.faults = {'pyvrp': 'found no plan', 'ortools': 'is not installed'}
    gap, seconds = measured_samples(TRIAL, [alone])
    assert (gap.figure, gap.is_met) == (None, None)
    assert gap.unmeasured == ['ortools: is not installed', 'pyvrp: found no plan']
    assert seconds.figure == 0.25


def test_the_report_has_every_figure_with_its_distribution() -> None:
    samples = [sample(muster=100.0 + n, pyvrp=100.0) for n in range(11)]
    made = report(measured_samples(TRIAL, samples), {'pyvrp': '0.14'}, FULL)
    assert isclose(made.figures['gap_min_sum'], 1.05)
    details = made.more['results']
    assert isinstance(details, dict)
    whole = details['gap_min_sum']['distribution']
    assert (whole['count'], whole['median'], whole['worst']) == (11, 1.05, 1.1)
    assert isclose(whole['p90'], 1.09, abs_tol=1e-3)
    assert len(details['gap_min_sum']['samples']) == 11
    assert [row[0] for row in made.rows] == ['gap_min_sum', 'seconds_100x1000']
    assert any('uniform' in cell for cell in made.rows[0])


def test_a_repair_that_leaves_tasks_out_spoils_the_figure() -> None:
    whole = Repair('a', 'uniform', 1.5, 100.0, 105.0, 100.0, ())
    broken = Repair('b', 'uniform', 0.1, 100.0, 50.0, 100.0, ('1 tasks left out: [3]',))
    result = measured_repairs('ms_repair', [whole, broken])
    assert (result.all, result.is_met) == ([1.5], False)
    assert result.beside == {'cost by that of a new auction': [1.05]}


def test_every_figure_has_an_aim_and_is_measured_once_in_that_order() -> None:
    figures = [name for trial in TRIALS for name in trial.figures]
    assert [*figures, 'ms_repair'] == list(AIMS)


def test_all_kinds_of_a_seed_come_before_the_next_seed() -> None:
    effort = Effort(seeds=2, large_seeds=1, peer_s=1.0, large_peer_s=1.0, budgets=())
    drawn = [(one.kind, one.seed) for one in TRIAL.instances(effort)]
    assert drawn == [(kind, seed) for seed in range(2) for kind in KINDS]


def test_a_quick_run_is_a_part_of_a_full_one() -> None:
    assert QUICK.seeds < FULL.seeds
    assert QUICK.peer_s < FULL.peer_s

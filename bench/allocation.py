"""How good muster's allocation is and how fast, beside PyVRP, OR-Tools, exact assignment, and the
auctions of the textbooks.

Figures, aims, and how each is measured: `README.md` in this folder.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from allocation_aims import AIMS
from allocation_repair import repairs
from allocation_results import Measured, measured_repairs, measured_samples, report
from allocation_trials import FULL, MUSTER, QUICK, TRIALS, Effort, Sample, Trial
from harness import parser, publish
from peers.solvers import Solvers
from routing import muster_side
from routing.clock import Clock

FOLDER = Path(__file__).resolve().parents[1] / 'build' / 'bench'
REPAIR = 'ms_repair'


def compare(trial: Trial, solvers: Solvers, effort: Effort, peers_only: bool) -> list[Sample]:
    """Measure a trial, telling of each instance on standard error."""
    samples = []
    for instance in trial.instances(effort):
        samples.append(trial.sample(instance, solvers, effort, peers_only=peers_only))
        tell(f'  {instance.name}: {described(samples[-1], trial)}')
    return samples


def repair(effort: Effort) -> Measured:
    """Likewise for robots that die."""
    made = []
    for one in repairs(effort):
        made.append(one)
        tell(f'  {one.instance}: {one.ms:.3g} ms, {one.over_anew:.4f} of a whole new auction')
    return measured_repairs(REPAIR, made)


def described(sample: Sample, trial: Trial) -> str:
    """Who has done how well, and who not at all."""
    gap = sample.gap(MUSTER, trial.peers)
    values = ', '.join(f'{name} {value:.6g}' for name, value in sample.values.items())
    faults = ', '.join(f'{name} {why}' for name, why in sample.faults.items())
    return '; '.join(part for part in (gap and f'{gap:.4f}', values, faults) if part)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    options = parser(__doc__.split('\n\n')[0].replace('\n', ' '))
    options.add_argument(
        '--only', nargs='+', choices=AIMS, metavar='FIGURE', help='measure these: %(choices)s'
    )
    options.add_argument(
        '--seeds', type=int, metavar='N', help='instances of each kind, by default 20, quick 1'
    )
    options.add_argument(
        '--clock',
        type=Clock,
        choices=list(Clock),
        default=Clock.WALL,
        metavar='{wall,processor}',
        help="of muster's seconds, by default wall; processor on a machine that does other things",
    )
    options.add_argument(
        '--peers-only', action='store_true', help='only run the solvers, to have it done with'
    )
    options.add_argument(
        '--folder',
        type=Path,
        default=FOLDER,
        help='for what solvers found, by default build/bench',
    )
    options.add_argument(
        '--solvers',
        type=Path,
        metavar='FOLDER',
        default=FOLDER / 'solvers',
        help='virtual environment of the solvers, by default build/bench/solvers',
    )
    chosen = options.parse_args()
    if chosen.seeds is not None and chosen.seeds < 1:
        options.error(f'--seeds is {chosen.seeds}, but at least 1 instance must be solved')
    return chosen


def main() -> int:
    options = arguments()
    effort = QUICK if options.quick else FULL
    effort = replace(effort, clock=options.clock)
    if options.seeds is not None:
        effort = replace(effort, seeds=options.seeds, large_seeds=options.seeds)
    solvers = Solvers(options.solvers, options.folder / 'allocation')
    for remedy in solvers.missing.values():
        tell(remedy)
    if not options.peers_only:
        muster_side.warm_up()

    def wanted(figure: str) -> bool:
        return not options.only or figure in options.only

    results: list[Measured] = []
    try:
        for trial in TRIALS:
            if not any(map(wanted, trial.figures)):
                continue
            tell(', '.join(trial.figures))
            samples = compare(trial, solvers, effort, options.peers_only)
            results += measured_samples(trial, samples)
        if wanted(REPAIR) and not options.peers_only:
            tell(REPAIR)
            results.append(repair(effort))
    except KeyboardInterrupt:
        tell('interrupted')
        return 130
    if not options.peers_only:
        publish(report(results, solvers.versions, effort), options.json)
    return 0


if __name__ == '__main__':
    sys.exit(main())

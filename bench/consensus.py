"""How well muster's consensus performs, beside etcd, PySyncObj, and what the machine can do at
best.

Figures, aims, and how each is measured: `README.md` in this folder.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import which

from consensus_aims import AIMS
from consensus_trials import FULL, QUICK, TRIALS, Effort, Raw, Trial, median_of_turns
from contenders import MUSTER, Contenders, peer_versions
from harness import Report, parser, publish
from limits.fsync import IN_MEMORY, file_system
from peers import etcd_tool
from peers.group import GroupError

FOLDER = Path(__file__).resolve().parents[1] / 'build' / 'bench'
DOMAIN = 87
NOTES = (
    (
        "Clients of muster and of PySyncObj live in a member's process, as a robot's coordinator "
        "is its own client. etcd's is a process of its own, as etcd is meant to be used."
    ),
    'muster and etcd sync each command to the disks of a majority; PySyncObj never syncs.',
    'All members share this machine: with five of them, its processors are the limit.',
)


@dataclass
class Measured:
    """What came of one trial."""

    trial: Trial
    sides: dict[str, dict[str, float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Why a side has no values."""

    def shown(self, figure: str, side: str) -> str:
        """The value of a side that a figure is made of."""
        values = self.sides.get(side)
        return spelled(values[self.trial.figures[figure].measured]) if values else '-'


def run(
    trial: Trial, contenders: Contenders, effort: Effort, left_out: dict[str, str]
) -> Measured:
    """Measure the sides of a trial in turns, telling of each on standard error.

    Parameters
    ----------
    left_out : sides not to be measured, and why.
    """
    measured = Measured(trial, failures={s: left_out[s] for s in trial.sides if s in left_out})
    samples: dict[str, list[Raw]] = defaultdict(list)
    for sides in trial.turns(effort):
        for side in sides:
            if side in measured.failures:
                continue
            try:
                samples[side].append(trial.sides[side](side, contenders, effort))
            except (GroupError, OSError) as error:
                measured.failures[side] = str(error)
                tell(f'  {side}: {error}')
            else:
                tell(f'  {side}: {describe(samples[side][-1])}')
    measured.sides = {
        side: median_of_turns(turns)
        for side, turns in samples.items()
        if side not in measured.failures
    }
    return measured


def report(results: Sequence[Measured], versions: dict[str, str]) -> Report:
    """The table, and the object for programs."""
    made = Report(
        benchmark='consensus',
        title='Consensus over real DDS, every command synced to disk',
        columns=('figure', 'value', 'aim', 'met', 'of each', 'muster', 'beside'),
    )
    details = {}
    for measured in results:
        beside = [side for side in measured.trial.sides if side != MUSTER]
        for name, figure in measured.trial.figures.items():
            value = figure.of(measured.sides)
            is_met = None if value is None else AIMS[name].is_met_by(value)
            made.row(
                name,
                '-' if value is None else spelled(value),
                AIMS[name],
                {None: '', True: 'yes', False: 'NO'}[is_met],
                figure.measured,
                measured.shown(name, MUSTER),
                '\n'.join(f'{side} {measured.shown(name, side)}' for side in beside),
            )
            details[name] = {
                'aim': str(AIMS[name]),
                'met': is_met,
                'sides': measured.sides,
                'not_measured': measured.failures,
            }
            if value is not None:
                made.figures[name] = value
    installed = ', '.join(f'{name} {version}' for name, version in versions.items())
    reasons = {f'{side}: {why}' for one in results for side, why in one.failures.items()}
    made.notes = [*NOTES, f'Peers: {installed or "none"}', *sorted(reasons)]
    made.more = {'results': details, 'peers': versions}
    return made


def describe(raw: Raw) -> str:
    """Of one turn, with units."""
    return ', '.join(f'{spelled(value)} {name}' for name, value in raw.items())


def spelled(value: float) -> str:
    """Three digits, or all before the point."""
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3g}'


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    options = parser(__doc__.split('\n\n')[0])
    options.add_argument(
        '--only', nargs='+', choices=AIMS, metavar='FIGURE', help='measure these: %(choices)s'
    )
    options.add_argument(
        '--repeat', type=int, metavar='N', help='turns of each comparison, by default 3, quick 1'
    )
    options.add_argument(
        '--peers-only', action='store_true', help="leave muster's side out, to try the peers"
    )
    options.add_argument(
        '--folder', type=Path, default=FOLDER, help='for the data of all, by default build/bench'
    )
    options.add_argument(
        '--domain', type=int, default=DOMAIN, help='ROS domain to use, by default %(default)s'
    )
    options.add_argument(
        '--etcd-tool',
        metavar='PROGRAM',
        default=which(etcd_tool.PROGRAM),
        help=f"etcd's own benchmark program, by default {etcd_tool.PROGRAM} if it is on PATH",
    )
    chosen = options.parse_args()
    if chosen.repeat is not None and chosen.repeat < 1:
        options.error(f'--repeat is {chosen.repeat}, but at least 1 turn must be measured')
    chosen.folder.mkdir(parents=True, exist_ok=True)
    kind = file_system(chosen.folder)
    if kind in IN_MEMORY:
        options.error(
            f'{chosen.folder} is on {kind}, which syncs nothing: choose a --folder on a disk'
        )
    return chosen


def main() -> int:
    options = arguments()
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    effort = QUICK if options.quick else FULL
    if options.repeat is not None:
        effort = replace(effort, turns=options.repeat)
    versions, left_out = peer_versions()
    for remedy in left_out.values():
        tell(remedy)
    if options.peers_only:
        left_out[MUSTER] = 'left out by --peers-only'
    contenders = Contenders(options.folder, options.domain, options.etcd_tool)
    results = []
    try:
        for trial in TRIALS:
            if options.only and not trial.figures.keys() & set(options.only):
                continue
            tell(', '.join(trial.figures))
            results.append(run(trial, contenders, effort, left_out))
    except KeyboardInterrupt:
        tell('interrupted')
        return 130
    publish(report(results, versions), options.json)
    return 0


if __name__ == '__main__':
    sys.exit(main())

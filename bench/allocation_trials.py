"""The trials of the allocation benchmark: which instances, who solves them, what counts.

In each trial all contenders solve the same instances. Their plans are scored by `routing.score`,
and muster's cost is divided by that of the best peer, instance by instance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from peers.solvers import ORTOOLS, PYVRP, Solver, SolverError, Solvers
from routing import muster_side, textbook_cbba, textbook_ssi
from routing.clock import Clock, Timed
from routing.instance import Instance, Routes
from routing.places import KINDS, draw
from routing.score import Score, score
from routing.textbook_ssi import Rule
from routing.windows import draw_windows
from scipy.optimize import linear_sum_assignment

MUSTER, SSI, CBBA, EXACT = 'muster', 'ssi', 'cbba', 'scipy'
VALUES: dict[str, Callable[[Score], float]] = {
    'sum': lambda plan: plan.travel_s,
    'max': lambda plan: plan.makespan_s,
}
"""What an objective minimises."""


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    seeds: int
    """Instances of each kind."""
    large_seeds: int
    """Instances of each kind of 100 robots and 1000 tasks."""
    peer_s: float
    """[s] of the processor for each solver on an instance."""
    large_peer_s: float
    """[s] likewise on the large ones."""
    budgets: Sequence[float]
    """[s] further budgets of muster's, to see what time buys: on the first seeds only."""
    budget_seeds: int = 3
    clock: Clock = Clock.WALL
    """Of muster's seconds."""


FULL = Effort(seeds=20, large_seeds=20, peer_s=10.0, large_peer_s=30.0, budgets=(0.05, 1.0, 5.0))
QUICK = Effort(seeds=1, large_seeds=1, peer_s=2.0, large_peer_s=5.0, budgets=())


@dataclass
class Sample:
    """All contenders on one instance."""

    instance: str
    kind: str
    values: dict[str, float] = field(default_factory=dict)
    """Of the plans that can be carried out, by contender."""
    faults: dict[str, str] = field(default_factory=dict)
    """Why a contender has no value."""
    seconds: float = 0.0
    """[s] that muster took."""
    processor_share: float = 1.0
    """Of those seconds, how much of a processor it had."""

    def gap(self, contender: str, peers: Sequence[str]) -> float | None:
        """A contender's value by that of the best peer; None where one of them is missing."""
        best = min((self.values[one] for one in peers if one in self.values), default=None)
        mine = self.values.get(contender)
        return None if best is None or mine is None else mine / best


@dataclass(frozen=True)
class Trial:
    """Instances, contenders and an objective."""

    figures: Mapping[str, str]
    """What is made of the samples: `gap`, or `seconds` of muster's."""
    draw: Callable[[str, int], Instance]
    """The instance of a kind and a seed."""
    objective: str
    budget_s: float
    """[s] muster's."""
    solvers: tuple[Solver, ...] = ()
    references: Mapping[str, Callable[[Instance], Routes]] = field(default_factory=dict)
    """Peers beside the solvers that are written here or come with scipy."""
    baselines: Mapping[str, Callable[[Instance], Routes]] = field(default_factory=dict)
    """What is shown beside, but is no peer to be measured by."""
    muster: Callable[[Instance, str, float, Clock], Timed[Routes]] = muster_side.allocate
    is_large: bool = False

    @property
    def peers(self) -> tuple[str, ...]:
        return (*(one.name for one in self.solvers), *self.references)

    def instances(self, effort: Effort) -> Iterator[Instance]:
        """All kinds of one seed before the next seed."""
        for seed in range(effort.large_seeds if self.is_large else effort.seeds):
            for kind in KINDS:
                yield self.draw(kind, seed)

    def is_anytime(self, instance: Instance, effort: Effort) -> bool:
        """More time would make muster better, and this is where to see it."""
        return bool(self.solvers) and instance.seed < effort.budget_seeds

    def peer_seconds(self, effort: Effort) -> float:
        return effort.large_peer_s if self.is_large else effort.peer_s

    def sample(
        self, instance: Instance, solvers: Solvers, effort: Effort, *, peers_only: bool = False
    ) -> Sample:
        """Let all solve it."""
        sample = Sample(instance.name, instance.kind)
        for solver in self.solvers:
            try:
                seconds = self.peer_seconds(effort)
                found = solvers.solve(solver, instance, self.objective, seconds)
            except SolverError as error:
                sample.faults[solver.name] = str(error)
            else:
                self._enter(sample, solver.name, instance, found.routes)
        if peers_only:
            return sample
        for name, solve in {**self.references, **self.baselines}.items():
            self._enter(sample, name, instance, solve(instance))
        run = self.muster(instance, self.objective, self.budget_s, effort.clock)
        self._enter(sample, MUSTER, instance, run.result)
        sample.seconds, sample.processor_share = run.seconds, run.processor_share
        for budget in effort.budgets if self.is_anytime(instance, effort) else ():
            run = self.muster(instance, self.objective, budget, effort.clock)
            self._enter(sample, after(budget), instance, run.result)
        return sample

    def _enter(
        self, sample: Sample, contender: str, instance: Instance, routes: Routes | None
    ) -> None:
        if routes is None:
            sample.faults[contender] = 'found no plan'
            return
        judged = score(instance, routes)
        if judged.is_sound:
            sample.values[contender] = VALUES[self.objective](judged)
        else:
            sample.faults[contender] = '; '.join(judged.faults)


def after(budget_s: float) -> str:
    """Name of muster with another budget."""
    return f'{MUSTER}, {budget_s:g} s'


def one_each(kind: str, seed: int) -> Instance:
    """200 robots that can take one of 200 tasks each."""
    tasks = 200
    return replace(draw(kind, tasks, tasks, seed), load=np.ones(tasks), load_limit=1.0)


def exact(instance: Instance) -> Routes:
    """The optimum where each robot takes one task."""
    robots, tasks = linear_sum_assignment(_costs(instance))
    routes: list[list[int]] = [[] for _ in range(instance.robots)]
    for robot, task in zip(robots.tolist(), tasks.tolist(), strict=True):
        routes[robot].append(task)
    return routes


def _costs(instance: Instance) -> np.ndarray:
    return instance.distance[: instance.robots, instance.robots :]


def _known(instance: Instance) -> Routes:
    return instance.known


SMALL = 10, 100
TRIALS = (
    Trial(
        {'gap_min_sum': 'gap'},
        lambda kind, seed: draw(kind, *SMALL, seed),
        'sum',
        0.2,
        (PYVRP, ORTOOLS),
        baselines={SSI: textbook_ssi.auction, CBBA: textbook_cbba.consensus},
    ),
    Trial(
        {'gap_min_max': 'gap'},
        lambda kind, seed: draw(kind, *SMALL, seed),
        'max',
        0.2,
        (PYVRP, ORTOOLS),
        baselines={
            SSI: partial(textbook_ssi.auction, rule=Rule.MAX),
            CBBA: textbook_cbba.consensus,
        },
    ),
    Trial(
        {'gap_windows': 'gap'},
        lambda kind, seed: draw_windows(kind, *SMALL, seed),
        'sum',
        0.2,
        (ORTOOLS,),
        baselines={'drawn around': _known},
    ),
    Trial(
        {'gap_windows_alone': 'gap'},
        lambda kind, seed: draw_windows(kind, *SMALL, seed, with_precedence=False),
        'sum',
        0.2,
        (PYVRP,),
        baselines={'drawn around': _known},
    ),
    Trial(
        {'gap_assignment': 'gap'},
        one_each,
        'sum',
        0.2,
        references={EXACT: exact},
        baselines={SSI: textbook_ssi.auction},
        muster=muster_side.assign,
    ),
    Trial(
        {'seconds_100x1000': 'seconds', 'gap_100x1000': 'gap'},
        lambda kind, seed: draw(kind, 100, 1000, seed),
        'sum',
        0.5,
        (PYVRP, ORTOOLS),
        baselines={SSI: textbook_ssi.auction},
        is_large=True,
    ),
)

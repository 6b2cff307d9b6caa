"""What the allocation benchmark makes of its samples: figures with their whole distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from allocation_aims import AIMS
from allocation_repair import Repair
from allocation_trials import MUSTER, Effort, Sample, Trial
from harness import Report
from routing import muster_side
from routing.clock import UNDISTURBED, Clock
from routing.distribution import Distribution
from routing.places import KINDS

NOTES = (
    'Gaps are costs by that of the best peer on the same instance.',
    'All plans are scored by one function of the benchmark, which trusts no solver.',
)


@dataclass
class Measured:
    """One figure: what muster reached on each instance, and what the others did."""

    name: str
    values: dict[str, list[float]] = field(default_factory=dict)
    """By kind of instance."""
    beside: dict[str, list[float]] = field(default_factory=dict)
    """In the same terms, by contender."""
    failures: list[str] = field(default_factory=list)
    """Plans of muster that cannot be carried out, and why."""
    unmeasured: list[str] = field(default_factory=list)
    """What others could not do, and why."""
    disturbed: int = 0
    """Instances on which other programs took time from muster."""
    samples: list[dict[str, object]] = field(default_factory=list)
    """All there is to know, for programs."""

    @property
    def all(self) -> list[float]:
        return [value for values in self.values.values() for value in values]

    @property
    def figure(self) -> float | None:
        """The mean; None where nothing was measured."""
        return Distribution.of(self.all).mean if self.all else None

    @property
    def is_met(self) -> bool | None:
        """Whether the aim is, which a plan that cannot be carried out spoils."""
        if self.failures:
            return False
        return None if self.figure is None else AIMS[self.name].is_met_by(self.figure)

    def enter(self, kind: str, value: float) -> None:
        self.values.setdefault(kind, []).append(value)


def measured_samples(trial: Trial, samples: Sequence[Sample]) -> list[Measured]:
    """The figures of a trial."""
    results = []
    for name, measure in trial.figures.items():
        result = Measured(name, samples=[asdict(sample) for sample in samples])
        for sample in samples:
            if MUSTER in sample.faults:
                result.failures.append(f'{sample.instance}: {sample.faults[MUSTER]}')
                continue
            gap = sample.gap(MUSTER, trial.peers)
            value = sample.seconds if measure == 'seconds' else gap
            if value is not None:
                result.enter(sample.kind, value)
            result.disturbed += sample.processor_share < UNDISTURBED
        if measure == 'gap':
            result.beside = _beside(trial, samples)
        result.unmeasured = sorted(
            {f'{name}: {why}' for one in samples for name, why in one.faults.items()}
            - {f'{MUSTER}: {why}' for one in samples for why in (one.faults.get(MUSTER),)}
        )
        results.append(result)
    return results


def measured_repairs(name: str, repairs: Sequence[Repair]) -> Measured:
    """The figure of robots that died."""
    result = Measured(name, samples=[asdict(one) for one in repairs])
    for one in repairs:
        if one.faults:
            result.failures.append(f'{one.instance}: {"; ".join(one.faults)}')
        else:
            result.enter(one.kind, one.ms)
            result.beside.setdefault('cost by that of a new auction', []).append(one.over_anew)
    return result


def _beside(trial: Trial, samples: Iterable[Sample]) -> dict[str, list[float]]:
    """The gaps of all others."""
    gaps: dict[str, list[float]] = {}
    for sample in samples:
        for contender in sample.values:
            gap = sample.gap(contender, trial.peers)
            if contender != MUSTER and gap is not None:
                gaps.setdefault(contender, []).append(gap)
    return gaps


def report(results: Sequence[Measured], versions: Mapping[str, str], effort: Effort) -> Report:
    """The table, and the object for programs."""
    made = Report(
        benchmark='allocation',
        title='Allocation, one auction with trades in process',
        columns=('figure', 'mean', 'aim', 'met', 'spread', 'by kind', 'beside'),
    )
    details = {}
    for one in results:
        whole = Distribution.of(one.all) if one.all else None
        by_kind = {kind: Distribution.of(values) for kind, values in one.values.items()}
        beside = {name: Distribution.of(values) for name, values in one.beside.items()}
        made.row(
            one.name,
            '-' if whole is None else _spelled(whole.mean),
            AIMS[one.name],
            {None: '', True: 'yes', False: 'NO'}[one.is_met],
            '' if whole is None else _lines(_spread(whole)),
            _lines({kind: value.mean for kind, value in by_kind.items()}),
            _lines({name: value.mean for name, value in beside.items()}),
        )
        if one.figure is not None:
            made.figures[one.name] = one.figure
        details[one.name] = {
            'aim': str(AIMS[one.name]),
            'met': one.is_met,
            'distribution': None if whole is None else asdict(whole),
            'by_kind': {kind: asdict(value) for kind, value in by_kind.items()},
            'beside': {name: asdict(value) for name, value in beside.items()},
            'failures': one.failures,
            'not_measured': one.unmeasured,
            'disturbed': one.disturbed,
            'samples': one.samples,
        }
    made.notes = [*NOTES, *_notes(results, versions, effort)]
    made.more = {
        'results': details,
        'peers': dict(versions),
        'effort': {**asdict(effort), 'clock': effort.clock.value},
    }
    return made


def _notes(
    results: Sequence[Measured], versions: Mapping[str, str], effort: Effort
) -> Iterable[str]:
    yield (
        f'{len(KINDS)} kinds of instances, {effort.seeds} of each, {effort.large_seeds} of the '
        f'large ones; solvers had {effort.peer_s:g} s, {effort.large_peer_s:g} s on the large.'
    )
    yield (
        f'Solvers have one thread and their seconds of the processor, muster its own of the '
        f'{effort.clock.value}.'
    )
    if not muster_side.is_compiled():
        yield 'numba is not installed: muster ran as plain Python.'
    installed = ', '.join(f'{name} {version}' for name, version in versions.items())
    yield f'Peers: {installed or "none"}'
    for one in results:
        if one.disturbed and effort.clock is Clock.WALL:
            yield f'{one.name}: disturbed by other programs on {one.disturbed} instances.'
        yield from (f'{one.name}, muster, {line}' for line in one.failures)
        yield from (f'{one.name}, {line}' for line in one.unmeasured)


def _spread(values: Distribution) -> dict[str, float]:
    return {'median': values.median, 'p90': values.p90, 'max': values.worst}


def _lines(parts: Mapping[str, float]) -> str:
    return '\n'.join(f'{name} {_spelled(value)}' for name, value in parts.items())


def _spelled(value: float) -> str:
    return f'{value:.4g}' if value < 1 or value >= 100 else f'{value:.4f}'

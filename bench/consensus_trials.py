"""How each figure of the consensus benchmark is measured, and from what on either side.

A trial measures its sides in turns, with one group alive at a time: muster, then the peer, then
the peer, then muster, and so on, so that both suffer the same neighbours on the machine and the
same drift. What a side measured in several turns is told by the median.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import psutil
from contenders import ETCD, MUSTER, PYSYNCOBJ, Contenders
from harness import percentile
from limits.fsync import sync_latencies
from limits.round_trip import envelope_round_trips
from peers.group import Group

LIMIT = 'limit'
ETCD_LOAD = (500, 200)
"""Commands outstanding and their bytes: as many concurrent clients as etcd is at its best with."""
FULL_LOAD = (10_000, 64)
FULL_LOADS = {MUSTER: FULL_LOAD, PYSYNCOBJ: FULL_LOAD, ETCD: ETCD_LOAD}
SIZES_UNDER_LOAD = (3, 5)
WARM_UP = 0.1
"""Of what is then measured."""
MB = 1e6

Raw = Mapping[str, float]
"""What one side measured in one turn, by names that carry their unit."""


@dataclass(frozen=True)
class Effort:
    """How much of everything."""

    turns: int
    latencies: int
    throughput_s: float
    kills: int
    peer_kills: int
    load_s: float
    commands: int
    idle_s: float


FULL = Effort(
    turns=3,
    latencies=2000,
    throughput_s=6.0,
    kills=30,
    peer_kills=5,
    load_s=60.0,
    commands=1_000_000,
    idle_s=30.0,
)
QUICK = Effort(
    turns=1,
    latencies=300,
    throughput_s=1.5,
    kills=3,
    peer_kills=1,
    load_s=4.0,
    commands=20_000,
    idle_s=3.0,
)

Measure = Callable[[str, Contenders, Effort], Raw]


@dataclass(frozen=True)
class Figure:
    """One number to have an aim for."""

    measured: str
    """The value of either side that it is made of, and that the table shows."""
    versus: str | None = None
    """The side that muster's value is divided by; None: the figure is muster's value as it is."""

    def of(self, sides: Mapping[str, Raw]) -> float | None:
        """Its value; None when a side that it needs was not measured."""
        if MUSTER not in sides or (self.versus and self.versus not in sides):
            return None
        value = sides[MUSTER][self.measured]
        return value / sides[self.versus][self.measured] if self.versus else value


@dataclass(frozen=True)
class Trial:
    """One measurement, and the figures that it yields."""

    figures: Mapping[str, Figure]
    sides: Mapping[str, Measure]
    is_repeated: bool = True
    """Whether there are several turns; else the measurement itself repeats what matters."""

    def turns(self, effort: Effort) -> list[list[str]]:
        """The sides in the order in which they are measured, turn by turn."""
        there = list(self.sides)
        back = there[::-1]
        turns = effort.turns if self.is_repeated else 1
        return [back if turn % 2 else there for turn in range(turns)]


def median_of_turns(turns: list[Raw]) -> dict[str, float]:
    """The median of each value."""
    return {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}


def limit(_: str, contenders: Contenders, effort: Effort) -> Raw:
    """What agreeing with one other robot costs at least: there and back, and to the disk once."""
    with contenders.folder(LIMIT) as folder:
        synced = percentile(sync_latencies(folder, effort.latencies), 50)
        samples = envelope_round_trips(effort.latencies, contenders.domain, folder)
        travelled = percentile(samples[round(WARM_UP * effort.latencies) :], 50)
    return {
        'p50_ms': 1e3 * (travelled + synced),
        'envelope_round_trip_p50_ms': 1e3 * travelled,
        'fsync_p50_ms': 1e3 * synced,
    }


def commit_latency(name: str, contenders: Contenders, effort: Effort, size: int) -> Raw:
    with contenders.group(name, size) as group:
        group.commit_latencies(round(WARM_UP * effort.latencies))
        samples = group.commit_latencies(effort.latencies)
    return {'p50_ms': 1e3 * percentile(samples, 50), 'p99_ms': 1e3 * percentile(samples, 99)}


def throughput(
    name: str, contenders: Contenders, effort: Effort, size: int, load: tuple[int, int]
) -> Raw:
    with contenders.group(name, size) as group:
        group.throughput(*load, WARM_UP * effort.throughput_s)
        return {'commands_per_s': group.throughput(*load, effort.throughput_s)}


def failover(name: str, contenders: Contenders, effort: Effort) -> Raw:
    kills = effort.kills if name == MUSTER else effort.peer_kills
    with contenders.group(name, 3) as group:
        gaps = [group.failover() for _ in range(kills)]
    return {'median_s': statistics.median(gaps), 'max_s': max(gaps), 'kills': kills}


def elections(name: str, contenders: Contenders, effort: Effort) -> Raw:
    """Terms begun under full load, in a group of three and in one of five."""
    begun: dict[str, float] = {}
    for size in SIZES_UNDER_LOAD:
        with contenders.group(name, size) as group:
            term = group.term()
            rate = group.throughput(*FULL_LOADS[name], effort.load_s)
            begun |= {f'elections_{size}': group.term() - term, f'commands_per_s_{size}': rate}
    total = sum(begun[f'elections_{size}'] for size in SIZES_UNDER_LOAD)
    return {'elections': total, 'seconds_each': effort.load_s, **begun}


def memory(name: str, contenders: Contenders, effort: Effort) -> Raw:
    """Of the member that grows most, once caches and queues have filled."""
    with contenders.group(name, 3) as group:
        _commit(group, round(WARM_UP * effort.commands), effort.throughput_s)
        before = _resident_mb(group)
        commands = _commit(group, effort.commands, effort.throughput_s)
        after = _resident_mb(group)
    return {
        'growth_mb': max(after[member] - before[member] for member in after),
        'before_mb': max(before.values()),
        'after_mb': max(after.values()),
        'commands': commands,
    }


def idle_cpu(name: str, contenders: Contenders, effort: Effort) -> Raw:
    """Of the busiest member of five: the leader, most likely."""
    with contenders.group(name, 5) as group:
        time.sleep(WARM_UP * effort.idle_s)
        before, began = _cpu_s(group), time.perf_counter()
        time.sleep(effort.idle_s)
        elapsed, after = time.perf_counter() - began, _cpu_s(group)
    shares = [100 * (after[member] - before[member]) / elapsed for member in after]
    return {'cpu_percent': max(shares), 'mean_cpu_percent': statistics.mean(shares)}


def _commit(group: Group, commands: int, slice_s: float) -> float:
    """Commit at least so many commands, under full load; how many it were."""
    done = 0.0
    while done < commands:
        done += slice_s * group.throughput(*FULL_LOAD, slice_s)
    return round(done)


def _resident_mb(group: Group) -> dict[str, float]:
    return {name: psutil.Process(pid).memory_info().rss / MB for name, pid in group.pids.items()}


def _cpu_s(group: Group) -> dict[str, float]:
    times = {name: psutil.Process(pid).cpu_times() for name, pid in group.pids.items()}
    return {name: spent.user + spent.system for name, spent in times.items()}


def _commit_against(peer: str, size: int) -> Trial:
    measure = partial(commit_latency, size=size)
    return Trial(
        {f'commit_p50_vs_{peer}_{size}': Figure('p50_ms', peer)}, {MUSTER: measure, peer: measure}
    )


def _throughput_against(peer: str, size: int, load: tuple[int, int]) -> Trial:
    measure = partial(throughput, size=size, load=load)
    return Trial(
        {f'throughput_vs_{peer}_{size}': Figure('commands_per_s', peer)},
        {MUSTER: measure, peer: measure},
    )


def _alone(measure: Measure, figures: Mapping[str, str], *peers: str) -> Trial:
    """Figures of muster's own, with what the peers have beside them."""
    return Trial(
        {name: Figure(measured) for name, measured in figures.items()},
        dict.fromkeys((MUSTER, *peers), measure),
        is_repeated=False,
    )


TRIALS = (
    Trial(
        {'commit_p50_vs_limit': Figure('p50_ms', LIMIT)},
        {MUSTER: partial(commit_latency, size=3), LIMIT: limit},
    ),
    _commit_against(ETCD, 3),
    _commit_against(ETCD, 5),
    _throughput_against(ETCD, 3, ETCD_LOAD),
    _throughput_against(PYSYNCOBJ, 3, FULL_LOAD),
    _throughput_against(PYSYNCOBJ, 5, FULL_LOAD),
    _alone(
        failover,
        {'failover_median_s': 'median_s', 'failover_max_s': 'max_s'},
        *(ETCD, PYSYNCOBJ),
    ),
    _alone(elections, {'spurious_elections': 'elections'}, ETCD, PYSYNCOBJ),
    _alone(memory, {'rss_growth_mb': 'growth_mb'}, PYSYNCOBJ),
    _alone(idle_cpu, {'idle_cpu_percent': 'cpu_percent'}, ETCD, PYSYNCOBJ),
)

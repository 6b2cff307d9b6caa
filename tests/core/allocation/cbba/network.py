"""Robots without a leader on a network that is as bad as a test wants it, in virtual time."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from muster.core.allocation.consensus_bundle import (
    BundleConfig,
    BundleConsensus,
    Claim,
    PriceTasks,
    Standings,
)

Edge = frozenset[str]
_DECODER = msgspec.msgpack.Decoder(Standings)


@dataclass(frozen=True)
class Weather:
    """What happens to messages on their way."""

    loss: float = 0.0
    duplication: float = 0.0
    delay_s: float = 0.0
    """Mean of what is added to a millisecond."""


CALM = Weather()
STORM = Weather(loss=0.25, duplication=0.2, delay_s=0.15)


class World:
    """Robots, the links between them and what is under way on these."""

    def __init__(
        self,
        prices: dict[str, PriceTasks],
        edges: Iterable[Edge],
        config: BundleConfig,
        weather: Weather = CALM,
        seed: int = 0,
    ) -> None:
        self.now = 0.0
        self.edges = set(edges)
        self.weather = weather
        self.bites: Counter[str] = Counter()
        self.sent = 0
        self.sent_bytes = 0
        self.largest_bytes = 0
        self.rng = random.Random(seed)
        self.prices = prices
        self.config = config
        self.robots: dict[str, BundleConsensus] = {}
        self._lives: Counter[str] = Counter()
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._heard: dict[tuple[str, str], int] = {}
        for name in prices:
            self.start(name)

    def start(self, name: str) -> BundleConsensus:
        """A robot takes part, for the first time or again, with no memory."""
        self._lives[name] += 1
        robot = BundleConsensus(
            name,
            tuple(self.prices),
            self.config,
            self.prices[name],
            count_from=self._lives[name] << 32,
            now=self.now,
        )
        self.robots[name] = robot
        self._wake(name, robot)
        return robot

    def stop(self, name: str) -> None:
        """A robot dies."""
        del self.robots[name]

    def offer(self, tasks: Iterable[str]) -> None:
        """The same tasks to all robots."""
        offered = tuple(tasks)
        for robot in self.robots.values():
            robot.offer(offered, self.now)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        self.nudge()
        while self._queue and self._queue[0][0] <= until:
            self.now, _, action = heapq.heappop(self._queue)
            action()
        self.now = until

    def run_until_settled(self, at_most_s: float = 120.0) -> float:
        """Until every robot thinks that nothing will change; returns the moment of the last
        change."""
        until = self.now + at_most_s
        while self.now < until:
            self.run(self.config.round_s / 2)
            if all(one.is_settled(self.now) for one in self.robots.values()):
                return max(one.changed_at for one in self.robots.values())
        raise AssertionError(f'not settled within {at_most_s} s')

    def nudge(self) -> None:
        """Robots to which something was done may be due sooner than they had said."""
        for name, robot in self.robots.items():
            self._wake(name, robot)

    def _wake(self, name: str, robot: BundleConsensus) -> None:
        due = max(self.now, robot.next_tick())
        self._at(due, lambda: self._tick(name, robot, due))

    def _tick(self, name: str, robot: BundleConsensus, due: float) -> None:
        if self.robots.get(name) is not robot:
            return
        sent = robot.tick(self.now)
        if sent or robot.next_tick() <= self.now:
            self._broadcast(name, sent)
            self._wake(name, robot)

    def _broadcast(self, sender: str, messages: Iterable[Standings]) -> None:
        for message in messages:
            data = msgspec.msgpack.encode(message)
            self.sent += 1
            self.sent_bytes += len(data)
            self.largest_bytes = max(self.largest_bytes, len(data))
            for edge in sorted(self.edges, key=sorted):
                if sender in edge:
                    (hearer,) = edge - {sender}
                    self._carry(sender, hearer, data, message.stamp)

    def _carry(self, sender: str, hearer: str, data: bytes, stamp: int) -> None:
        rng, weather = self.rng, self.weather
        if rng.random() < weather.loss:
            self.bites['lost'] += 1
            return
        copies = 1
        if rng.random() < weather.duplication:
            self.bites['doubled'] += 1
            copies = 2
        for _ in range(copies):
            delay = 0.001
            if weather.delay_s:
                delay += rng.expovariate(1.0 / weather.delay_s)
                self.bites['delayed'] += 1
            self._at(self.now + delay, lambda: self._deliver(sender, hearer, data, stamp))

    def _deliver(self, sender: str, hearer: str, data: bytes, stamp: int) -> None:
        robot = self.robots.get(hearer)
        if robot is None:
            return
        if stamp < self._heard.get((sender, hearer), 0):
            self.bites['reordered'] += 1
        self._heard[sender, hearer] = max(stamp, self._heard.get((sender, hearer), 0))
        before = robot.next_tick()
        self._broadcast(hearer, robot.step(sender, _DECODER.decode(data), self.now))
        if robot.next_tick() != before:
            self._wake(hearer, robot)

    def _at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (when, next(self._number), action))


# Graphs


def names(count: int) -> tuple[str, ...]:
    return tuple(f'robot_{number:02d}' for number in range(count))


def line(robots: tuple[str, ...]) -> Iterator[Edge]:
    return map(frozenset, itertools.pairwise(robots))


def ring(robots: tuple[str, ...]) -> Iterator[Edge]:
    return itertools.chain(line(robots), [frozenset((robots[0], robots[-1]))])


def star(robots: tuple[str, ...]) -> Iterator[Edge]:
    return (frozenset((robots[0], one)) for one in robots[1:])


def complete(robots: tuple[str, ...]) -> Iterator[Edge]:
    return map(frozenset, itertools.combinations(robots, 2))


def sparse(robots: tuple[str, ...], rng: random.Random) -> set[Edge]:
    """A random tree, and now and then one edge more."""
    edges = {frozenset((one, rng.choice(robots[:n]))) for n, one in enumerate(robots) if n}
    pairs = [frozenset(pair) for pair in itertools.combinations(robots, 2)]
    return edges | {one for one in pairs if rng.random() < 0.15}


# What must hold at agreement


def agreed_claims(world: World) -> dict[str, Claim]:
    """The claims that all robots believe; they must be the same, and be their bundles."""
    views = {
        name: {task: claim for task, claim in robot.claims.items() if claim != Claim()}
        for name, robot in world.robots.items()
    }
    first = next(iter(views.values()))
    for name, view in views.items():
        assert view == first, f'{name} believes otherwise'
    held = Counter(task for robot in world.robots.values() for task in robot.path)
    assert all(count == 1 for count in held.values()), 'a task is in two bundles'
    for name, robot in world.robots.items():
        won = {task for task, one in first.items() if one.winner == name and not one.is_over}
        assert won == {*robot.path, *robot.committed}
    assert all(math.isfinite(one.bid) or one.bid == math.inf for one in first.values())
    return first

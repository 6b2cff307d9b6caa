"""Scores that robots may have: with diminishing gains and without, sensible and not."""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

from muster.core.allocation.consensus_bundle import Price, PriceTasks

Gain = Mapping[str, Mapping[str, Sequence[float]]]
"""Of a robot, for a task, at each of some sites."""


def draw_gains(
    robots: Sequence[str], tasks: Sequence[str], rng: random.Random, sites: int = 6
) -> Gain:
    """How well each robot would cover each of some sites with each task."""
    return {
        robot: {
            task: [rng.random() * (rng.random() < 0.5) for _ in range(sites)] for task in tasks
        }
        for robot in robots
    }


def coverage(gain: Mapping[str, Sequence[float]], tasks: Sequence[str]) -> float:
    """What a robot gains by a set of tasks: at each site, by the best of them. It has diminishing
    marginal gains (facility location)."""
    if not tasks:
        return 0.0
    return sum(max(column) for column in zip(*(gain[task] for task in tasks), strict=True))


def covering(gain: Mapping[str, Sequence[float]]) -> PriceTasks:
    def price(path: Sequence[str], tasks: Sequence[str]) -> list[Price | None]:
        have = coverage(gain, path)
        return [Price(coverage(gain, [*path, one]) - have, len(path)) for one in tasks]

    return price


Point = tuple[float, float]


def walking(start: Point, places: Mapping[str, Point], value: float = 30.0) -> PriceTasks:
    """A value less the detour at the best place of the path: without diminishing gains, since a
    task next to one that is chosen already is worth more."""

    def length(path: Sequence[str]) -> float:
        points = [start, *(places[one] for one in path)]
        return sum(math.dist(a, b) for a, b in pairwise(points))

    def price(path: Sequence[str], tasks: Sequence[str]) -> list[Price | None]:
        found: list[Price | None] = []
        for task in tasks:
            costs = [
                (length([*path[:at], task, *path[at:]]) - length(path), at)
                for at in range(len(path) + 1)
            ]
            cost, at = min(costs)
            found.append(Price(value - cost, at) if cost < 60.0 else None)
        return found

    return price


def capricious(robot: str, few_values: bool = False) -> PriceTasks:
    """Any number for any path: no structure at all, with many ties if wanted."""

    def price(path: Sequence[str], tasks: Sequence[str]) -> list[Price | None]:
        found: list[Price | None] = []
        for task in tasks:
            number = zlib.crc32('/'.join([robot, *path, task]).encode())
            score = float(1 + number % 3) if few_values else number % 1000 / 10.0 - 10.0
            found.append(None if number % 17 == 0 else Price(score, number % (len(path) + 1)))
        return found

    return price


def growing(robot: str) -> PriceTasks:
    """The more a robot has, the more it wants: what diminishing gains forbid."""

    def price(path: Sequence[str], tasks: Sequence[str]) -> list[Price | None]:
        return [
            Price(zlib.crc32(f'{robot}/{task}'.encode()) % 100 + 50.0 * len(path), len(path))
            for task in tasks
        ]

    return price

"""Robots that can hear each other, over whatever graph and however badly, come to agree."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Sequence

import pytest

from core.allocation.cbba.network import (
    CALM,
    STORM,
    Edge,
    Weather,
    World,
    agreed_claims,
    complete,
    line,
    names,
    ring,
    sparse,
    star,
)
from core.allocation.cbba.scores import (
    Gain,
    capricious,
    coverage,
    covering,
    draw_gains,
    growing,
    walking,
)
from muster.core.allocation.consensus_bundle import BundleConfig, Claim, PriceTasks

PATIENT = BundleConfig(capacity=20, expiry_s=6.0)
"""In a storm, news takes its time."""
GRAPHS: dict[str, Callable[[tuple[str, ...]], Iterable[Edge]]] = {
    'line': line,
    'ring': ring,
    'star': star,
    'complete': complete,
    'random': lambda robots: sparse(robots, random.Random(len(robots))),
}
WEATHERS = {
    'calm': CALM,
    'lossy': Weather(loss=0.5, delay_s=0.02),
    'late': Weather(loss=0.1, duplication=0.3, delay_s=0.6),
}


def tasks_of(count: int) -> tuple[str, ...]:
    return tuple(f'task_{number:02d}' for number in range(count))


def greedy(gains: Gain, tasks: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The central sequential auction: at every step the best of all bids wins."""
    bundles: dict[str, tuple[str, ...]] = dict.fromkeys(gains, ())
    left = set(tasks)
    while left:
        score, robot, task = min(
            (coverage(gains[robot], has) - coverage(gains[robot], [*has, task]), robot, task)
            for robot, has in bundles.items()
            for task in left
        )
        if score >= 0.0:
            break
        bundles[robot] += (task,)
        left.discard(task)
    return bundles


def total(gains: Gain, bundles: dict[str, tuple[str, ...]]) -> float:
    return sum(coverage(gains[robot], tasks) for robot, tasks in bundles.items())


def optimum(gains: Gain, tasks: Sequence[str]) -> float:
    best = 0.0
    for owners in itertools.product(gains, repeat=len(tasks)):
        bundles: dict[str, tuple[str, ...]] = dict.fromkeys(gains, ())
        for owner, task in zip(owners, tasks, strict=True):
            bundles[owner] += (task,)
        best = max(best, total(gains, bundles))
    return best


def bundles_of(world: World) -> dict[str, tuple[str, ...]]:
    return {name: robot.chosen for name, robot in world.robots.items()}


@pytest.mark.parametrize('weather', WEATHERS)
@pytest.mark.parametrize('graph', GRAPHS)
def test_with_diminishing_gains_they_find_what_the_central_auction_finds(
    graph: str, weather: str
) -> None:
    bites = 0
    for seed in range(6):
        rng = random.Random(seed)
        robots, tasks = names(rng.randint(3, 8)), tasks_of(rng.randint(1, 14))
        gains = draw_gains(robots, tasks, rng)
        prices = {robot: covering(gains[robot]) for robot in robots}
        world = World(prices, GRAPHS[graph](robots), PATIENT, WEATHERS[weather], seed)
        world.offer(tasks)
        world.run_until_settled()
        agreed_claims(world)
        assert bundles_of(world) == greedy(gains, tasks)
        bites += sum(world.bites.values())
        if weather == 'late':
            assert min(world.bites[one] for one in ('lost', 'doubled', 'reordered')) > 0
    assert bites > 0 or weather == 'calm'


@pytest.mark.parametrize('seed', range(8))
def test_they_get_at_least_half_of_what_could_be_had(seed: int) -> None:
    rng = random.Random(seed)
    robots, tasks = names(3), tasks_of(6)
    gains = draw_gains(robots, tasks, rng, sites=3)
    prices = {robot: covering(gains[robot]) for robot in robots}
    world = World(prices, line(robots), PATIENT, STORM, seed)
    world.offer(tasks)
    world.run_until_settled()
    assert total(gains, bundles_of(world)) >= 0.5 * optimum(gains, tasks)
    assert world.bites['lost']


SCORES: dict[str, Callable[[str, random.Random, Sequence[str]], PriceTasks]] = {
    'walking': lambda robot, rng, tasks: walking(
        (rng.uniform(0, 20), rng.uniform(0, 20)),
        {task: (number * 7 % 20, number * 11 % 20) for number, task in enumerate(tasks)},
    ),
    'capricious': lambda robot, rng, tasks: capricious(robot),
    'with many ties': lambda robot, rng, tasks: capricious(robot, few_values=True),
    'growing': lambda robot, rng, tasks: growing(robot),
}


@pytest.mark.parametrize('graph', GRAPHS)
@pytest.mark.parametrize('score', SCORES)
def test_they_agree_whatever_the_score_is(score: str, graph: str) -> None:
    bitten = 0
    for seed in range(8):
        rng = random.Random(seed)
        robots, tasks = names(rng.randint(2, 7)), tasks_of(rng.randint(1, 15))
        config = BundleConfig(
            capacity=rng.choice((1, 2, 20)),
            expiry_s=6.0,
            claims_per_message=rng.choice((3, 64)),
        )
        prices = {robot: SCORES[score](robot, rng, tasks) for robot in robots}
        world = World(prices, GRAPHS[graph](robots), config, STORM, seed)
        world.offer(tasks)
        world.run_until_settled()
        claims = agreed_claims(world)
        for name, robot in world.robots.items():
            bids = [claims[task].bid for task in robot.chosen]
            assert all(one > 0.0 for one in bids)
            assert bids == sorted(bids, reverse=True), f'the bids of {name} grow'
            assert len(bids) <= config.capacity
        bitten += min(world.bites[one] for one in ('lost', 'doubled', 'reordered')) > 0
    assert bitten > 4


def test_nothing_is_left_that_somebody_with_room_could_win() -> None:
    robots, tasks = names(4), tasks_of(30)
    config = BundleConfig(capacity=3, expiry_s=6.0)
    world = World({robot: growing(robot) for robot in robots}, ring(robots), config, STORM)
    world.offer(tasks)
    world.run_until_settled()
    assert [len(robot.path) for robot in world.robots.values()] == [3, 3, 3, 3]


def test_equal_scores_go_to_the_robot_that_sorts_first() -> None:
    robots, tasks = names(5), tasks_of(2)
    world = World({robot: growing('all alike') for robot in robots}, line(robots), PATIENT)
    world.offer(tasks)
    world.run_until_settled()
    assert {one.winner for one in agreed_claims(world).values()} == {robots[0]}


def test_a_run_is_the_same_every_time() -> None:
    def history() -> tuple[int, int, float, dict[str, Claim]]:
        robots, tasks = names(6), tasks_of(12)
        prices = {robot: capricious(robot) for robot in robots}
        world = World(prices, ring(robots), PATIENT, STORM, seed=7)
        world.offer(tasks)
        at = world.run_until_settled()
        return world.sent, world.sent_bytes, at, agreed_claims(world)

    assert history() == history()


def test_a_robot_alone_serves_itself() -> None:
    world = World({'only': growing('only')}, (), BundleConfig(capacity=2))
    world.offer(tasks_of(3))
    world.run_until_settled(at_most_s=2.0)
    assert len(world.robots['only'].path) == 2


def test_messages_are_bounded_and_say_nothing_twice_that_was_heard() -> None:
    """Many tasks travel in parts; when all is said, what is sent no longer grows with them."""
    robots, tasks = names(4), tasks_of(400)
    config = BundleConfig(capacity=100, claims_per_message=20, expiry_s=6.0)
    world = World({robot: growing(robot) for robot in robots}, ring(robots), config)
    world.offer(tasks)
    world.run_until_settled()
    assert len(agreed_claims(world)) == 400
    assert world.largest_bytes < 20 * 40 + 300
    sent, sent_bytes = world.sent, world.sent_bytes
    world.run(10.0)
    assert (world.sent_bytes - sent_bytes) / (world.sent - sent) < 250

"""Robots come, go and fall silent, tasks end and are taken back, networks part and heal."""

from __future__ import annotations

import math

import pytest

from core.allocation.cbba.network import (
    STORM,
    World,
    agreed_claims,
    complete,
    line,
    names,
    ring,
)
from core.allocation.cbba.scores import capricious, growing
from muster.core.allocation.consensus_bundle import BundleConfig, Claim, Price

CONFIG = BundleConfig(capacity=3)
ROBOTS = names(5)
TASKS = tuple(f'task_{number}' for number in range(9))


def world_of(robots: tuple[str, ...] = ROBOTS, config: BundleConfig = CONFIG) -> World:
    world = World({robot: growing(robot) for robot in robots}, ring(robots), config)
    world.offer(TASKS)
    return world


def settled(world: World) -> dict[str, Claim]:
    world.run_until_settled()
    return agreed_claims(world)


def winner_of(world: World, task: str) -> str:
    return settled(world)[task].winner


def test_a_silent_robots_work_goes_to_others() -> None:
    world = world_of()
    gone = winner_of(world, 'task_4')
    world.stop(gone)
    world.run(CONFIG.expiry_s + 1.0)
    claims = settled(world)
    assert gone not in {one.winner for one in claims.values()}
    assert len(claims) == len(TASKS)
    assert all(gone not in robot.present() for robot in world.robots.values())


def test_a_silent_robot_that_had_begun_is_replaced_too() -> None:
    world = world_of()
    gone = winner_of(world, 'task_4')
    world.robots[gone].commit('task_4', world.now)
    world.run(1.0)
    assert all(one.claims['task_4'] == Claim(gone, math.inf) for one in world.robots.values())
    world.stop(gone)
    world.run(CONFIG.expiry_s + 1.0)
    assert winner_of(world, 'task_4') not in ('', gone)


def test_what_a_silent_robot_has_done_stays_done() -> None:
    world = world_of()
    gone = winner_of(world, 'task_4')
    world.robots[gone].commit('task_4', world.now)
    world.robots[gone].done('task_4', gone, world.now)
    world.run(1.0)
    world.stop(gone)
    world.run(CONFIG.expiry_s + 1.0)
    assert settled(world)['task_4'] == Claim(gone, math.inf, is_over=True)


def test_a_robot_that_restarts_is_believed_anew() -> None:
    """It remembers nothing, so neither what it had won nor the parts of others' beliefs that they
    think it holds may count; its new life begins long before its old one would have expired."""
    world = world_of()
    settled(world)
    before = dict(world.robots)
    world.stop(ROBOTS[2])
    world.start(ROBOTS[2]).offer(TASKS, world.now)
    assert len(settled(world)) == len(TASKS)
    assert all(before[name] is robot for name, robot in world.robots.items() if name != ROBOTS[2])


def test_a_robot_that_joins_gets_its_share() -> None:
    world = World({robot: growing(robot) for robot in ROBOTS}, ring(ROBOTS), CONFIG)
    world.stop(ROBOTS[0])
    world.offer(TASKS)
    settled(world)
    world.start(ROBOTS[0]).offer(TASKS, world.now)
    claims = settled(world)
    assert {one.winner for one in claims.values()} >= {ROBOTS[0]}


def test_news_crosses_robots_that_have_no_part_in_it() -> None:
    """Ends of a line; those between them can do nothing themselves."""
    idle = {robot: lambda path, tasks: [None] * len(tasks) for robot in ROBOTS}
    world = World({**idle, ROBOTS[0]: growing('a'), ROBOTS[4]: growing('b')}, line(ROBOTS), CONFIG)
    for end in (ROBOTS[0], ROBOTS[4]):
        world.robots[end].offer(TASKS[:4], world.now)
    claims = settled(world)
    assert {one.winner for one in claims.values()} == {ROBOTS[0], ROBOTS[4]}
    assert len(claims) == 4


def test_a_task_taken_back_leaves_every_bundle() -> None:
    world = world_of()
    holder = winner_of(world, 'task_4')
    knows = next(one for name, one in world.robots.items() if name != holder)
    knows.taken_back('task_4', world.now)
    claims = settled(world)
    assert claims['task_4'] == Claim(is_over=True)
    assert 'task_4' not in world.robots[holder].path


def test_an_end_lets_the_rest_of_the_bundle_stand() -> None:
    world = world_of()
    settled(world)
    name, robot = next((name, one) for name, one in world.robots.items() if len(one.path) == 3)
    first, *rest = robot.path
    robot.commit(first, world.now)
    robot.done(first, name, world.now)
    assert [one for one in robot.path if one in rest] == rest
    assert settled(world)[first] == Claim(name, math.inf, is_over=True)


def test_a_task_that_nobody_is_offered_is_given_up() -> None:
    world = world_of()
    settled(world)
    world.offer(TASKS[1:])
    assert 'task_0' not in settled(world)


def test_what_a_robot_cannot_do_any_more_goes_to_another() -> None:
    world = world_of()
    name = winner_of(world, 'task_4')
    able = world.prices[name]
    robot = world.robots[name]

    def limp(path: object, tasks: list[str]) -> list[Price | None]:
        return [None for _ in tasks]

    robot._bundle._price = limp
    robot.reprice(world.now)
    robot.released(robot.path, world.now)
    claims = settled(world)
    assert name not in {one.winner for one in claims.values()}
    assert len(claims) == len(TASKS)
    robot._bundle._price = able
    robot.reprice(world.now)
    settled(world)


def test_an_attempt_under_way_is_not_outbid() -> None:
    world = world_of()
    name = winner_of(world, 'task_4')
    world.robots[name].commit('task_4', world.now)
    for robot in world.robots.values():
        robot.reprice(world.now)
    assert settled(world)['task_4'] == Claim(name, math.inf)
    assert world.robots[name].committed == {'task_4'}


def test_an_attempt_that_failed_is_free_again() -> None:
    world = world_of()
    name = winner_of(world, 'task_4')
    world.robots[name].commit('task_4', world.now)
    world.run(1.0)
    world.robots[name].released(['task_4'], world.now)
    world.run_until_settled()
    assert not world.robots[name].committed
    assert agreed_claims(world)['task_4'].bid < math.inf


# Parts


def halves(world: World) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Cut the network in two, each half connected, and let each agree for itself."""
    left, right = ROBOTS[:2], ROBOTS[2:]
    world.edges = {*line(left), *line(right)}
    world.run(CONFIG.expiry_s + 1.0)
    world.run_until_settled()
    return left, right


def test_halves_that_agreed_for_themselves_agree_again() -> None:
    world = world_of()
    settled(world)
    left, right = halves(world)
    views = [{task for task, one in r.claims.items() if one.winner} for r in world.robots.values()]
    won = [{task for name in half for task in world.robots[name].path} for half in (left, right)]
    assert won[0] & won[1], 'the cut has bitten: some task is in both halves'
    assert all(views)
    world.edges |= {frozenset((left[-1], right[0]))}
    world.run(1.0)
    settled(world)


def test_what_either_half_has_done_is_done_for_both() -> None:
    world = world_of()
    left, right = halves(world)
    done = {}
    for half in (left, right):
        name = next(one for one in half if world.robots[one].path)
        task = world.robots[name].path[0]
        world.robots[name].commit(task, world.now)
        world.robots[name].done(task, name, world.now)
        done[task] = name
    world.edges |= {frozenset((left[-1], right[0]))}
    world.run(1.0)
    claims = settled(world)
    for task, name in done.items():
        assert claims[task] == Claim(name, math.inf, is_over=True)


def test_of_two_that_have_begun_the_same_task_one_goes_on() -> None:
    world = world_of()
    left, right = halves(world)
    both = [
        (a, b, task)
        for a in left
        for b in right
        for task in set(world.robots[a].path) & set(world.robots[b].path)
    ]
    a, b, task = min(both)
    world.robots[a].commit(task, world.now)
    world.robots[b].commit(task, world.now)
    world.edges |= {frozenset((left[-1], right[0]))}
    world.run(1.0)
    assert settled(world)[task] == Claim(a, math.inf)
    assert (world.robots[a].committed, world.robots[b].committed) == ({task}, set())


def test_both_halves_did_the_same_task() -> None:
    world = world_of()
    left, right = halves(world)
    for name in (left[0], right[0]):
        world.robots[name].done('task_4', name, world.now)
    world.edges |= {frozenset((left[-1], right[0]))}
    world.run(1.0)
    assert settled(world)['task_4'].is_over


@pytest.mark.parametrize('seed', range(12))
def test_they_agree_once_a_changing_network_comes_to_rest(seed: int) -> None:
    """Links come and go, robots die and restart, in a storm; then all is connected, somehow."""
    config = BundleConfig(capacity=3, expiry_s=4.0)
    prices = {robot: capricious(robot) for robot in ROBOTS}
    world = World(prices, ring(ROBOTS), config, STORM, seed)
    world.offer(TASKS)
    everything = list(complete(ROBOTS))
    parted = 0
    for number in range(12):
        world.edges = {one for one in everything if world.rng.random() < 0.3}
        parted += len(world.edges) < len(ROBOTS) - 1
        world.run(world.rng.uniform(0.1, 5.0))
        if number % 4 == 1:
            name = world.rng.choice(ROBOTS)
            world.stop(name)
            world.run(world.rng.uniform(0.1, 5.0))
            world.start(name).offer(TASKS, world.now)
    world.edges = set(ring(ROBOTS))
    world.run(config.expiry_s)
    settled(world)
    assert parted > 0
    assert min(world.bites[one] for one in ('lost', 'doubled', 'reordered')) > 0

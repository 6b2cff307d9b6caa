import random
from dataclasses import replace

import pytest

from muster.cli.play.director import Ask, Break, Director, Restart, Scene, random_kill
from muster.runtime.scenario_file import Arrival, Fault, Scenario

ROBOTS = ('a', 'b', 'c')


def scenario(*faults: Fault, again: tuple[float, ...] = ()) -> Scenario:
    task = Arrival(name='one', at=2, kind='go_to', stops=('north',), again_after_s=again)
    later = Arrival(name='two', at=5, kind='go_to', stops=('south',), deadline_s=10)
    return Scenario(title='t', team='x', time_limit_s=9, tasks=(task, later), faults=faults)


def scene(now: float, leader: str = 'a', alive: tuple[str, ...] = ROBOTS) -> Scene:
    return Scene(now=now, node_time=100 + now, leader=leader, alive=alive)


def kill(at: float, target: str) -> Fault:
    return Fault(at=at, target=target, failure='process_kill', restart_after_s=4)


def push(at: float, target: str) -> Fault:
    return Fault(at=at, target=target, failure='push', severity=20)


def director(*faults: Fault, again: tuple[float, ...] = (), seed: int = 0) -> Director:
    return Director(scenario(*faults, again=again), 'run', random.Random(seed))


def test_tasks_are_asked_for_in_their_time():
    play = director()
    assert play.step(scene(1.9)) == []
    (first,) = play.step(scene(2.0))
    assert isinstance(first, Ask)
    assert first.submit.request_id == 'run/one'
    (second,) = play.step(scene(6.0))
    assert isinstance(second, Ask)
    assert second.submit.spec.deadline_s == pytest.approx(116.0)
    assert play.is_over


def test_a_repeated_request_is_the_very_same():
    play = director(again=(1.0, 7.0))
    (first,) = play.step(scene(2))
    (again,) = play.step(scene(3.5))
    assert first == again
    assert not play.is_over
    assert [action for action in play.step(scene(9)) if action == first] == [first]
    assert play.is_over


def test_the_leader_of_the_moment_is_hit():
    (broken,) = director(kill(1, 'leader')).step(scene(1, leader='b'))
    assert isinstance(broken, Break)
    assert broken.robot == 'b'


def test_a_fault_waits_for_its_target():
    play = director(kill(1, 'leader'))
    assert play.step(scene(1, leader='')) == []
    assert play.step(scene(1.5, leader='b', alive=('a', 'c'))) == []
    (broken,) = play.step(scene(1.9, leader='b'))
    assert isinstance(broken, Break)


def test_a_killed_robot_comes_back_in_its_time():
    play = director(kill(1, 'c'))
    (broken,) = play.step(scene(1))
    play.step(scene(5))
    assert not play.is_over
    play.broke(broken, 1.2)
    assert play.step(scene(5.1)) == []
    assert play.step(scene(5.3)) == [Restart('c')]
    assert play.is_over


@pytest.mark.parametrize('seed', range(10))
def test_followers_are_hit_one_after_the_other(seed):
    play = director(push(1, 'follower'), push(1.1, 'follower'), push(1.2, 'follower'), seed=seed)
    hit = [action.robot for action in play.step(scene(1.5)) if isinstance(action, Break)]
    assert sorted(hit[:2]) == ['b', 'c']
    assert hit[2] in ('b', 'c')


@pytest.mark.parametrize('seed', range(10))
def test_a_follower_at_work_is_hit_rather_than_an_idle_one(seed):
    at_work = replace(scene(1), busy=('a', 'c'))
    (broken,) = director(push(1, 'follower'), seed=seed).step(at_work)
    assert broken.robot == 'c'


def test_the_same_seed_hits_the_same_robots():
    hits = [
        [action.robot for action in director(push(1, 'random'), seed=seed).step(scene(1))]
        for seed in (3, 3)
    ]
    assert hits[0] == hits[1]
    others = {director(push(1, 'random'), seed=seed).step(scene(1))[0].robot for seed in range(20)}
    assert others == set(ROBOTS)


def test_random_kill_replaces_the_faults_and_depends_on_the_seed_alone():
    one = random_kill(scenario(push(1, 'a')), ROBOTS, random.Random(4))
    assert one == random_kill(scenario(), reversed(ROBOTS), random.Random(4))
    (fault,) = one.faults
    assert fault.failure == 'process_kill'
    assert fault.target in ROBOTS
    targets = {
        random_kill(scenario(), ROBOTS, random.Random(seed)).faults[0].target for seed in range(20)
    }
    assert targets == set(ROBOTS)

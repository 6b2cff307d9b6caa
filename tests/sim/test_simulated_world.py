"""Humanoids in PyBullet: they walk, stop, fall, get up, tire and carry; every fault bites, and
says so."""

import hashlib
import math
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from muster_sim.battery import PowerModel
from muster_sim.requests import Grip, Push, Request, TorqueLoss, Verdict
from muster_sim.simulated_world import COMMAND_TIMEOUT_S, SimulatedWorld
from muster_sim.simulation_setup import RobotStart, Setup

from .stage import open_floor, warehouse

pytestmark = pytest.mark.physics

LINE = tuple(RobotStart(f'g1_{i}', (0.0, 3.0 * i, 0.0)) for i in range(4))


def _world(robots: int = 1, **options: object) -> SimulatedWorld:
    return SimulatedWorld(Setup(open_floor(), LINE[:robots], **options))


def _run(world: SimulatedWorld, seconds: float, vx: float | None = None) -> None:
    for _ in range(round(seconds / 0.02)):
        if vx is not None:
            for robot in range(len(world.robots)):
                world.command(robot, vx, 0.0, 0.0)
        world.tick()


def _verdict(
    world: SimulatedWorld, request: Request, vx: float | None = None, within_s: float = 5.0
) -> Verdict:
    world.submit(7, request)
    for _ in range(round(within_s / 0.02)):
        _run(world, 0.02, vx)
        for number, verdict in world.verdicts():
            assert number == 7
            return verdict
    pytest.fail(f'no verdict on {request}')


def test_a_robot_walks_as_fast_as_it_is_told_and_stands_when_told_nothing() -> None:
    world = _world()
    _run(world, 3.0, 0.5)
    began = world.snapshot().position[0, 0]
    _run(world, 4.0, 0.5)
    assert (world.snapshot().position[0, 0] - began) / 4.0 == pytest.approx(0.5, rel=0.1)
    _run(world, COMMAND_TIMEOUT_S + 1.0)
    stopped = world.snapshot().position[0, :2].copy()
    _run(world, 3.0)
    state = world.snapshot()
    assert np.hypot(*(state.position[0, :2] - stopped)) < 0.1
    assert not state.is_fallen[0]


def test_sensors_feel_gravity_and_agree_with_each_other() -> None:
    world = _world()
    _run(world, 3.0)
    state = world.snapshot()
    assert state.acceleration[0, 2] == pytest.approx(9.81, abs=0.5)
    assert np.linalg.norm(state.orientation[0]) == pytest.approx(1.0, abs=1e-6)
    before = state.position[0, 0]
    _run(world, 4.0, 0.5)
    told = []
    for _ in range(100):
        _run(world, 0.02, 0.5)
        told.append(world.snapshot().velocity[0, 0])
    moved = world.snapshot().position[0, 0] - before
    assert moved > 1.0
    assert np.mean(told) == pytest.approx(0.5, rel=0.15)


def test_commands_that_are_no_numbers_are_ignored() -> None:
    world = _world()
    world.command(0, math.nan, 0.0, 0.0)
    _run(world, 1.0)
    assert np.isfinite(world.snapshot().position).all()


def test_a_light_push_bites_and_is_survived() -> None:
    world = _world()
    _run(world, 2.0)
    verdict = _verdict(world, Push(0, 20.0, 0.0))
    assert verdict.accepted
    assert verdict.has_bitten
    assert 'kept its feet' in verdict.detail
    assert not world.snapshot().is_fallen[0]


def test_a_hard_push_topples_and_the_hoist_sets_the_robot_up_again() -> None:
    world = _world(hoist_after_s=2.0)
    _run(world, 2.0)
    verdict = _verdict(world, Push(0, 150.0, math.pi / 2))
    assert verdict.has_bitten
    assert 'fell' in verdict.detail
    assert world.snapshot().is_fallen[0]
    assert not _verdict(world, Push(0, 20.0, 0.0)).accepted
    _run(world, 7.0)
    state = world.snapshot()
    assert not state.is_fallen[0]
    assert state.position[0, 2] > 0.7
    before = state.position[0, 0].copy()
    _run(world, 4.0, 0.5)
    assert np.hypot(*(world.snapshot().velocity[0, :2])) > 0.3
    assert world.snapshot().position[0, 0] != before


def test_without_a_hoist_the_fallen_stay_down() -> None:
    world = _world(hoist_after_s=0.0)
    _run(world, 1.0)
    _verdict(world, Push(0, 150.0, 0.0))
    _run(world, 15.0)
    assert world.snapshot().is_fallen[0]


def test_a_loss_of_torque_cuts_the_peaks_until_it_is_mended() -> None:
    world = _world()
    _run(world, 3.0, 0.5)
    verdict = _verdict(
        world, TorqueLoss(0, 0.7, joints=('left_knee_joint', 'right_knee_joint')), 0.5
    )
    assert verdict.has_bitten
    assert '139 -> 42 N m' in verdict.detail
    knee = world.robots.joint_names.index('left_knee_joint')
    assert _peak(world, knee) <= 139.0 * 0.3 + 1e-6
    assert not world.snapshot().is_fallen[0]
    assert _verdict(world, TorqueLoss(0, 0.0), 0.5).has_bitten
    assert _peak(world, knee) > 139.0 * 0.3


def test_a_loss_of_torque_ends_after_its_time() -> None:
    world = _world()
    _run(world, 2.0, 0.5)
    _verdict(world, TorqueLoss(0, 0.5, duration_s=1.5), 0.5)
    _run(world, 1.0, 0.5)
    assert (world.faults.torque_scale == 1.0).all()


def test_a_loss_of_nearly_all_torque_makes_a_robot_fall() -> None:
    world = _world()
    _run(world, 3.0, 0.5)
    verdict = _verdict(world, TorqueLoss(0, 0.9), 0.5)
    _run(world, 2.0, 0.5)
    assert verdict.has_bitten
    assert world.snapshot().is_fallen[0]


def test_a_loss_of_torque_that_nobody_feels_has_not_bitten() -> None:
    world = _world()
    _run(world, 3.0)
    verdict = _verdict(world, TorqueLoss(0, 0.1))
    assert verdict.accepted
    assert not verdict.has_bitten
    assert 'never reached' in verdict.detail


@pytest.mark.parametrize(
    ('fault', 'says'),
    [
        (Push(0, 0.0, 0.0), 'impulse'),
        (Push(0, math.nan, 0.0), 'impulse'),
        (Push(0, 1e9, 0.0), 'up to 500'),
        (Push(0, 10.0, math.inf), 'direction'),
        (TorqueLoss(0, 1.5), 'in 0..1, not 1.5'),
        (TorqueLoss(0, 0.5, duration_s=-1.0), 'duration'),
        (TorqueLoss(0, 0.5, joints=('tail',)), 'no joint tail; there are left_hip_pitch_joint'),
    ],
)
def test_faults_that_make_no_sense_are_refused(fault: Request, says: str) -> None:
    world = _world()
    verdict = _verdict(world, fault)
    assert not verdict.accepted
    assert not verdict.has_bitten
    assert says in verdict.detail
    assert (world.faults.torque_scale == 1.0).all()


def test_walking_drains_the_battery_faster_than_standing() -> None:
    world = _world(2, battery_j=1.0e5)
    for _ in range(round(10.0 / 0.02)):
        world.command(0, 0.6, 0.0, 0.0)
        world.tick()
    state = world.snapshot()
    walker, stander = 1.0 - state.charge
    assert stander > 100.0 * 10.0 / 1.0e5
    assert walker > 1.3 * stander
    assert state.power[0] > state.power[1] > PowerModel().electronics_w


def test_an_empty_battery_leaves_the_motors_limp() -> None:
    start = RobotStart('g1', (0.0, 0.0, 0.0), charge=0.001)
    world = SimulatedWorld(Setup(open_floor(), (start,), battery_j=1.0e5))
    _run(world, 3.0)
    state = world.snapshot()
    assert state.charge[0] == 0.0
    assert state.is_fallen[0]
    assert not state.torque[0].any()


def _at_pick(**options: object) -> SimulatedWorld:
    """A robot that stands before parcel_3."""
    start = RobotStart('g1', (5.5, 0.0, 0.0))
    world = SimulatedWorld(Setup(warehouse(), (start,), **options))
    _run(world, 1.0, 0.0)
    return world


def test_a_parcel_is_lifted_carried_and_set_down() -> None:
    world = _at_pick()
    parcel = world.hands.names.index('parcel_3')
    assert _verdict(world, Grip(0, True), 0.0).detail == 'holds parcel_3'
    _run(world, 2.0, 0.0)
    state = world.snapshot()
    assert state.is_holding[0]
    assert 0.7 < state.parcel_position[parcel, 2] < 1.2
    _run(world, 5.0, -0.3)
    assert world.snapshot().parcel_position[parcel, 0] < 5.4
    _run(world, 1.0, 0.0)
    assert _verdict(world, Grip(0, False), 0.0).accepted
    _run(world, 2.0, 0.0)
    state = world.snapshot()
    assert not state.is_holding[0]
    assert not state.is_fallen[0]
    assert state.parcel_position[parcel, 2] == pytest.approx(0.1, abs=0.02)
    assert np.hypot(*(state.parcel_position[parcel] - state.position[0])[:2]) < 0.8


def test_hands_that_close_on_nothing_say_so() -> None:
    world = _world()
    verdict = _verdict(world, Grip(0, True))
    assert not verdict.accepted
    assert 'no parcel lies within 0.8 m' in verdict.detail


def test_two_robots_cannot_hold_one_parcel() -> None:
    robots = (RobotStart('a', (5.5, 0.0, 0.0)), RobotStart('b', (6.0, -0.6, math.pi / 2)))
    world = SimulatedWorld(Setup(warehouse(), robots))
    _run(world, 1.0, 0.0)
    assert _verdict(world, Grip(0, True), 0.0).accepted
    assert not _verdict(world, Grip(1, True), 0.0).accepted


def test_who_falls_drops_what_it_holds() -> None:
    world = _at_pick()
    _verdict(world, Grip(0, True), 0.0)
    _run(world, 2.0, 0.0)
    _verdict(world, Push(0, 200.0, math.pi / 2), 0.0)
    state = world.snapshot()
    assert state.is_fallen[0]
    assert not state.is_holding[0]


def test_a_body_without_orders_sets_down_what_it_holds() -> None:
    world = _at_pick()
    _verdict(world, Grip(0, True), 0.0)
    _run(world, 2.0)
    assert world.snapshot().is_holding[0]
    _run(world, 3.0)
    state = world.snapshot()
    assert not state.is_holding[0]
    assert state.parcel_position[world.hands.names.index('parcel_3'), 2] < 0.15


def test_a_robot_that_walks_into_a_shelf_touches_it() -> None:
    """What the stress test relies on: contacts are seen."""
    world = SimulatedWorld(Setup(warehouse(), (RobotStart('g1', (2.6, 0.6, 1.571)),)))
    touched = set()
    for _ in range(200):
        _run(world, 0.02, 0.5)
        touched |= world.contacts()
    assert {(contact.robot, contact.what) for contact in touched} == {(0, 'shelf_b')}
    assert all(contact.link in world.robots.link_names.values() for contact in touched)


def test_different_seeds_differ_and_the_same_seed_does_not() -> None:
    first, again, other = (_digest(seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_seed_gives_the_same_bits_in_another_process() -> None:
    program = 'from sim.test_simulated_world import _digest; print(_digest(3))'
    printed = subprocess.run(
        [sys.executable, '-c', program],
        cwd=__file__.rpartition('/sim/')[0],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert printed.split()[-1] == _digest(3)


def _digest(seed: int) -> str:
    """Of everything there is to see after six eventful seconds."""
    world = _world(4, seed=seed)
    _run(world, 3.0, 0.5)
    world.submit(1, Push(0, 60.0, 1.0))
    world.submit(2, TorqueLoss(1, 0.7))
    _run(world, 3.0, 0.5)
    state = world.snapshot()
    assert world.verdicts()
    digest = hashlib.sha256()
    for field in fields(state):
        digest.update(np.asarray(getattr(state, field.name)).tobytes())
    return digest.hexdigest()


def _peak(world: SimulatedWorld, joint: int) -> float:
    """[N m] greatest torque of a joint over two seconds of walking."""
    peak = 0.0
    for _ in range(100):
        _run(world, 0.02, 0.5)
        peak = max(peak, abs(world.snapshot().torque[0, joint]))
    return peak

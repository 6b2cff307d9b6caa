"""The parts of a run: time, disks, the network, bodies, schedules, shrinking."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.allocation.config import MotionProfile, SkillProfile
from muster.core.allocation.roadmap import Roadmap
from muster.core.coordinator.effects import Persist, StartTask, StopTask
from muster.core.coordinator.events import Event, SkillEnded
from muster.core.types import Outcome, Pose2D, TaskSpec
from muster.simulation.agenda import Agenda
from muster.simulation.battery import Battery
from muster.simulation.body import COMMAND_TIMEOUT_S, STOP_S, Body
from muster.simulation.clock import Clock
from muster.simulation.disk import Disk
from muster.simulation.energy import EnergyReferee
from muster.simulation.faults import (
    BadWeather,
    BodyFault,
    Crash,
    DeafLink,
    DiskFailure,
    Fault,
    Partition,
    Stall,
    draw_schedule,
)
from muster.simulation.network import Network
from muster.simulation.referee import InvariantViolationError, Referee
from muster.simulation.shrink import shrink_schedule

# Time


@given(st.lists(st.floats(0.0, 50.0)))
def test_actions_happen_in_the_order_of_their_times_and_then_of_their_entry(
    times: list[float],
) -> None:
    agenda, done = Agenda(), []
    for number, time in enumerate(times):
        agenda.at(time, partial(done.append, (time, number)))
    agenda.run(until=100.0)
    assert done == sorted(done)
    assert len(done) == len(times) == agenda.count
    assert agenda.now == 100.0


def test_what_is_entered_for_the_past_happens_now_and_what_is_later_waits() -> None:
    agenda, done = Agenda(), []
    agenda.at(5.0, lambda: agenda.at(1.0, lambda: done.append(agenda.now)))
    agenda.at(7.0, lambda: done.append(agenda.now))
    agenda.run(until=6.0)
    assert done == [5.0]
    agenda.run(until=7.0)
    assert done == [5.0, 7.0]


# Disks


class Writes:
    """A disk, and what it has answered."""

    def __init__(self, seed: int = 0) -> None:
        self.agenda = Agenda()
        self.disk = Disk(self.agenda, random.Random(seed), Counter())
        self.durable: list[int] = []
        self.refused = 0

    def write(self, sequence: int, *records: bytes) -> None:
        self.disk.write(Persist(sequence, records), self.durable.append, self._refuse)

    def _refuse(self) -> None:
        self.refused += 1


def test_writes_become_durable_in_order() -> None:
    writes = Writes()
    for number in range(1, 20):
        writes.write(number, b'%d' % number)
    assert writes.disk.is_writing
    writes.agenda.run(until=1.0)
    assert writes.durable == list(range(1, 20))
    assert writes.disk.records == [b'%d' % number for number in range(1, 20)]


def test_a_crash_keeps_what_was_durable_and_some_beginning_of_the_rest() -> None:
    kept = set()
    for seed in range(60):
        writes = Writes(seed)
        writes.write(1, b'durable')
        writes.agenda.run(until=0.5)
        writes.write(2, b'a', b'b')
        writes.write(3, b'c')
        writes.disk.crash()
        writes.agenda.run(until=1.0)
        assert writes.durable == [1]
        kept.add(tuple(writes.disk.records))
    whole = (b'durable', b'a', b'b', b'c')
    assert kept == {whole[:length] for length in range(1, 5)}


def test_a_slow_disk_answers_later_and_a_broken_one_never() -> None:
    writes = Writes()
    writes.disk.sync_s = 0.4
    writes.write(1, b'x')
    writes.agenda.run(until=0.39)
    assert writes.durable == []
    writes.agenda.run(until=0.45)
    assert writes.durable == [1]
    writes.disk.is_broken = True
    writes.write(2, b'y')
    writes.agenda.run(until=2.0)
    assert (writes.durable, writes.refused, writes.disk.records) == ([1], 1, [b'x'])


def test_a_disk_that_hangs_answers_when_it_is_over() -> None:
    writes = Writes()
    writes.disk.held_until = 2.0
    writes.write(1, b'x')
    writes.agenda.run(until=2.0)
    assert writes.durable == []
    writes.agenda.run(until=2.1)
    assert writes.durable == [1]


# Clocks


def test_a_clock_that_changes_its_rate_neither_jumps_nor_forgets() -> None:
    clock = Clock(100.0, 1.0).at_rate(2.0, virtual=10.0).at_rate(0.5, virtual=20.0)
    assert clock.steady(20.0) == 130.0
    assert clock.steady(24.0) == 132.0
    assert [clock.when(steady) for steady in (105.0, 120.0, 132.0)] == [5.0, 15.0, 24.0]


# Network


def carried(count: int, *faults: Partition | DeafLink | BadWeather) -> tuple[list[int], Counter]:
    """What arrives of `count` messages from a to b, in the order of arrival."""
    agenda, bites, arrived = Agenda(), Counter[str](), []
    network = Network(agenda, random.Random(1), bites)
    for fault in faults:
        match fault:
            case Partition():
                network.partitions.append(fault)
            case DeafLink():
                network.deaf_links.append(fault)
            case BadWeather():
                network.weather.append(fault)
    for number in range(count):
        network.carry('a', 'b', partial(arrived.append, number))
        agenda.run(until=agenda.now + 0.01)
    agenda.run(until=agenda.now + 60.0)
    return arrived, bites


def is_cut(partition: Partition, sender: str, recipient: str) -> bool:
    network = Network(Agenda(), random.Random(0), Counter())
    network.partitions.append(partition)
    return network.is_cut(sender, recipient)


def test_a_partition_may_be_one_way() -> None:
    partition = Partition(0.0, 1.0, ('a',), is_one_way=True)
    assert is_cut(partition, 'b', 'a')
    assert not is_cut(partition, 'a', 'b')
    assert not is_cut(partition, 'b', 'c')


def test_a_bridge_hears_both_sides_which_do_not_hear_each_other() -> None:
    partition = Partition(0.0, 1.0, ('a', 'b'), bridges=('c',))
    assert is_cut(partition, 'a', 'd')
    assert is_cut(partition, 'd', 'b')
    for side in 'abd':
        assert not is_cut(partition, side, 'c')
        assert not is_cut(partition, 'c', side)


def storm(loss: float = 0.0, duplication: float = 0.0, delay_s: float = 0.0) -> BadWeather:
    return BadWeather(0.0, 1.0, loss, duplication, delay_s)


def test_in_good_weather_all_arrives_once_and_in_order() -> None:
    arrived, bites = carried(100)
    assert arrived == list(range(100))
    assert not bites


def test_a_storm_loses_doubles_and_reorders() -> None:
    arrived, bites = carried(500, storm(loss=0.3))
    assert 300 < len(arrived) < 400
    assert bites['messages lost'] == 500 - len(arrived)
    arrived, bites = carried(500, storm(duplication=0.3))
    assert len(arrived) == 500 + bites['messages doubled'] > 600
    arrived, bites = carried(500, storm(delay_s=0.3))
    assert sorted(arrived) == list(range(500)) != arrived
    assert bites['messages delayed'] == 500


def test_the_network_is_calm_again_when_the_last_late_message_has_arrived() -> None:
    agenda, arrived = Agenda(), []
    network = Network(agenda, random.Random(1), Counter())
    network.weather.append(storm(delay_s=5.0))
    network.carry('a', 'b', lambda: arrived.append(agenda.now))
    network.weather.clear()
    assert not network.is_calm
    agenda.run(until=100.0)
    assert arrived[0] > 0.1
    assert network.is_calm


@pytest.mark.parametrize(
    ('fault', 'is_cut'),
    [
        (Partition(0.0, 1.0, ('a',)), True),
        (Partition(0.0, 1.0, ('b', 'c')), True),
        (Partition(0.0, 1.0, ('a', 'b')), False),
        (Partition(0.0, 1.0, ('c',)), False),
        (DeafLink(0.0, 1.0, 'a', 'b'), True),
        (DeafLink(0.0, 1.0, 'b', 'a'), False),
    ],
)
def test_a_cut_stops_just_the_messages_across_it(
    fault: Partition | DeafLink, is_cut: bool
) -> None:
    arrived, bites = carried(10, fault)
    assert arrived == ([] if is_cut else list(range(10)))
    assert sum(bites.values()) == 10 * is_cut


# Bodies


class Patient:
    """A body, and what it tells the process."""

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.referee = Referee(self.agenda)
        roadmap = Roadmap({'p': Pose2D(0.0, 0.0)}, [])
        motion = MotionProfile()
        self.body = Body(
            'r1',
            Pose2D(0.0, 0.0),
            roadmap,
            self.agenda,
            random.Random(3),
            self.referee,
            EnergyReferee(self.agenda, roadmap, motion, {'go_to': SkillProfile()}, ()),
            Battery(self.agenda, motion.battery_j, 1.0, motion.idle_w),
        )
        self.heard: list[tuple[float, Event]] = []
        self.body.process_started(lambda event: self.heard.append((self.agenda.now, event)))

    def start(self, attempt: int = 1) -> None:
        self.body.start(StartTask('t', attempt, TaskSpec(kind='go_to')))

    def ends(self) -> list[tuple[float, Outcome]]:
        return [(at, one.outcome) for at, one in self.heard if isinstance(one, SkillEnded)]


def test_a_body_ends_what_it_began() -> None:
    patient = Patient()
    patient.start()
    patient.agenda.run(until=10.0)
    ((_, outcome),) = patient.ends()
    assert outcome in (Outcome.SUCCEEDED, Outcome.TASK_FAILED)
    assert patient.referee.executions == 1


def test_a_body_needs_a_moment_to_stop() -> None:
    patient = Patient()
    patient.start()
    patient.body.stop(StopTask('t', 1, 'told to'))
    patient.agenda.run(until=10.0)
    ((at, outcome),) = patient.ends()
    assert outcome is Outcome.STOPPED
    assert STOP_S[0] <= at <= STOP_S[1]


def test_a_body_refuses_an_older_attempt_and_a_second_one_at_a_time() -> None:
    patient = Patient()
    patient.start(2)
    patient.start(2)
    patient.start(1)
    patient.start(3)
    assert [outcome for _, outcome in patient.ends()] == [Outcome.ROBOT_FAILED] * 3


@pytest.mark.parametrize('is_dead', [False, True])
def test_a_body_whose_process_is_silent_stops_after_its_time_out(is_dead: bool) -> None:
    patient = Patient()
    patient.start()
    patient.agenda.run(until=0.1)
    patient.body.process_stalled()
    patient.agenda.run(until=0.2)
    if is_dead:
        patient.body.process_died()
        patient.body.process_started(lambda event: None)
    patient.agenda.run(until=0.1 + COMMAND_TIMEOUT_S - 0.001)
    patient.start(2)
    assert patient.referee.executions == 1, 'still at the first'
    patient.agenda.run(until=0.1 + COMMAND_TIMEOUT_S + 0.001)
    patient.start(3)
    assert patient.referee.executions == 2


def test_a_body_whose_process_comes_back_in_time_goes_on() -> None:
    patient = Patient()
    patient.start()
    patient.body.process_stalled()
    patient.agenda.run(until=0.4)
    patient.body.process_resumed()
    patient.agenda.run(until=COMMAND_TIMEOUT_S + 0.01)
    assert patient.ends() == []


def test_a_fall_ends_the_work_at_once() -> None:
    patient = Patient()
    patient.start()
    patient.body.fall()
    assert patient.ends() == [(0.0, Outcome.ROBOT_FAILED)]


# The referee on bodies: I1


def test_two_bodies_at_one_exclusive_task_are_seen_at_once() -> None:
    referee = Referee(Agenda())
    referee.execution_began('r1', StartTask('t', 1, TaskSpec(kind='go_to')))
    with pytest.raises(InvariantViolationError, match=r'I1 broken at 0\.000 s: r2 begins t'):
        referee.execution_began('r2', StartTask('t', 2, TaskSpec(kind='go_to')))


def test_two_bodies_at_one_task_that_is_not_exclusive_are_fine() -> None:
    referee = Referee(Agenda())
    for robot in ('r1', 'r2'):
        referee.execution_began(robot, StartTask('t', 1, TaskSpec(kind='go_to', exclusive=False)))
    assert referee.handovers == 1


# Schedules


NAMES = ('r1', 'r2', 'r3')


def test_every_kind_of_fault_is_drawn_and_all_but_one_robots_are_over_in_time() -> None:
    kinds: Counter[type] = Counter()
    absences: Counter[type] = Counter()
    for seed in range(100):
        *before, last = draw_schedule(random.Random(seed), NAMES, quiet_from_s=36.0, until_s=60.0)
        for fault in before:
            kinds[type(fault)] += 1
            assert 2.0 <= fault.at < fault.at + fault.lasts_s <= 36.0
        assert last.at + last.lasts_s <= 60.0 + 1e-6
        absences[type(last)] += last.at + last.lasts_s > 36.0
    assert set(kinds) == set(Fault.__args__)  # type: ignore[attr-defined]
    assert set(+absences) == {Crash, DiskFailure, Stall, BodyFault, Partition}


def test_a_team_of_one_has_no_links_to_cut() -> None:
    for seed in range(30):
        for fault in draw_schedule(random.Random(seed), ('r1',), 36.0, 60.0):
            assert not isinstance(fault, Partition | DeafLink)
            assert fault.at + fault.lasts_s <= 36.0


def test_schedules_can_be_written_down_and_read_back() -> None:
    faults = draw_schedule(random.Random(1), NAMES, 36.0, 60.0)
    text = msgspec.json.encode(faults)
    assert msgspec.json.decode(text, type=tuple[Fault, ...]) == faults


# Shrinking


def needs(*numbers: int) -> Callable[[tuple[Fault, ...]], bool]:
    return lambda faults: {int(fault.at) for fault in faults} >= set(numbers)


@pytest.mark.parametrize('needed', [(), (0,), (13,), (3, 4), (0, 19), (1, 7, 11, 16)])
def test_shrinking_leaves_just_the_faults_that_matter(needed: tuple[int, ...]) -> None:
    faults = tuple(Stall(float(number), 1.0, 'r1') for number in range(20))
    runs = 0

    def still_fails(fewer: tuple[Fault, ...]) -> bool:
        nonlocal runs
        runs += 1
        return needs(*needed)(fewer)

    kept = shrink_schedule(faults, still_fails)
    assert [int(fault.at) for fault in kept] == list(needed)
    assert runs <= 20 * 20 / 2


@given(st.sets(st.integers(0, 15)), st.integers(0, 5))
def test_what_shrinking_returns_still_fails_and_nothing_can_be_left_out(
    needed: set[int], alternative: int
) -> None:
    """Also when there are two ways to fail."""
    faults = tuple(Crash(float(number), 1.0, ('r1',)) for number in range(16))

    def still_fails(fewer: tuple[Fault, ...]) -> bool:
        return needs(*needed)(fewer) or needs(alternative)(fewer)

    kept = shrink_schedule(faults, still_fails)
    assert still_fails(kept)
    for place in range(len(kept)):
        assert not still_fails(kept[:place] + kept[place + 1 :])

"""Batteries of simulated bodies, and the referee that watches them and the docks."""

from __future__ import annotations

import random

import pytest

from muster.core.allocation.config import MotionProfile, SkillProfile
from muster.core.allocation.roadmap import Roadmap
from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.coordinator.events import Event, SkillEnded
from muster.core.types import Outcome, Pose2D, Stop, TaskSpec
from muster.simulation import body as bodies
from muster.simulation.agenda import Agenda
from muster.simulation.battery import Battery
from muster.simulation.body import Body
from muster.simulation.energy import TOLERANCE, EnergyReferee
from muster.simulation.referee import InvariantViolationError, Referee

MOTION = MotionProfile(
    speed=1.0,
    battery_j=1000.0,
    idle_w=1.0,
    walking_w=10.0,
    battery_reserve=0.1,
    charge_w=50.0,
)
SKILLS = {'go_to': SkillProfile(max_stops=3), 'charge': SkillProfile()}
ROADMAP = Roadmap({'dock': Pose2D(0.0, 0.0), 'far': Pose2D(20.0, 0.0)}, [('dock', 'far')])
CHARGE = TaskSpec(kind='charge', stops=(Stop(place='dock'),), parameters='{"until": 1.0}')
GO_FAR = TaskSpec(kind='go_to', stops=(Stop(place='far'),))


class Patient:
    """A body at the dock, and what it tells the process."""

    def __init__(self, level: float) -> None:
        self.agenda = Agenda()
        self.energy = EnergyReferee(self.agenda, ROADMAP, MOTION, SKILLS, ('dock',))
        self.body = Body(
            'r1',
            Pose2D(0.0, 0.0),
            ROADMAP,
            self.agenda,
            random.Random(3),
            Referee(self.agenda),
            self.energy,
            Battery(self.agenda, MOTION.battery_j, level, MOTION.idle_w),
        )
        self.ends: list[Outcome] = []
        self.body.process_started(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event, SkillEnded):
            self.ends.append(event.outcome)


# Batteries


def test_a_battery_sinks_by_what_is_drawn_and_is_never_more_than_full_or_empty() -> None:
    agenda = Agenda()
    battery = Battery(agenda, 1000.0, 0.5, idle_w=10.0)
    agenda.run(10.0)
    assert battery.level == pytest.approx(0.4)
    battery.draw(-20.0)
    agenda.run(20.0)
    assert battery.level == pytest.approx(0.6)
    assert battery.seconds_until(0.8, 20.0) == pytest.approx(10.0)
    agenda.run(60.0)
    assert battery.level == 1.0
    battery.rest()
    agenda.run(1000.0)
    assert battery.level == 0.0


def test_a_body_charges_until_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, 'FAILURE_RATE', 0.0)
    patient = Patient(level=0.2)
    patient.body.start(StartTask('charge@dock', 1, CHARGE))
    patient.agenda.run(30.0)
    assert patient.ends == [Outcome.SUCCEEDED]
    assert patient.body.battery.level > 0.95
    assert patient.energy.charges == 1


def test_a_body_that_finds_no_contact_does_not_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, 'FAILURE_RATE', 1.0)
    patient = Patient(level=0.2)
    patient.body.start(StartTask('charge@dock', 1, CHARGE))
    patient.agenda.run(30.0)
    assert patient.ends == [Outcome.ROBOT_FAILED]
    assert patient.body.battery.level < 0.2


def test_a_charge_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, 'FAILURE_RATE', 0.0)
    patient = Patient(level=0.2)
    patient.body.start(StartTask('charge@dock', 1, CHARGE))
    patient.agenda.run(6.0)
    patient.body.stop(StopTask('charge@dock', 1, 'there is work'))
    patient.agenda.run(30.0)
    assert patient.ends == [Outcome.STOPPED]
    assert 0.3 < patient.body.battery.level < 0.6


def test_work_takes_no_more_than_planned() -> None:
    patient = Patient(level=1.0)
    planned = patient.energy.joules(Pose2D(0.0, 0.0), GO_FAR)
    assert planned == pytest.approx(200.0)
    patient.body.start(StartTask('t', 1, GO_FAR))
    patient.agenda.run(10.0)
    assert patient.ends
    assert 1.0 - planned / 1000.0 - 0.01 <= patient.body.battery.level < 0.95


# The referee


def test_a_dock_that_two_robots_go_to_is_noticed() -> None:
    energy = Patient(1.0).energy
    energy.charge_began('r1', 'dock')
    energy.charge_ended('r2', 'dock')
    with pytest.raises(InvariantViolationError, match='r2 goes to dock, but r1 is there'):
        energy.charge_began('r2', 'dock')
    energy.charge_ended('r1', 'dock')
    energy.charge_began('r2', 'dock')


def test_work_that_leaves_too_little_for_the_way_home_is_noticed() -> None:
    energy = Patient(1.0).energy
    there_and_back = 0.4
    enough = MOTION.battery_reserve + there_and_back
    start = StartTask('t', 1, GO_FAR)
    energy.work_began('r1', start, Pose2D(0.0, 0.0), enough)
    with pytest.raises(InvariantViolationError, match=r'energy broken .* r1 begins t'):
        energy.work_began('r1', start, Pose2D(0.0, 0.0), enough - TOLERANCE - 0.01)

"""One run of a team, from its seed to its verdict."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import TypeVar

import msgspec

from muster.core.allocation.config import MotionProfile, SkillProfile
from muster.core.allocation.roadmap import Roadmap
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import Report
from muster.core.ledger.ledger import Ledger
from muster.core.membership.config import MembershipConfig
from muster.core.raft.config import RaftConfig
from muster.core.raft.timing import LAN, WIFI
from muster.core.types import MusterError, Pose2D, Response, RobotId
from muster.simulation.agenda import Agenda
from muster.simulation.battery import Battery
from muster.simulation.body import Body
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
    SlowDisk,
    Stall,
    draw_schedule,
)
from muster.simulation.network import Network
from muster.simulation.progress import ProgressReferee
from muster.simulation.referee import InvariantViolationError, Referee
from muster.simulation.robot import SimulatedRobot, Surroundings
from muster.simulation.workload import PLACES, Operators

SKILLS = {
    'go_to': SkillProfile(requires=('walk',), max_stops=8),
    'inspect': SkillProfile(requires=('walk', 'camera'), duration_s=3.0),
    'carry': SkillProfile(requires=('walk', 'arms'), min_stops=2, max_stops=2, duration_s=4.0),
    'charge': SkillProfile(requires=('walk',)),
}
MOTION = MotionProfile(battery_j=1e5, charge_w=5000.0, charge_below=0.35)
"""Small batteries that fill within 20 s, so that robots run low and queue within a run."""
DOCKS = ('place_00', 'place_22')
CHARGED = (0.2, 1.0)
"""[0..1] between which batteries are at the start."""
WAITED_S = 1.0
"""From here on, a wait for a dock is not just that for the ledger."""
ALONE_AFTER_S = 2.0
"""Sooner than robots do, so that partitions last long enough for it."""
EXTRA_S = 120.0
"""What a run may last beyond its time, for tasks to end: with the faults over, they must."""


Disturbance = TypeVar('Disturbance', Partition, DeafLink, BadWeather)


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to."""

    seed: int
    robots: int
    seconds: float
    faults: tuple[Fault, ...]
    violation: str
    """Empty when every promise held."""
    trace: tuple[str, ...]
    events: int
    executions: int
    handovers: int
    elections: int
    charges: int
    """Visits to docks."""
    dock_waits: int
    """Those for which a robot had to wait until others had left."""
    tasks: dict[str, int]
    """Number of tasks by state, at the end."""
    bites: dict[str, int]
    """What the faults did."""
    worst_wait_s: float
    """Longest that a task stood still while the team could have moved it."""


class TeamRun:
    """A team, its surroundings and its faults. Use once."""

    def __init__(
        self,
        seed: int,
        robots: int = 5,
        seconds: float = 60.0,
        faults: Sequence[Fault] | None = None,
    ) -> None:
        self.seed, self.seconds = seed, seconds
        names = tuple(f'robot_{number}' for number in range(1, robots + 1))
        quiet_from = seconds * 0.6
        self.faults = tuple(
            draw_schedule(self._stream('faults'), names, quiet_from, seconds)
            if faults is None
            else faults
        )
        self.trace: list[str] = []
        self.agenda = Agenda()
        self.referee = Referee(self.agenda)
        self.bites: Counter[str] = Counter()
        self.robots: dict[RobotId, SimulatedRobot] = {}
        network = Network(self.agenda, self._stream('network'), self.bites)
        self.shared = Surroundings(
            self.agenda,
            network,
            self.referee,
            self.robots,
            self.bites,
            self._on_response,
            self._on_report,
        )
        self._elections = self._charges = self._dock_waits = 0
        self._build(names)
        self.progress = ProgressReferee(self.shared)
        self.operators = Operators(self.agenda, self._stream('operators'), self.robots, quiet_from)

    def run(self) -> RunResult:
        """Run to the end, or to the first violation."""
        violation = ''
        try:
            self._run()
        except InvariantViolationError as error:
            violation = str(error)
        except (MusterError, AssertionError) as error:
            violation = f'{type(error).__name__} at {self.agenda.now:.3f} s: {error}'
        if violation:
            self._tell(violation)
        states = Counter(task.state.name for task in self._newest().tasks.values())
        return RunResult(
            seed=self.seed,
            robots=len(self.robots),
            seconds=self.seconds,
            faults=self.faults,
            violation=violation,
            trace=tuple(self.trace),
            events=self.agenda.count,
            executions=self.referee.executions,
            handovers=self.referee.handovers,
            elections=self._elections,
            charges=self._charges,
            dock_waits=self._dock_waits,
            tasks=dict(sorted(states.items())),
            bites=dict(sorted(self.bites.items())),
            worst_wait_s=round(self.progress.worst_s, 3),
        )

    def _run(self) -> None:
        for fault in self.faults:
            self.agenda.at(fault.at, partial(self._inflict, fault))
        for robot in self.robots.values():
            self.agenda.at(0.0, robot.boot)
            self.agenda.at(0.1, robot.body.sense)
        self.agenda.at(1.0, self.progress.check)
        self.agenda.run(self.seconds)
        while not self._is_finished() and self.agenda.now < self.seconds + EXTRA_S:
            self.agenda.run(self.agenda.now + 1.0)
        self.referee.check_at_end(self._newest())

    # Building

    def _stream(self, name: str) -> random.Random:
        """Random numbers for one purpose: leaving out a fault must not change the rest of a
        run."""
        return random.Random(f'{self.seed}/{name}')

    def _build(self, names: tuple[RobotId, ...]) -> None:
        rng = self._stream('team')
        poses = {name: Pose2D(4.0 * int(name[-2]), 4.0 * int(name[-1])) for name in PLACES}
        lanes = [
            (a, b)
            for a in PLACES
            for b in PLACES
            if a < b and abs(poses[a].x - poses[b].x) + abs(poses[a].y - poses[b].y) < 5.0
        ]
        roadmap = Roadmap(poses, lanes)
        capabilities = {
            name: ('walk', 'camera', 'arms') if number % 2 == 0 else ('walk', 'camera')
            for number, name in enumerate(names)
        }
        timing = self._stream('timing').choice((LAN, WIFI))
        batteries = self._stream('batteries')
        energy = EnergyReferee(self.agenda, roadmap, MOTION, SKILLS, DOCKS)
        for name in names:
            config = CoordinatorConfig(
                me=name,
                team='simulated',
                squads=dict.fromkeys(names, 'alpha'),
                capabilities=capabilities,
                skills=SKILLS,
                roadmap=roadmap,
                raft=RaftConfig(
                    me=name, voters=names, compact_every=40, chunk_bytes=512, **asdict(timing)
                ),
                membership=MembershipConfig(quorum_window_s=timing.election_max_s),
                alone_after_s=ALONE_AFTER_S,
                motion=MOTION,
                docks=DOCKS,
            )
            drift = config.membership.clock_drift
            clock = Clock(
                rng.uniform(0.0, 1e5), 1.0 + rng.uniform(-drift, drift), rng.uniform(-0.05, 0.05)
            )
            disk: Disk[bytes] = Disk(self.agenda, self._stream(f'disk {name}'), self.bites)
            body = Body(
                name,
                poses[rng.choice(PLACES)],
                roadmap,
                self.agenda,
                self._stream(f'body {name}'),
                self.referee,
                energy,
                Battery(self.agenda, MOTION.battery_j, batteries.uniform(*CHARGED), MOTION.idle_w),
            )
            self.robots[name] = SimulatedRobot(
                config, str(self.seed), clock, disk, body, self.shared
            )

    # Faults

    def _inflict(self, fault: Fault) -> None:
        self._tell(f'fault {fault}')
        match fault:
            case Crash():
                self._crash(fault, self.agenda.now + (1.0 if fault.in_mid_write else 0.0))
            case Stall(robot=robot):
                self.robots[robot].stall()
                self._later(fault, self.robots[robot].resume)
            case BodyFault(robot=robot):
                self.bites['falls'] += 1
                self.robots[robot].body.fall()
                self._later(fault, self.robots[robot].body.stand_up)
            case SlowDisk(robots=robots, sync_s=sync_s):
                self._set_disks(robots, sync_s)
                self._later(fault, lambda: self._set_disks(robots, 0.0))
            case DiskFailure(robot=robot):
                self.robots[robot].disk.is_broken = True
                self._later(fault, lambda: self._mend(self.robots[robot]))
            case Partition():
                self._place(self.shared.network.partitions, fault)
            case DeafLink():
                self._place(self.shared.network.deaf_links, fault)
            case BadWeather():
                self._place(self.shared.network.weather, fault)

    def _place(self, active: list[Disturbance], fault: Disturbance) -> None:
        active.append(fault)
        self._later(fault, lambda: active.remove(fault))

    def _set_disks(self, robots: tuple[RobotId, ...], sync_s: float) -> None:
        for robot in robots:
            self.robots[robot].disk.sync_s = sync_s

    def _mend(self, robot: SimulatedRobot) -> None:
        robot.disk.is_broken = False
        robot.crash()
        robot.boot()

    def _crash(self, fault: Crash, at_the_latest: float) -> None:
        doomed = [self.robots[name] for name in fault.robots]
        if self.agenda.now < at_the_latest and not any(one.disk.is_writing for one in doomed):
            self.agenda.after(0.001, partial(self._crash, fault, at_the_latest))
            return
        for robot in doomed:
            robot.crash()
            self._later(fault, robot.boot)

    def _later(self, fault: Fault, mend: Callable[[], None]) -> None:
        def end() -> None:
            self._tell(f'over: {fault}')
            mend()

        self.agenda.after(fault.lasts_s, end)

    # Watching

    def _on_response(self, robot: RobotId, response: Response) -> None:
        self.referee.answered(response)
        verdict = response.task_id if response.accepted else f'refused: {response.reason}'
        self._tell(f'{robot} answers {response.request_id}: {verdict}')
        self.operators.answered(response)

    def _on_report(self, robot: RobotId, report: Report) -> None:
        self._elections += report.kind == 'leader_elected'
        if report.kind == 'charging_began':
            self._charges += 1
            self._dock_waits += report.data['waited_s'] > WAITED_S
        if report.kind == 'task_ended_alone':
            self.bites[f'attempts alone: {report.data["outcome"].lower()}'] += 1
        words = [report.kind, report.task_id, report.subject, report.detail]
        if report.attempt:
            words.insert(2, f'attempt {report.attempt}')
        self._tell(f'{robot} {" ".join(filter(None, words))}')

    def _tell(self, text: str) -> None:
        self.trace.append(f'{self.agenda.now:9.4f} {text}')

    def _newest(self) -> Ledger:
        coordinators = [one.coordinator for one in self.robots.values() if one.coordinator]
        newest = max(coordinators, key=lambda one: one.replica.applied_index)
        return newest.ledger

    def _is_finished(self) -> bool:
        ledger = self._newest()
        return all(
            answer.task_id in ledger.tasks and ledger.tasks[answer.task_id].state.is_final
            for answer in self.referee.acknowledged()
        )

"""A team as processes of this machine: the simulator, every robot, and one node that watches and
records them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from muster.cli.exits import FailedError
from muster.cli.live_runs import LiveRun, LiveRuns, run_folder
from muster.cli.stop_signals import StopSignals
from muster.core.allocation.capabilities import shortfall, slots
from muster.core.types import RobotId, TaskSpec
from muster.dashboard.observer import TeamObserver
from muster.dashboard.recorder import Recorder
from muster.dashboard.ros_session import RosSession
from muster.invariants.record import PROCESS_EXITED, PROCESS_GIVEN_UP, PROCESS_STARTED
from muster.runtime.configure import skill_profile, team_capabilities
from muster.runtime.process_specs import (
    DISCOVERY_RANGES,
    SIMULATOR,
    RestartPolicy,
    SimulatorOptions,
    process_specs,
)
from muster.runtime.supervisor import Change, Exited, GivenUp, Started, Supervisor
from muster.runtime.team_file import Team

READY_S = 90.0
"""[s] that a team is given to start: on a busy machine loading the models takes longest."""
STANDSTILL_S = 30.0
"""[s] after which simulated time that does not pass will not pass any more."""
POSE_S = 0.25
"""[s] between recorded poses of a robot."""
NEVER_RESTARTED = RestartPolicy(limit=0)


@dataclass(frozen=True)
class RunPlan:
    """What shall run, and where it leaves its files."""

    team: Team
    team_file: Path
    folder: Path
    simulator: SimulatorOptions
    restart: RestartPolicy


def new_folder(parent: Path = Path('runs')) -> Path:
    """A new folder named after the time of day, e.g. `runs/2026-03-01_14-05-09`."""
    stamp = datetime.now().strftime('%Y-%m-%d_%H-%M-%S')
    for suffix in ('', *(f'_{number}' for number in range(2, 100))):
        folder = parent / f'{stamp}{suffix}'
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise FailedError(
                f'{folder}: cannot be made ({error.strerror}); choose another place with --runs'
            ) from error
        return folder
    raise FailedError(f'{parent}: too many runs in this second')


class TeamRun:
    """A context manager; on leaving it every process is gone, however it was left.

    Parameters
    ----------
    stop : signals are looked at whenever time passes here; a run ends with KeyboardInterrupt.
    """

    def __init__(self, plan: RunPlan, stop: StopSignals) -> None:
        self.plan = plan
        self.dead: dict[str, str] = {}
        """Processes that ended without having been told to and were not started again, and why."""
        self._capabilities = team_capabilities(plan.team)
        self._stop = stop
        self._expected: set[str] = set()
        self._clock_stood_at = 0.0
        self._clock_moved_at = 0.0
        self._pose_at: dict[RobotId, float] = {}
        self._cleanup = contextlib.ExitStack()

    def __enter__(self) -> TeamRun:
        with self._cleanup:
            self._open()
            self._cleanup = self._cleanup.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    def _open(self) -> None:
        plan = self.plan
        names = [robot.name for robot in plan.team.robots]
        self.live: LiveRun = self._cleanup.enter_context(
            LiveRuns(run_folder()).claim(
                plan.team.team, plan.folder, DISCOVERY_RANGES[plan.team.network], os.environ
            )
        )
        self.session = self._cleanup.enter_context(
            RosSession('muster_recorder', self.live.environment, use_sim_time=True)
        )
        self.recorder = self._cleanup.enter_context(
            Recorder(plan.folder / 'events.jsonl', self.session.now)
        )
        self.observer = TeamObserver(self.session.node, names)
        self.observer.hear_records(self.recorder.add)
        specs = process_specs(
            plan.team,
            plan.team_file,
            plan.folder / 'data',
            simulator=plan.simulator,
            restart=plan.restart,
            domain_id=self.live.domain_id,
            inherited=os.environ,
        )
        self._supervisor = self._cleanup.enter_context(Supervisor(specs, plan.folder / 'logs'))
        for started in self._supervisor.start():
            self._note(started)

    @property
    def now(self) -> float:
        """[s] node clock: simulated time, or 0 before it is heard."""
        return self.session.now()

    @property
    def alive(self) -> frozenset[RobotId]:
        """Robots whose process runs and that the leader hears."""
        running = self._supervisor.pids
        heard = self.observer.team.robots if self.observer.team else ()
        return frozenset(one.robot for one in heard if one.is_alive and one.robot in running)

    @property
    def running(self) -> frozenset[str]:
        """Names of the processes that ran at the last look."""
        return frozenset(self._supervisor.pids)

    def work(self, seconds: float = 0.05) -> None:
        """Let time pass: callbacks, processes, poses, signals.

        Raises
        ------
        KeyboardInterrupt
            if a signal has come.
        FailedError
            if the simulator is gone, or stands still.
        """
        self.session.spin(seconds)
        self._stop.check()
        for change in self._supervisor.poll():
            self._note(change)
        if SIMULATOR in self.dead:
            raise FailedError(self.dead[SIMULATOR])
        self._watch_the_clock()
        for name, view in self.observer.robots.items():
            heard = self.observer.heard_at[name]
            if heard - self._pose_at.get(name, 0.0) >= POSE_S:
                self._pose_at[name] = heard
                self.recorder.note_pose(view)

    def _watch_the_clock(self) -> None:
        now = self.now
        if now != self._clock_stood_at:
            self._clock_stood_at, self._clock_moved_at = now, time.monotonic()
        elif now and time.monotonic() - self._clock_moved_at > STANDSTILL_S:
            raise FailedError(
                f'the clock of the simulator has stood still for {STANDSTILL_S:.0f} s; '
                f'see {self._supervisor.log_file(SIMULATOR)}'
            )

    def wait_until_ready(self, show: Callable[[], None] = lambda: None) -> None:
        """Wait for a leader with a quorum that hears every robot, and for the clock.

        Raises
        ------
        FailedError
            when a process ends meanwhile, or it takes too long; the message names the log to read.
        """
        deadline = time.monotonic() + READY_S
        while not self._is_ready():
            if self.dead:
                raise FailedError('\n'.join(self.dead.values()))
            if time.monotonic() > deadline:
                raise FailedError(
                    f'the team was not ready within {READY_S:.0f} s: {self._what_is_missing()}; '
                    f'see the logs in {self.plan.folder / "logs"}, and `muster doctor`'
                )
            self.work()
            show()

    def _is_ready(self) -> bool:
        return not self._what_is_missing()

    def _what_is_missing(self) -> str:
        team = self.observer.team
        if not self.now:
            return 'the simulator does not tell the time'
        if team is None or not team.has_quorum:
            return 'no robot leads'
        unfit = {one.robot: one.unfit_reason or 'silent' for one in team.robots if not one.is_fit}
        missing = {robot.name for robot in self.plan.team.robots} - self.alive
        unfit.update(dict.fromkeys(missing, 'not heard by the leader'))
        return ', '.join(f'{robot}: {reason}' for robot, reason in sorted(unfit.items()))

    def kill(self, robot: RobotId) -> int:
        """SIGKILL a robot's process, as a crash would. Returns its id; 0 when none was running."""
        self._expected.add(robot)
        return self._supervisor.kill(robot)

    def restart(self, robot: RobotId) -> None:
        """Start a killed robot's process again."""
        self._expected.discard(robot)
        for started in self._supervisor.start(robot):
            self._note(started)

    def capable(self, spec: TaskSpec) -> tuple[RobotId, ...]:
        """Robots of the team that have everything a task asks for in one of its roles."""
        team = self.plan.team
        skill = skill_profile(team.skills[spec.kind])
        return tuple(
            robot.name
            for robot in team.robots
            if any(
                not shortfall(spec, skill, role, self._capabilities[robot.name], robot.quantities)
                for role in slots(spec)
            )
        )

    def _note(self, change: Change) -> None:
        match change:
            case Started(name, pid):
                self.recorder.note(PROCESS_STARTED, subject=name, data={'name': name, 'pid': pid})
            case Exited(name, pid, status):
                data = {'name': name, 'pid': pid, 'status': status}
                self.recorder.note(PROCESS_EXITED, subject=name, data=data)
            case GivenUp(name, reason, log_tail):
                if name not in self._expected:
                    log = self._supervisor.log_file(name)
                    last = log_tail.strip().splitlines()[-1:] or ['']
                    self.dead[name] = f'{name} ended, and {reason}; see {log}: {last[0]}'
                    self.recorder.note(
                        PROCESS_GIVEN_UP, subject=name, severity=3, detail=self.dead[name]
                    )

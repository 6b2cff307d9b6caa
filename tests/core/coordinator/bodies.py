"""Bodies that do what their coordinators ask for, each attempt in so many seconds, and a referee
who sees to it that no two are at the same attempt of work that one crew may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.types import Outcome

from .team import STEP_S, Team


@dataclass
class Shift:
    """One body's time at one attempt."""

    robot: str
    task_id: str
    attempt: int
    began: float
    ended: float | None = None
    outcome: Outcome | None = None


class Bodies:
    """Of all robots of a team."""

    def __init__(self, team: Team, work_s: float = 0.3, stop_s: float = 0.1) -> None:
        self.team = team
        self.work_s = work_s
        self.stop_s = stop_s
        self.shifts: list[Shift] = []
        self.works: Callable[[Shift], bool] = lambda shift: True
        """Which attempts come to an end by themselves."""
        self._seen = {name: len(robot.effects) for name, robot in team.robots.items()}
        self._at: dict[str, Shift] = {}
        self._stopping: dict[str, float] = {}

    def run(self, seconds: float) -> None:
        until = self.team.now + seconds
        while self.team.now < until:
            self.team.run(STEP_S)
            self._move()

    def run_until(self, is_so: Callable[[], bool], within_s: float = 20.0) -> None:
        deadline = self.team.now + within_s
        while not is_so():
            assert self.team.now < deadline, f'not so within {within_s} s: {self.shifts}'
            self.run(STEP_S)

    def done(self, task_id: str) -> list[Shift]:
        """Shifts that brought the task to its end."""
        return [
            one
            for one in self.shifts
            if one.task_id == task_id and one.outcome is Outcome.SUCCEEDED
        ]

    def _move(self) -> None:
        for name, robot in self.team.robots.items():
            fresh, self._seen[name] = robot.effects[self._seen[name] :], len(robot.effects)
            for effect in fresh:
                if isinstance(effect, StartTask):
                    self._start(name, effect)
                elif isinstance(effect, StopTask) and name in self._at:
                    self._stopping[name] = self.team.now + self.stop_s
            if robot.coordinator is None:
                self._leave(name, None)
            elif name in self._at:
                self._work(name, self._at[name])

    def _start(self, name: str, start: StartTask) -> None:
        assert name not in self._at, f'{name} is at {self._at[name]} already'
        for other in self._at.values():
            is_same = other.task_id == start.task_id
            assert not is_same or other.attempt == start.attempt, f'{name} doubles {other}'
        shift = Shift(name, start.task_id, start.attempt, self.team.now)
        self.shifts.append(shift)
        self._at[name] = shift
        if self.team[name].coordinator is not None:
            self.team.work(name, start.task_id, start.attempt)

    def _work(self, name: str, shift: Shift) -> None:
        now = self.team.now
        if name in self._stopping and now >= self._stopping[name]:
            self._leave(name, Outcome.STOPPED)
        elif now >= shift.began + self.work_s and self.works(shift):
            self._leave(name, Outcome.SUCCEEDED)

    def _leave(self, name: str, outcome: Outcome | None) -> None:
        shift = self._at.pop(name, None)
        self._stopping.pop(name, None)
        if shift is not None:
            shift.ended, shift.outcome = self.team.now, outcome
            if outcome is not None:
                self.team.end(name, shift.task_id, shift.attempt, outcome)

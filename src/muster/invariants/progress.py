"""I4: work is awarded within a bounded time, that of a dead robot too.

The clock of a waiting task runs only while the team could award it: a majority of the robots
lives, and a capable one that is fit has room in its schedule. It is the recorder's steady clock,
because leases and elections are, so the bounds hold however fast a simulation runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from muster.core.types import ConfigurationError, RobotId, TaskId
from muster.invariants.record import (
    PROCESS_EXITED,
    PROCESS_STARTED,
    History,
    LedgerTask,
    Record,
    ledger_of,
)
from muster.invariants.verdict import Offence, Verdict


@dataclass(frozen=True)
class ProgressBounds:
    """What counts as progress, from the team's configuration."""

    robots: tuple[RobotId, ...]
    """The voters of the squad."""
    schedule_capacity: int
    """Awarded and executing tasks that a robot holds at most."""
    reaward_s: float
    """[s] from the death of a robot to the next award of its work: lease, election and one
    auction."""
    award_s: float
    """[s] from a task's becoming pending to its award."""

    def __post_init__(self) -> None:
        for name in ('reaward_s', 'award_s'):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f'{name} is {getattr(self, name)}, but must be positive')


@dataclass
class _Wait:
    """A task that nobody works on."""

    task_id: TaskId
    since: Record
    is_orphan: bool
    """It was the work of a robot that died."""
    lasted_s: float = 0.0
    """[s] of that time in which the team could have awarded it."""


@dataclass
class _Team:
    """Who lives, who is fit and who holds what, as the history tells."""

    alive: set[RobotId] = field(default_factory=set)
    dead: set[RobotId] = field(default_factory=set)
    """Robots whose process has exited and not been started again."""
    unfit: set[RobotId] = field(default_factory=set)
    holds: dict[TaskId, tuple[RobotId, ...]] = field(default_factory=dict)
    attempts: dict[TaskId, int] = field(default_factory=dict)
    over: set[TaskId] = field(default_factory=set)

    def room(self, robot: RobotId, capacity: int) -> bool:
        held = sum(robot in crew for crew in self.holds.values())
        return robot in self.alive and robot not in self.unfit and held < capacity


def check_progress(history: History, bounds: ProgressBounds) -> Verdict:
    """Check I4 over a whole run."""
    replay = _Replay(bounds, ledger_of(history))
    before: Record | None = None
    for record in history:
        if before is not None:
            replay.elapse(before.at, max(0.0, record.steady - before.steady))
        replay.apply(record)
        before = record
    replay.close()
    return replay.verdict()


class _Replay:
    """Walks through a history, timing what waits."""

    def __init__(self, bounds: ProgressBounds, ledger: dict[TaskId, LedgerTask]) -> None:
        self._bounds = bounds
        self._ledger = ledger
        self._team = _Team()
        self._waits: dict[TaskId, _Wait] = {}
        self._awards: list[_Wait] = []
        self._offences: list[Offence] = []
        self._steps: dict[str, Callable[[Record], None]] = {
            'task_submitted': self._submitted,
            'task_awarded': self._awarded,
            'task_released': self._released,
            'task_done': self._over,
            'task_failed': self._over,
            'task_cancelled': self._over,
            'robot_joined': self._joined,
            'robot_fit': self._fit,
            'robot_unfit': self._unfit,
            PROCESS_EXITED: self._died,
            PROCESS_STARTED: self._started,
        }

    def elapse(self, node_time: float, steady_s: float) -> None:
        """Time passes between two records; it counts for those tasks that the team could award."""
        if 2 * len(self._team.alive & set(self._bounds.robots)) <= len(self._bounds.robots):
            return
        for wait in self._waits.values():
            if self._is_awardable(wait.task_id, node_time):
                wait.lasted_s += steady_s

    def apply(self, record: Record) -> None:
        step = self._steps.get(record.kind)
        if step is not None:
            step(record)

    def close(self) -> None:
        """The run is over: what still waits has waited until here."""
        for wait in self._waits.values():
            self._judge(wait, None)

    def verdict(self) -> Verdict:
        orphans = [wait for wait in self._awards if wait.is_orphan]
        evidence = f'{len(self._awards)} awards, {len(orphans)} of them of work of dead robots'
        for name, waits, bound in (
            ('wait', [w for w in self._awards if not w.is_orphan], self._bounds.award_s),
            ('re-award', orphans, self._bounds.reaward_s),
        ):
            if waits:
                worst = max(waits, key=lambda wait: wait.lasted_s)
                evidence += (
                    f'; longest {name} {worst.lasted_s:.2f} s ({worst.task_id}, '
                    f'bound {bound:.2f} s)'
                )
        return Verdict(
            invariant='I4',
            promise='progress',
            checked=len(self._awards),
            evidence=evidence,
            offences=tuple(self._offences),
        )

    def _is_awardable(self, task_id: TaskId, node_time: float) -> bool:
        task = self._ledger.get(task_id)
        if task is None:
            return False
        if node_time < task.earliest_start_s or not self._team.over.issuperset(task.predecessors):
            return False
        if task.starts_with:
            return False  # whether its partners could be had too is more than a history tells
        able = sum(
            self._team.room(robot, self._bounds.schedule_capacity) for robot in task.capable
        )
        return able >= (task.robots_needed if task.robots_needed == 1 else len(task.capable))

    def _submitted(self, record: Record) -> None:
        if record.task_id not in self._team.attempts:
            self._team.attempts[record.task_id] = 0
            self._wait(record.task_id, record, is_orphan=False)

    def _awarded(self, record: Record) -> None:
        if not self._is_news(record):
            return
        self._team.attempts[record.task_id] = record.attempt
        wait = self._waits.pop(record.task_id, None)
        if wait is not None:
            self._judge(wait, record)
            self._awards.append(wait)
        crew = tuple(record.data.get('crew', (record.subject,)))
        if self._team.dead.intersection(crew):
            # Nobody had noticed yet: the wait begins anew, as that of any work of a dead robot.
            self._wait(record.task_id, record, is_orphan=True)
        else:
            self._team.holds[record.task_id] = crew
            self._team.alive.update(crew)

    def _released(self, record: Record) -> None:
        # A leader elected later may tell of a release that an award has overtaken.
        if record.attempt < self._team.attempts.get(record.task_id, 0):
            return
        if self._team.holds.pop(record.task_id, None) is not None:
            self._wait(record.task_id, record, is_orphan=False)

    def _over(self, record: Record) -> None:
        self._team.over.add(record.task_id)
        self._team.holds.pop(record.task_id, None)
        self._waits.pop(record.task_id, None)

    def _joined(self, record: Record) -> None:
        self._team.alive.add(record.subject or record.robot)

    def _fit(self, record: Record) -> None:
        self._team.unfit.discard(record.subject or record.robot)

    def _unfit(self, record: Record) -> None:
        self._team.unfit.add(record.subject or record.robot)

    def _started(self, record: Record) -> None:
        self._team.dead.discard(record.subject)

    def _died(self, record: Record) -> None:
        self._team.dead.add(record.subject)
        self._team.alive.discard(record.subject)
        # It says so itself when its next life begins unfit.
        self._team.unfit.discard(record.subject)
        orphaned = [task for task, crew in self._team.holds.items() if record.subject in crew]
        for task_id in orphaned:
            del self._team.holds[task_id]
            self._wait(task_id, record, is_orphan=True)

    def _is_news(self, record: Record) -> bool:
        known = self._team.attempts.get(record.task_id, 0)
        return record.attempt > known and record.task_id not in self._team.over

    def _wait(self, task_id: TaskId, since: Record, *, is_orphan: bool) -> None:
        if task_id not in self._team.over:
            self._waits.setdefault(task_id, _Wait(task_id, since, is_orphan))

    def _judge(self, wait: _Wait, award: Record | None) -> None:
        bound = self._bounds.reaward_s if wait.is_orphan else self._bounds.award_s
        if wait.lasted_s <= bound:
            return
        why = f'after the death of {wait.since.subject}' if wait.is_orphan else wait.since.kind
        ended = 'was awarded' if award is not None else 'was still not awarded'
        self._offences.append(
            Offence(
                f'{wait.task_id} ({why}) {ended} after {wait.lasted_s:.2f} s in which a capable '
                f'robot had room; bound {bound:.2f} s',
                (wait.since,) if award is None else (wait.since, award),
            )
        )

"""I4, progress: what the team could do, it does within a bounded time.

Time counts only while the promise does: a majority of robots runs and can talk in good weather,
and nothing about who can talk or work has changed since.
"""

from __future__ import annotations

from collections.abc import Iterable

from muster.core.allocation.capabilities import shortfall, slots, unfilled
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import Task
from muster.core.types import RobotId, TaskId, TaskState
from muster.simulation.referee import InvariantViolationError
from muster.simulation.robot import SimulatedRobot, Surroundings

CHECK_S = 0.25
CHARGED_ENOUGH = 0.3
"""[0..1] above which a robot can do any task, if it may charge on the way."""


class ProgressReferee:
    """Checks at regular times whether something that should move has stood still for too long."""

    def __init__(self, shared: Surroundings) -> None:
        config = next(iter(shared.robots.values())).config
        self.bound_s = (
            config.membership.release_wait_s
            + 3 * config.raft.election_max_s
            + config.auction.bid_timeout_s
            + config.auction.retry_s
            + 1.0
        )
        """Lease, a few elections and an auction."""
        self.worst_s = 0.0
        """Longest that anything stood still while it should have moved."""
        self._shared = shared
        self._able: tuple[frozenset[RobotId], frozenset[RobotId]] | None = None
        self._stuck_since: dict[tuple[TaskId, int, TaskState], float] = {}

    def check(self) -> None:
        """Look once, and again `CHECK_S` later."""
        now = self._shared.agenda.now
        able = self._who_is_able()
        if able is None or able != self._able:
            self._stuck_since.clear()
        self._able = able
        if able is not None:
            ledger = self._newest_ledger(able[0])
            stuck = {
                (task.id, task.attempt, task.state): task
                for task in ledger.open_tasks()
                if self._should_move(task, ledger, *able)
            }
            self._stuck_since = {key: self._stuck_since.get(key, now) for key in stuck}
            for key, since in self._stuck_since.items():
                self.worst_s = max(self.worst_s, now - since)
                if now - since > self.bound_s:
                    task = stuck[key]
                    raise InvariantViolationError(
                        'I4',
                        now,
                        f'{task.id} is {task.state.name} (attempt {task.attempt}, '
                        f'{task.robot or "nobody"}) since {since:.2f} s, though '
                        f'{", ".join(sorted(able[1]))} could have helped',
                    )
        self._shared.agenda.after(CHECK_S, self.check)

    def _who_is_able(self) -> tuple[frozenset[RobotId], frozenset[RobotId]] | None:
        """A majority that can talk, and those in it who can work; None when there is none."""
        network = self._shared.network
        robots = self._shared.robots.values()
        if not network.is_calm or network.deaf_links or any(one.disk.sync_s for one in robots):
            return None
        up = [robot for robot in robots if robot.takes_part]
        group = max(self._groups(up), key=len, default=[])
        if 2 * len(group) <= len(self._shared.robots):
            return None
        fit = frozenset(robot.name for robot in group if not robot.body.has_fallen)
        return frozenset(robot.name for robot in group), fit

    def _groups(self, up: list[SimulatedRobot]) -> Iterable[list[SimulatedRobot]]:
        sides: dict[tuple[bool, ...], list[SimulatedRobot]] = {}
        for robot in up:
            side = tuple(robot.name in one.side for one in self._shared.network.partitions)
            sides.setdefault(side, []).append(robot)
        return sides.values()

    def _newest_ledger(self, group: frozenset[RobotId]) -> Ledger:
        coordinators = [self._shared.robots[name].coordinator for name in sorted(group)]
        newest = max(
            (one for one in coordinators if one is not None),
            key=lambda one: one.replica.applied_index,
        )
        return newest.ledger

    def _should_move(
        self, task: Task, ledger: Ledger, group: frozenset[RobotId], fit: frozenset[RobotId]
    ) -> bool:
        spec = task.spec
        mates = ledger.setting_out_with(task)
        if spec.deadline_s or any(
            not ledger.tasks[one].state.is_final
            for mate in mates
            for one in mate.spec.predecessors
        ):
            return False
        if task.is_held:
            return any(robot not in fit for robot in task.crew if task.is_at_work(robot))
        if any(mate.state is not TaskState.PENDING or mate.spec.deadline_s for mate in mates):
            return False
        return self._could_be_taken(mates, ledger, group, fit)

    def _could_be_taken(
        self,
        mates: tuple[Task, ...],
        ledger: Ledger,
        group: frozenset[RobotId],
        fit: frozenset[RobotId],
    ) -> bool:
        """There is a robot with room for each part in tasks that set out together."""
        config = self._shared.robots[next(iter(group))].config
        free = [
            robot
            for robot in sorted(fit)
            if ledger.count_held(robot) <= config.auction.schedule_capacity
            and self._shared.robots[robot].body.battery.level > CHARGED_ENOUGH
        ]
        able = [
            [
                not shortfall(
                    mate.spec,
                    config.skills[mate.spec.kind],
                    role,
                    config.capabilities[robot],
                    config.quantities.get(robot, {}),
                )
                for robot in free
            ]
            for mate in mates
            for role in slots(mate.spec)
        ]
        return bool(free) and not unfilled(able)

"""Decides what happens to the team next, as the scenario says: no I/O, no clock, chance only from
the seed.

The player steps it with the time and what is known of the team, performs the actions that come
back, and tells it what became of them.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from muster.core.types import RobotId, Submit
from muster.runtime.scenario_file import FOLLOWER, LEADER, RANDOM, Arrival, Fault, Scenario


@dataclass(frozen=True)
class Ask:
    """Send a request, for the first time or again."""

    submit: Submit


@dataclass(frozen=True)
class Break:
    """Inject a fault into a robot."""

    fault: Fault
    robot: RobotId


@dataclass(frozen=True)
class Restart:
    """Start the killed robot's process again."""

    robot: RobotId


Action: TypeAlias = Ask | Break | Restart


@dataclass(frozen=True)
class Scene:
    """What the director is told of the team."""

    now: float
    """[s] since the team was ready."""
    node_time: float
    """[s] node clock."""
    leader: RobotId
    """Empty when nobody leads."""
    alive: Collection[RobotId]
    """Robots whose process runs and whose leader hears them."""
    busy: Collection[RobotId] = ()
    """Those that are at a task."""


@dataclass
class Director:
    """One scenario, once.

    Parameters
    ----------
    run_id : makes the request ids of this run unique.
    """

    scenario: Scenario
    run_id: str
    rng: random.Random
    _agenda: list[tuple[float, int, Arrival | Fault | Restart]] = field(default_factory=list)
    _tickets: Iterator[int] = field(default_factory=itertools.count)
    _asked: dict[str, Submit] = field(default_factory=dict)
    _hit: set[RobotId] = field(default_factory=set)
    _awaited: int = 0

    def __post_init__(self) -> None:
        for arrival in self.scenario.tasks:
            for delay in (0.0, *arrival.again_after_s):
                self._plan(arrival.at + delay, arrival)
        for fault in self.scenario.faults:
            self._plan(fault.at, fault)

    @property
    def is_over(self) -> bool:
        """Everything has been asked, broken and started again."""
        return not self._agenda and not self._awaited

    def step(self, scene: Scene) -> list[Action]:
        """What is due now. A fault whose target does not exist at this moment waits until it
        does."""
        actions: list[Action] = []
        postponed = []
        while self._agenda and self._agenda[0][0] <= scene.now:
            entry = heapq.heappop(self._agenda)
            action = self._act(entry[2], scene)
            if action is None:
                postponed.append(entry)
            else:
                actions.append(action)
        for entry in postponed:
            heapq.heappush(self._agenda, entry)
        return actions

    def broke(self, action: Break, now: float) -> None:
        """The fault has been injected: a killed robot comes back in its time."""
        self._awaited -= 1
        if action.fault.restart_after_s is not None:
            self._plan(now + action.fault.restart_after_s, Restart(action.robot))

    def _act(self, due: Arrival | Fault | Restart, scene: Scene) -> Action | None:
        if isinstance(due, Arrival):
            return Ask(self._submit(due, scene))
        if isinstance(due, Restart):
            return due
        robot = self._target(due, scene)
        if robot is None:
            return None
        self._hit.add(robot)
        self._awaited += 1
        return Break(due, robot)

    def _submit(self, arrival: Arrival, scene: Scene) -> Submit:
        if arrival.name not in self._asked:
            spec = arrival.spec(scene.node_time)
            self._asked[arrival.name] = Submit(f'{self.run_id}/{arrival.name}', spec)
        return self._asked[arrival.name]

    def _target(self, fault: Fault, scene: Scene) -> RobotId | None:
        if fault.target == LEADER:
            return scene.leader if scene.leader in scene.alive else None
        candidates = sorted(scene.alive)
        if fault.target == FOLLOWER:
            if not scene.leader:
                return None
            candidates = [robot for robot in candidates if robot != scene.leader]
            for preferred in (
                [robot for robot in candidates if robot not in self._hit],
                [robot for robot in candidates if robot in scene.busy],
            ):
                candidates = [robot for robot in candidates if robot in preferred] or candidates
        elif fault.target != RANDOM:
            return fault.target if fault.target in scene.alive else None
        return self.rng.choice(candidates) if candidates else None

    def _plan(self, at: float, what: Arrival | Fault | Restart) -> None:
        heapq.heappush(self._agenda, (at, next(self._tickets), what))


RESTART_S = (5.0, 15.0)
"""[s] for which a robot killed at random stays away: shorter and longer than its work takes to be
given away."""


def random_kill(scenario: Scenario, robots: Collection[RobotId], rng: random.Random) -> Scenario:
    """The same work with one fault instead of the scenario's: any robot is killed at any time of
    it."""
    last = max(task.at for task in scenario.tasks)
    fault = Fault(
        at=round(rng.uniform(2.0, last + 20.0), 2),
        target=rng.choice(sorted(robots)),
        failure='process_kill',
        restart_after_s=round(rng.uniform(*RESTART_S), 2),
    )
    return scenario.model_copy(update={'faults': (fault,)})

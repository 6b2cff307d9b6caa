"""Agreement after schedules that nobody thought of: whatever happened before, once the network is
connected and at rest, all robots believe the same, and no task is in two bundles."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from core.allocation.cbba.network import (
    CALM,
    STORM,
    World,
    agreed_claims,
    complete,
    line,
    names,
)
from core.allocation.cbba.scores import capricious
from muster.core.allocation.consensus_bundle import BundleConfig

ROBOTS = names(4)
EDGES = tuple(complete(ROBOTS))
TASKS = tuple(f'task_{number}' for number in range(6))
robots = st.sampled_from(ROBOTS)
tasks = st.sampled_from(TASKS)


class Schedule(RuleBasedStateMachine):
    """Every rule is one thing that may happen to the robots or their network."""

    @initialize(capacity=st.integers(1, 4), part=st.sampled_from([1, 64]), ties=st.booleans())
    def begin(self, capacity: int, part: int, ties: bool) -> None:
        config = BundleConfig(capacity=capacity, claims_per_message=part, expiry_s=4.0)
        prices = {robot: capricious(robot, few_values=ties) for robot in ROBOTS}
        self.world = World(prices, EDGES, config)
        self.offered = TASKS
        self.world.offer(TASKS)

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.6, 2.0, 6.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(weather=st.sampled_from([CALM, STORM]))
    def the_weather_changes(self, weather: object) -> None:
        self.world.weather = weather  # type: ignore[assignment]

    @rule(edges=st.sets(st.sampled_from(EDGES)))
    def links_change(self, edges: set[frozenset[str]]) -> None:
        self.world.edges = edges

    @rule(robot=robots)
    def a_robot_dies(self, robot: str) -> None:
        if robot in self.world.robots:
            self.world.stop(robot)

    @rule(robot=robots)
    def a_robot_starts(self, robot: str) -> None:
        if robot not in self.world.robots:
            self.world.start(robot).offer(self.offered, self.world.now)

    @rule(offered=st.sets(tasks))
    def tasks_come_and_go(self, offered: set[str]) -> None:
        self.offered = tuple(sorted(offered))
        self.world.offer(self.offered)

    @rule(robot=robots)
    def a_robot_begins_what_is_next(self, robot: str) -> None:
        one = self.world.robots.get(robot)
        if one is not None and not one.committed and one.path:
            one.commit(one.path[0], self.world.now)

    @rule(robot=robots, is_done=st.booleans())
    def an_attempt_ends(self, robot: str, is_done: bool) -> None:
        one = self.world.robots.get(robot)
        if one is not None and one.committed:
            task, now = min(one.committed), self.world.now
            if is_done:
                one.done(task, robot, now)
            else:
                one.released([task], now)

    @rule(robot=robots)
    def a_robot_gives_up_all(self, robot: str) -> None:
        if robot in self.world.robots:
            one = self.world.robots[robot]
            one.released([*one.path, *one.committed], self.world.now)

    @rule(robot=robots, task=tasks)
    def a_task_is_taken_back(self, robot: str, task: str) -> None:
        if robot in self.world.robots:
            self.world.robots[robot].taken_back(task, self.world.now)

    def teardown(self) -> None:
        world = getattr(self, 'world', None)
        if world is None or not world.robots:
            return
        world.weather = STORM
        world.edges = set(line(tuple(world.robots)))
        world.run(world.config.expiry_s)
        world.run_until_settled()
        agreed_claims(world)


TestSchedule = Schedule.TestCase
TestSchedule.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

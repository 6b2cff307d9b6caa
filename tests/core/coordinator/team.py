"""A team of real coordinators in memory, with a test in charge of time, mail, disks and bodies.

Unlike `muster.simulation`, nothing here happens by chance: messages take no time unless `loses`
drops them, disks answer at once unless told to wait, and bodies do only what the test says.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from muster.core.allocation.config import AuctionConfig, SkillProfile
from muster.core.allocation.roadmap import Roadmap
from muster.core.allocation.search import Plan, improve
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import (
    Effect,
    Persist,
    Reply,
    Report,
    Search,
    Send,
    StartTask,
    StopTask,
)
from muster.core.coordinator.events import (
    BodySensed,
    EnvelopeReceived,
    Event,
    Persisted,
    RequestReceived,
    SearchEnded,
    SkillEnded,
    SkillProgressed,
)
from muster.core.coordinator.machine import Coordinator
from muster.core.ledger.task import Task
from muster.core.membership.config import MembershipConfig
from muster.core.raft.config import RaftConfig
from muster.core.raft.timing import WIFI
from muster.core.types import (
    Instant,
    Outcome,
    Pose2D,
    Request,
    Response,
    RobotReport,
    Stop,
    Submit,
    TaskSpec,
    TaskState,
)

STEP_S = 0.02
WALL_S = 1000.0
"""What the node clock shows at the start."""

PLACES = {
    'dock': Pose2D(0.0, 0.0),
    'shelf': Pose2D(10.0, 0.0),
    'bench': Pose2D(20.0, 0.0),
    'island': Pose2D(100.0, 0.0),
}
LANES = (('dock', 'shelf'), ('shelf', 'bench'))
SKILLS = {
    'go_to': SkillProfile(requires=('walk',), max_stops=3),
    'carry': SkillProfile(requires=('walk', 'arms'), min_stops=2, max_stops=2, duration_s=4.0),
    'fly': SkillProfile(requires=('wings',)),
}

OneEffect = TypeVar('OneEffect', bound=Effect)


@dataclass
class Robot:
    """One robot: its process, its disk, and what its coordinator has asked for."""

    config: CoordinatorConfig
    report: RobotReport | None = field(default_factory=RobotReport)
    """What its body says of itself; None: nothing."""
    coordinator: Coordinator | None = None
    disk: list[bytes] = field(default_factory=list)
    writes: deque[Persist] = field(default_factory=deque)
    is_disk_slow: bool = False
    effects: list[Effect] = field(default_factory=list)
    """Of all its lives."""
    sensed_at: float = -1.0
    sent: int = 0
    lives: int = 0

    @property
    def machine(self) -> Coordinator:
        assert self.coordinator is not None, f'{self.config.me} is down'
        return self.coordinator

    def asked_for(self, kind: type[OneEffect]) -> list[OneEffect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def reports(self, kind: str) -> list[Report]:
        return [one for one in self.asked_for(Report) if one.kind == kind]

    @property
    def started(self) -> list[tuple[str, int]]:
        return [(one.task_id, one.attempt) for one in self.asked_for(StartTask)]

    @property
    def stopped(self) -> list[tuple[str, int]]:
        return [(one.task_id, one.attempt) for one in self.asked_for(StopTask)]


class Team:
    """Robots r1, r2, ...; those in `with_arms` can carry."""

    def __init__(
        self,
        count: int = 3,
        with_arms: tuple[str, ...] = ('r1', 'r2', 'r3'),
        auction: AuctionConfig | None = None,
        membership: MembershipConfig | None = None,
    ) -> None:
        self.now = 0.0
        self.mail: deque[tuple[str, str, EnvelopeReceived]] = deque()
        self.searches: deque[tuple[str, int, Search]] = deque()
        self.are_searches_slow = False
        """They do not come back."""
        self.loses: Callable[[str, str, str], bool] = lambda sender, recipient, kind: False
        """Decides which messages are lost: sender, recipient, kind."""
        self.carried: list[tuple[str, str, EnvelopeReceived]] = []
        names = tuple(f'r{number}' for number in range(1, count + 1))
        roadmap = Roadmap(PLACES, LANES)
        self.robots = {
            name: Robot(
                CoordinatorConfig(
                    me=name,
                    team='tests',
                    squads=dict.fromkeys(names, 'alpha'),
                    capabilities={
                        one: ('walk', 'arms') if one in with_arms else ('walk',) for one in names
                    },
                    skills=SKILLS,
                    roadmap=roadmap,
                    raft=RaftConfig(me=name, voters=names, **asdict(WIFI)),
                    auction=auction or AuctionConfig(),
                    membership=membership or MembershipConfig(),
                )
            )
            for name in names
        }

    def __getitem__(self, name: str) -> Robot:
        return self.robots[name]

    # Looking

    @property
    def leader(self) -> str:
        """The leader whom a quorum follows."""
        names = [
            name
            for name, robot in self.robots.items()
            if robot.coordinator is not None and robot.machine.team_view(self.instant) is not None
        ]
        assert names, 'nobody leads'
        return max(names, key=lambda name: self[name].machine.replica.raft.term)

    @property
    def instant(self) -> Instant:
        return Instant(self.now, WALL_S + self.now)

    def others(self, *names: str) -> list[str]:
        return [name for name in self.robots if name not in names]

    def task(self, task_id: str, seen_by: str = '') -> Task:
        return self[seen_by or self.leader].machine.ledger.tasks[task_id]

    def replies(self, request_id: str) -> list[Response]:
        return [
            one.response
            for robot in self.robots.values()
            for one in robot.asked_for(Reply)
            if one.response.request_id == request_id
        ]

    def reply(self, request_id: str) -> Response:
        """The one answer that everybody gives."""
        replies = self.replies(request_id)
        assert replies, f'{request_id} is not answered'
        assert len(set(map(repr, replies))) == 1, replies
        return replies[0]

    # Processes

    def boot(self, name: str) -> None:
        robot = self[name]
        incarnations = random.Random(f'{name} {len(robot.disk)}')
        robot.lives += 1
        robot.coordinator = Coordinator(
            robot.config, tuple(robot.disk), incarnations, self.instant
        )
        self._perform(name, robot.machine.start())
        robot.sensed_at = -1.0

    def kill(self, name: str) -> None:
        """kill -9: what was not synced is lost."""
        self[name].coordinator = None
        self[name].writes.clear()

    def sync(self, name: str) -> None:
        robot = self[name]
        while robot.writes and robot.coordinator is not None:
            write = robot.writes.popleft()
            robot.disk += write.records
            self.step(name, Persisted(write.sequence))

    # Events

    def step(self, name: str, event: Event) -> None:
        self._perform(name, self[name].machine.step(event, self.instant))

    def ask(self, request: Request, *names: str) -> None:
        for name in names or tuple(self.robots):
            if self[name].coordinator is not None:
                self.step(name, RequestReceived(request))

    def submit(self, request_id: str, *names: str, **spec: Any) -> None:
        fields: dict[str, Any] = {'kind': 'go_to', 'stops': (Stop(place='shelf'),)}
        self.ask(Submit(request_id, TaskSpec(**(fields | spec))), *names)

    def work(self, name: str, task_id: str, attempt: int) -> None:
        """The body says that it is at work."""
        self.step(name, SkillProgressed(task_id, attempt, 0.5, 'walking'))

    def end(
        self, name: str, task_id: str, attempt: int, outcome: Outcome = Outcome.SUCCEEDED
    ) -> None:
        """The body says that it has stopped."""
        self.step(name, SkillEnded(task_id, attempt, outcome, f'outcome {outcome.name}'))

    def tick(self, name: str) -> None:
        self._perform(name, self[name].machine.tick(self.instant))

    # Time

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += STEP_S
            for name, robot in self.robots.items():
                if robot.coordinator is None:
                    continue
                if robot.report is not None and self.now - robot.sensed_at >= 0.1:
                    robot.sensed_at = self.now
                    self.step(name, BodySensed(robot.report))
                if self.now >= robot.machine.next_tick():
                    self.tick(name)
            self.settle()

    def run_until(self, is_so: Callable[[], bool], within_s: float = 20.0) -> None:
        """Let time pass until something is the case; fail when it takes longer."""
        deadline = self.now + within_s
        while not is_so():
            assert self.now < deadline, f'not so within {within_s} s'
            self.run(STEP_S)

    def settle(self) -> None:
        """Carry mail and answer for disks until nothing moves."""
        while True:
            while self.searches and not self.are_searches_slow:
                name, life, search = self.searches.popleft()
                if self[name].coordinator is not None and self[name].lives == life:
                    self.step(name, SearchEnded(search.number, look_for_better(search)))
            for name, robot in self.robots.items():
                if not robot.is_disk_slow:
                    self.sync(name)
            if not self.mail:
                return
            sender, recipient, envelope = self.mail.popleft()
            if not self.loses(sender, recipient, envelope.kind):
                self.carried.append((sender, recipient, envelope))
                if self[recipient].coordinator is not None:
                    self.step(recipient, envelope)

    def _perform(self, name: str, effects: tuple[Effect, ...]) -> None:
        robot = self[name]
        robot.effects += effects
        for effect in effects:
            if isinstance(effect, Persist):
                robot.writes.append(effect)
            elif isinstance(effect, Search):
                self.searches.append((name, robot.lives, effect))
            elif isinstance(effect, Send):
                robot.sent += 1
                envelope = EnvelopeReceived(
                    name, robot.machine.incarnation, robot.sent, effect.kind, effect.payload
                )
                for hearer in [effect.recipient] if effect.recipient else self.robots:
                    if hearer != name:
                        self.mail.append((name, hearer, envelope))


def look_for_better(search: Search) -> Plan:
    """What a driver does for a search, in so many steps that any team of a test is done."""
    return improve(
        search.problem,
        search.plan,
        seed=search.number,
        is_over=lambda: False,
        movable=search.movable,
        iterations=50,
    )


def team_at_work(count: int = 3, **options: Any) -> Team:
    """A team whose robots have all joined."""
    team = Team(count, **options)
    for name in team.robots:
        team.boot(name)
    team.run(2.5)
    assert all(team[team.leader].machine.ledger.is_present(name) for name in team.robots)
    return team


def with_task(team: Team, request_id: str = 'q1', **spec: Any) -> tuple[str, str]:
    """Submit a task and have it started; its id and its robot."""
    team.submit(request_id, **spec)
    team.run(0.3)
    task_id = team.reply(request_id).task_id
    task = team.task(task_id)
    assert task.state is TaskState.AWARDED, task
    assert (task_id, task.attempt) in team[task.robot].started
    return task_id, task.robot


def cut_off(*names: str) -> Callable[[str, str, str], bool]:
    """Loses all messages between these robots and the others."""
    return lambda sender, recipient, kind: (sender in names) != (recipient in names)

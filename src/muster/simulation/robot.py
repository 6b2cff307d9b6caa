"""One robot of a run: a driver around the real coordinator, in virtual time.

It does what `muster.ros.coordinator_node` does on a robot: performs effects, brings events, ticks
when asked to. Its clocks have an offset and a rate of their own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from muster.core.allocation import kernel
from muster.core.allocation.search import improve
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
    Warn,
)
from muster.core.coordinator.events import (
    EnvelopeReceived,
    Event,
    Persisted,
    RequestReceived,
    SearchEnded,
    StorageFailed,
)
from muster.core.coordinator.machine import Coordinator
from muster.core.types import Instant, Request, Response, RobotId
from muster.simulation.agenda import Agenda
from muster.simulation.body import Body
from muster.simulation.clock import Clock
from muster.simulation.disk import Disk
from muster.simulation.network import Network
from muster.simulation.referee import Referee

SEARCH_STEPS = 20
"""Of the search for a better plan: enough to find trades in so small a team."""


@dataclass
class Surroundings:
    """What the robots of one run share."""

    agenda: Agenda
    network: Network
    referee: Referee
    robots: dict[RobotId, SimulatedRobot]
    bites: Counter[str]
    on_response: Callable[[RobotId, Response], None]
    on_report: Callable[[RobotId, Report], None]


@dataclass
class SimulatedRobot:
    """Process, disk, clock and body of one robot."""

    config: CoordinatorConfig
    seed: str
    clock: Clock
    disk: Disk[bytes]
    body: Body
    shared: Surroundings
    coordinator: Coordinator | None = None
    """None while the process is dead."""
    is_stalled: bool = False
    _sent: int = 0
    _alarm: float = 0.0
    _lives: int = 0
    _backlog: list[Event] = field(default_factory=list)

    @property
    def name(self) -> RobotId:
        return self.config.me

    @property
    def is_up(self) -> bool:
        return self.coordinator is not None

    @property
    def takes_part(self) -> bool:
        """The process runs, and its disk keeps what it promises."""
        return self.is_up and not self.is_stalled and not self.disk.is_broken

    def now(self) -> Instant:
        return self.clock.read(self.shared.agenda.now)

    # Life and death

    def boot(self) -> None:
        """Start the process from what is on the disk."""
        if self.coordinator is not None:
            return
        self._lives += 1
        self._sent = 0
        rng = random.Random(f'{self.seed}/{self.name}/{self._lives}')
        coordinator = Coordinator(self.config, tuple(self.disk.records), rng, self.now())
        self.coordinator = coordinator
        self.shared.referee.booted(self.name, coordinator)
        self._perform(coordinator.start())
        life = self._lives
        self.body.process_started(partial(self._from_body, life))
        self._tick(life)

    def crash(self) -> None:
        """Kill the process; unsynced writes are lost."""
        if self.coordinator is None:
            return
        self.shared.bites['crashes'] += 1
        self.coordinator = None
        self.is_stalled = False
        self._backlog.clear()
        self._alarm = 0.0
        self.disk.crash()
        self.body.process_died()
        self.shared.referee.crashed(self.name)

    def stall(self) -> None:
        """Freeze the process."""
        if self.coordinator is not None and not self.is_stalled:
            self.shared.bites['stalls'] += 1
            self.is_stalled = True
            self.body.process_stalled()

    def resume(self) -> None:
        """Go on; the process looks at its clock before it looks at what has piled up."""
        if self.coordinator is None or not self.is_stalled:
            return
        self.is_stalled = False
        self.body.process_resumed()
        self._tick(self._lives)
        backlog, self._backlog = self._backlog, []
        for event in backlog:
            self._step(event)

    # What reaches the process

    def hear(self, envelope: EnvelopeReceived) -> None:
        self._step(envelope)

    def request(self, request: Request) -> None:
        self._step(RequestReceived(request))

    def _from_body(self, life: int, event: Event) -> None:
        if life == self._lives:
            self._step(event)

    def _durable(self, life: int, sequence: int) -> None:
        if life == self._lives:
            self._step(Persisted(sequence))

    def _refused(self, life: int) -> None:
        if life == self._lives:
            self._step(StorageFailed('the disk refuses to write'))

    def _step(self, event: Event) -> None:
        if self.coordinator is None:
            return
        if self.is_stalled:
            self._backlog.append(event)
            return
        self._perform(self.coordinator.step(event, self.now()))
        self._set_alarm()

    def _tick(self, life: int) -> None:
        if self.coordinator is None or life != self._lives or self.is_stalled:
            return
        self._alarm = 0.0
        self._perform(self.coordinator.tick(self.now()))
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Ask for a tick when the coordinator needs one, unless an earlier one is on its way."""
        if self.coordinator is None:
            return
        now = self.shared.agenda.now
        due = max(self.clock.when(self.coordinator.next_tick()), now + 0.001)
        if self._alarm <= now or due < self._alarm - 1e-9:
            self._alarm = due
            life = self._lives
            self.shared.agenda.at(due, lambda: self._tick(life) if self._alarm == due else None)

    # What it does

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self._send(effect)
                case Persist():
                    self.shared.referee.writes(self.name, effect)
                    life = self._lives
                    self.disk.write(
                        effect, partial(self._durable, life), partial(self._refused, life)
                    )
                case StartTask():
                    self.body.start(effect)
                case StopTask():
                    self.body.stop(effect)
                case Reply(response=response):
                    self.shared.on_response(self.name, response)
                case Report():
                    self.shared.on_report(self.name, effect)
                case Search():
                    self._search(effect)
                case Warn():
                    pass
        self.shared.referee.observe(self.name)

    def _search(self, effect: Search) -> None:
        """Search for a fixed number of steps, and be done when the time for it is over. Compiled
        or not, the answer is the same; compiled, a run takes a fraction of the time."""
        life = self._lives

        def come_back() -> None:
            if life == self._lives:
                with kernel.running(compiled=kernel.can_compile()):
                    plan = improve(
                        effect.problem,
                        effect.plan,
                        seed=effect.number,
                        is_over=lambda: False,
                        movable=effect.movable,
                        iterations=SEARCH_STEPS,
                    )
                self._step(SearchEnded(effect.number, plan))

        self.shared.agenda.after(effect.budget_s, come_back)

    def _send(self, effect: Send) -> None:
        assert self.coordinator is not None
        self._sent += 1
        envelope = EnvelopeReceived(
            self.name, self.coordinator.incarnation, self._sent, effect.kind, effect.payload
        )
        for name in [effect.recipient] if effect.recipient else self.shared.robots:
            if name != self.name:
                hear = partial(self.shared.robots[name].hear, envelope)
                self.shared.network.carry(self.name, name, hear)

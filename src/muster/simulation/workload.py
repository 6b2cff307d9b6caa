"""Operators: they ask for work, repeat themselves until they are answered, and sometimes after
it."""

from __future__ import annotations

import random
from functools import partial

import msgspec

from muster.core.types import (
    Amend,
    Cancel,
    Request,
    RequestId,
    Response,
    RobotId,
    SetLane,
    Stop,
    Submit,
    TakeBack,
    TaskId,
    TaskSpec,
)
from muster.simulation.agenda import Agenda
from muster.simulation.robot import SimulatedRobot

REPEAT_S = 1.0
ANSWERS_LOST = 0.1
PLACES = tuple(f'place_{x}{y}' for x in range(3) for y in range(3))


class Operators:
    """Everybody who asks the team for something."""

    def __init__(
        self,
        agenda: Agenda,
        rng: random.Random,
        robots: dict[RobotId, SimulatedRobot],
        until_s: float,
    ) -> None:
        self.answers: dict[RequestId, Response] = {}
        self._agenda = agenda
        self._rng = rng
        self._robots = list(robots.values())
        self._tasks: dict[TaskId, TaskSpec] = {}
        self._asked: dict[RequestId, TaskSpec] = {}
        self._lanes_closed = 0
        count, rush_s = rng.choice(((3 * len(robots) + 3, until_s), (5 * len(robots), 5.0)))
        for number in range(count):
            at = rng.uniform(0.5, min(rush_s, until_s))
            agenda.at(at, partial(self._ask, f'request_{number:02d}'))

    def answered(self, response: Response) -> None:
        """An answer was published; not all of them arrive."""
        if self._rng.random() < ANSWERS_LOST:
            return
        spec = self._asked.pop(response.request_id, None)
        if response.accepted and spec is not None:
            self._tasks[response.task_id] = spec
        self.answers[response.request_id] = response

    def _ask(self, request_id: RequestId) -> None:
        request = self._draw(request_id)
        self._send(request, is_repeat=False)

    def _send(self, request: Request, is_repeat: bool) -> None:
        is_answered = request.request_id in self.answers
        if is_answered and is_repeat and self._rng.random() < 0.7:
            return
        hearers = self._rng.sample(self._robots, self._rng.randint(1, len(self._robots)))
        for robot in hearers:
            delay = self._rng.uniform(0.001, 0.02)
            self._agenda.after(delay, partial(robot.request, request))
        self._agenda.after(REPEAT_S, partial(self._send, request, is_repeat=True))

    def _draw(self, request_id: RequestId) -> Request:
        rng = self._rng
        if self._tasks and rng.random() < 0.25:
            return self._draw_change(request_id)
        spec = self._asked[request_id] = self._draw_spec()
        return Submit(request_id, spec)

    def _draw_change(self, request_id: RequestId) -> Request:
        """Somebody changes their mind, or a door."""
        rng = self._rng
        task_id = rng.choice(list(self._tasks))
        match rng.choice(('cancel', 'cancel', 'amend', 'take back', 'lane')):
            case 'amend':
                known = self._tasks[task_id]
                same = {name: getattr(known, name) for name in ('predecessors', 'starts_with')}
                spec = msgspec.structs.replace(self._draw_spec(), **same)
                return Amend(request_id, task_id, spec)
            case 'take back':
                return TakeBack(request_id, task_id)
            case 'lane':
                self._lanes_closed += 1
                is_closed = self._lanes_closed % 2 == 1
                return SetLane(request_id, 'place_11', 'place_12', is_closed)
        return Cancel(request_id, task_id)

    def _draw_spec(self) -> TaskSpec:
        rng = self._rng
        kind, stops = rng.choice((('go_to', 1), ('go_to', 2), ('inspect', 1), ('carry', 2)))
        if rng.random() < 0.05:
            kind = 'fly'
        deadline = (
            1000.0 + self._agenda.now + rng.uniform(2.0, 30.0) if rng.random() < 0.15 else 0.0
        )
        predecessors = (
            (rng.choice(list(self._tasks)),) if self._tasks and rng.random() < 0.15 else ()
        )
        partner = (
            (rng.choice(list(self._tasks)[-3:]),) if self._tasks and rng.random() < 0.1 else ()
        )
        return TaskSpec(
            kind=kind,
            stops=tuple(Stop(place=rng.choice(PLACES)) for _ in range(stops)),
            priority=rng.choice((50, 100, 100, 200)),
            deadline_s=round(deadline, 3),
            predecessors=predecessors,
            exclusive=rng.random() < 0.7,
            requester='operator',
            robots_needed=rng.choice((1, 1, 1, 1, 2, 2, 3)),
            starts_with=() if predecessors else partner,
            duration_spread_s=rng.choice((0.0, 0.0, 1.0)),
            deadline_is_soft=bool(deadline) and rng.random() < 0.5,
            is_critical=rng.random() < 0.2,
        )

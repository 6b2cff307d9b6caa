"""Plays a director's scenario to a running team: carries out what is due, and records what became
of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass

from muster.cli.play.director import Ask, Break, Director, Restart, Scene
from muster.cli.request_desk import RequestDesk
from muster.cli.requester import Bite, Failure, Injector, Requester
from muster.cli.team_run import TeamRun
from muster.core.types import Request, Response, RobotId, Submit
from muster.invariants.record import FAULT_INJECTED, REQUEST_ANSWERED, REQUEST_SENT

PATIENCE_S = 15.0
"""[s] that the simulator is given to answer about a fault: it waits until it has seen it bite."""
EXIT_S = 2.0
"""[s] within which a process is gone after SIGKILL."""
SETTLE_S = 1.5
"""[s] in which last words still arrive after everything is over."""


@dataclass
class _Asked:
    action: Break
    was_leader: bool
    deadline: float


class Player:
    """One scenario, played to one team."""

    def __init__(self, run: TeamRun, director: Director) -> None:
        self._run = run
        self._director = director
        self._desk = RequestDesk()
        self._requester = Requester(run.session.node, self._desk, self._note_sending)
        self._injector = Injector(run.session.node)
        self._asked: dict[int, _Asked] = {}
        self._numbers = itertools.count()
        self._ready_at = 0.0
        run.observer.hear_responses(self._note_answer)

    def play(self, show: Callable[[], None] = lambda: None) -> bool:
        """Play to the end. The team must be ready. False when the time limit came first."""
        run = self._run
        self._ready_at = run.now
        limit = run.now + self._director.scenario.time_limit_s
        while not self._is_over():
            if run.now > limit:
                return False
            self.step()
            run.work()
            show()
        settled = time.monotonic() + SETTLE_S
        while time.monotonic() < settled:
            run.work()
            show()
        return True

    def step(self) -> None:
        """Carry out what is due now."""
        run = self._run
        team = run.observer.team
        scene = Scene(
            now=run.now - self._ready_at,
            node_time=run.now,
            leader=team.leader if team else '',
            alive=run.alive,
            busy=frozenset(name for name, view in run.observer.robots.items() if view.task_id),
        )
        for action in self._director.step(scene):
            match action:
                case Ask(submit):
                    self._desk.ask(submit)
                case Restart(robot):
                    run.restart(robot)
                case Break(fault):
                    is_leader = action.robot == scene.leader
                    if fault.failure == 'process_kill':
                        self._kill(action, is_leader)
                    else:
                        self._inject(action, is_leader)
        self._requester.work()
        self._give_up_waiting()

    def what_is_open(self) -> str:
        """What the time limit cut short, in words."""
        run = self._run
        still = [task.id for task in run.observer.tasks if not task.state.is_final]
        missing = [robot.name for robot in run.plan.team.robots if robot.name not in run.alive]
        parts = [
            f'tasks not ended: {", ".join(still)}' if still else '',
            '' if self._desk.is_clear else 'requests not answered',
            f'robots not back: {", ".join(missing)}' if missing else '',
            '' if self._director.is_over else 'the scenario was not played to its end',
        ]
        limit = self._director.scenario.time_limit_s
        return f'time limit of {limit:.0f} s: {"; ".join(filter(None, parts))}'

    def _is_over(self) -> bool:
        """Everything was asked, answered, broken, brought back, and ended."""
        run = self._run
        known = {task.request_id: task for task in run.observer.tasks}
        accepted = [request for request, answer in self._desk.answers.items() if answer.accepted]
        return (
            self._director.is_over
            and self._desk.is_clear
            and all(request in known and known[request].state.is_final for request in accepted)
            and len(run.alive | set(run.dead)) >= len(run.plan.team.robots)
        )

    def _kill(self, action: Break, was_leader: bool) -> None:
        run = self._run
        pid = run.kill(action.robot)
        killed_at = time.monotonic()
        while action.robot in run.running and time.monotonic() < killed_at + EXIT_S:
            run.work(0.01)
        is_gone = bool(pid) and action.robot not in run.running
        detail = f'process {pid} is gone' if is_gone else f'process {pid or "?"} is still there'
        self._note_fault(action, was_leader, Bite(bool(pid), is_gone, detail))

    def _inject(self, action: Break, was_leader: bool) -> None:
        fault = action.fault
        number = next(self._numbers)
        self._asked[number] = _Asked(action, was_leader, time.monotonic() + PATIENCE_S)

        def answered(bite: Bite) -> None:
            if self._asked.pop(number, None) is not None:
                self._note_fault(action, was_leader, bite)

        failure = Failure(
            robot=action.robot,
            failure=fault.failure,
            severity=fault.severity,
            direction=fault.direction,
            duration_s=fault.duration_s,
            joints=fault.joints,
        )
        self._injector.inject(failure, answered)

    def _give_up_waiting(self) -> None:
        late = [number for number, one in self._asked.items() if time.monotonic() > one.deadline]
        for number in late:
            one = self._asked.pop(number)
            silent = Bite(False, False, f'the simulator did not answer within {PATIENCE_S:.0f} s')
            self._note_fault(one.action, one.was_leader, silent)

    def _note_fault(self, action: Break, was_leader: bool, bite: Bite) -> None:
        fault = action.fault
        data = {
            'failure': fault.failure,
            'accepted': bite.accepted,
            'has_bitten': bite.has_bitten,
            'was_leader': was_leader,
            'severity': fault.severity,
            'duration_s': fault.duration_s,
        }
        self._run.recorder.note(
            FAULT_INJECTED, subject=action.robot, detail=bite.detail, severity=2, data=data
        )
        self._director.broke(action, self._run.now - self._ready_at)

    def _note_sending(self, request: Request, is_repeat: bool) -> None:
        data = {
            'request_id': request.request_id,
            'operation': 'submit' if isinstance(request, Submit) else 'cancel',
            'is_repeat': is_repeat,
        }
        self._run.recorder.note(REQUEST_SENT, data=data)

    def _note_answer(self, response: Response, robot: RobotId) -> None:
        if not self._desk.answered(response):
            return
        data = {
            'request_id': response.request_id,
            'operation': 'submit',
            'accepted': response.accepted,
            'answered_by': robot,
        }
        self._run.recorder.note(
            REQUEST_ANSWERED, task_id=response.task_id, detail=response.reason, data=data
        )

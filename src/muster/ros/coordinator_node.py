"""The robot's coordinator on ROS 2: messages become events, effects are performed.

All decisions are made by `muster.core.coordinator`; this node owns its clock,
its disk and its transport. The log is synced on a thread of its own, whose outcome comes back
through the executor.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from muster.core.coordinator import effects
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.events import BodySensed, Event, RequestReceived, StorageFailed
from muster.core.coordinator.machine import Coordinator
from muster.core.types import Instant, RobotReport, Severity, StorageError
from muster.ros import names
from muster.ros.authority import Authority
from muster.ros.bulletin import Bulletin
from muster.ros.event_log import EventLog
from muster.ros.fuse import Fuse
from muster.ros.mail import Mail
from muster.ros.parameters import AUTOSTART, Number, declare, number
from muster.ros.request_desk import RequestDesk
from muster.ros.skill_client import SkillClient
from muster.ros.steady import steady_now
from muster.ros.transitions import guarded_transition, wind_down
from muster.runtime.log_writer import LogWriter, Outcome
from muster.runtime.wal import WriteAheadLog

TICK_RATE = Number('tick_rate_hz', 50.0, 10.0, 500.0, '[Hz] how often time is let pass.')
SENSE_RATE = Number('sense_rate_hz', 10.0, 1.0, 50.0, '[Hz] how often the body is looked at.')
STATUS_RATE = Number('status_rate_hz', 2.0, 0.1, 10.0, '[Hz] of the status topic.')
PARAMETERS = (AUTOSTART, TICK_RATE, SENSE_RATE, STATUS_RATE)


class CoordinatorNode(LifecycleNode):
    """Lifecycle node `coordinator` of one robot.

    Parameters
    ----------
    log_folder : of the robot's write-ahead log.
    sense : tells the present state of the body.
    """

    def __init__(
        self,
        config: CoordinatorConfig,
        log_folder: Path,
        authority: Authority,
        sense: Callable[[], RobotReport],
        fuse: Fuse,
    ) -> None:
        self.fuse = fuse
        super().__init__(names.COORDINATOR_NODE, namespace=f'/{config.me}')
        declare(self, *PARAMETERS)
        self.event_log = EventLog(self, config.me)
        self.refusal = ''
        """Why the node could not be configured."""
        self._config = config
        self._log_folder = log_folder
        self._authority = authority
        self._sense = sense
        self._machine: Coordinator | None = None
        self._is_active = False
        self._sense_due = 0.0

    # Lifecycle

    @guarded_transition
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            self._log = WriteAheadLog(self._log_folder, f'{self._config.team}/{self._config.me}')
        except StorageError as error:
            self.refusal = str(error)
            return TransitionCallbackReturn.FAILURE
        self._writer = LogWriter(self._log, self._on_log_outcome)
        self._mail = Mail(self, self._config, self.fuse, self.event_log, self._hear)
        self._skills = SkillClient(self, self.fuse, self._step)
        self._bulletin = Bulletin(self, 1.0 / number(self, STATUS_RATE))
        self._desk = RequestDesk(
            self,
            self._config.me,
            self.fuse,
            on_request=lambda request: self._hear(RequestReceived(request)),
            is_leader=self._is_leader,
        )
        self._hands: dict[type[effects.Effect], Callable[[Any], object]] = {
            effects.Persist: lambda one: self._writer.submit(one.sequence, one.records),
            effects.Send: self._mail.send,
            effects.StartTask: self._skills.start,
            effects.StopTask: self._skills.stop,
            effects.Reply: self._desk.reply,
            effects.Report: self.event_log.tell,
            effects.Warn: self.event_log.warn,
        }
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        period = 1.0 / number(self, TICK_RATE)
        self._timer = self.create_timer(period, self.fuse.guard(self._tick), clock=steady)
        self._is_active = True
        return super().on_activate(state)

    @guarded_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._is_active = False
        self.destroy_timer(self._timer)
        return super().on_deactivate(state)

    @guarded_transition
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._machine = None
        if not self._writer.stop():
            self.get_logger().error(f'the disk hangs: {self._log_folder} could not be closed')
        for part in (self._desk, self._mail, self._skills, self._bulletin):
            part.destroy()
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return wind_down(self, state)

    # Time

    def _now(self) -> Instant:
        return Instant(steady_now(), self.get_clock().now().nanoseconds * 1e-9)

    def _tick(self) -> None:
        now = self._now()
        machine = self._machine or self._start(now)
        if machine is None:
            return
        if now.steady >= self._sense_due:
            self._sense_due = now.steady + 1.0 / number(self, SENSE_RATE)
            self._step(BodySensed(self._sense()))
        if now.steady >= machine.next_tick():
            self._perform(machine.tick(now))
        self._authority.renew(now.steady, machine.robot_view(now).lease_remaining_s)
        self._skills.tick()
        self._bulletin.publish(machine, self._mail, now)

    def _start(self, now: Instant) -> Coordinator | None:
        """The machine, once there is a time to start at: simulated time must be heard first."""
        if now.node == 0.0:
            self.get_logger().warning(
                'waiting for /clock: is the simulator running?', throttle_duration_sec=5.0
            )
            return None
        try:
            self._machine = Coordinator(self._config, self._log.read(), random.Random(), now)
        except StorageError as error:
            self.refusal = f'{self._log_folder}: {error}'
            raise
        self._mail.incarnation = self._machine.incarnation
        self.event_log.begin(self._machine.incarnation)
        if self._log.torn is not None:
            detail = str(self._log.torn)
            self.get_logger().warning(detail)
            self.event_log.tell(
                effects.Report('log_tail_removed', Severity.WARNING, detail=detail)
            )
        self._perform(self._machine.start())
        return self._machine

    # Events and effects

    def _is_leader(self) -> bool:
        machine = self._machine
        return (
            self._is_active and machine is not None and machine.team_view(self._now()) is not None
        )

    def _hear(self, event: Event) -> None:
        """Something from outside the robot: an inactive node is deaf."""
        if self._is_active:
            self._step(event)

    def _step(self, event: Event) -> None:
        if self._machine is not None:
            self._perform(self._machine.step(event, self._now()))

    def _perform(self, wanted: Iterable[effects.Effect]) -> None:
        for effect in wanted:
            self._hands[type(effect)](effect)

    def _on_log_outcome(self, outcome: Outcome) -> None:
        """Called on the log's thread."""
        if isinstance(outcome, StorageFailed):
            self.get_logger().error(outcome.reason)
        executor = self.executor
        if executor is not None:
            executor.create_task(self.fuse.guard(self._step), outcome)

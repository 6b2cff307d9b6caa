"""The robot's coordinator on ROS 2: the lifecycle and the clockwork around a `Driver`.

All decisions are made by `muster.core.coordinator`, which the driver steps.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.events import BodySensed
from muster.core.coordinator.machine import Coordinator
from muster.core.types import Instant, RobotReport, StorageError
from muster.ros import names
from muster.ros.authority import Authority
from muster.ros.driver import Driver
from muster.ros.event_log import EventLog
from muster.ros.fuse import Fuse
from muster.ros.parameters import AUTOSTART, Number, declare, number
from muster.ros.steady import steady_now
from muster.ros.transitions import guarded_transition, wind_down

TICK_RATE = Number('tick_rate_hz', 50.0, 10.0, 500.0, '[Hz] how often time is let pass.')
SENSE_RATE = Number('sense_rate_hz', 10.0, 1.0, 50.0, '[Hz] how often the body is looked at.')
STATUS_RATE = Number('status_rate_hz', 2.0, 0.1, 10.0, '[Hz] of the status topic.')
PARAMETERS = (AUTOSTART, TICK_RATE, SENSE_RATE, STATUS_RATE)
CLOCK_PATIENCE_S = 5.0
"""[s] between complaints that simulated time has not been heard."""


class CoordinatorNode(LifecycleNode):
    """Lifecycle node `coordinator` of one robot.

    Parameters
    ----------
    log_folder : of the robot's write-ahead log.
    authority : renewed at every tick, for the robot's skill server.
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
        """Why the log could not be used."""
        self._config = config
        self._log_folder = log_folder
        self._authority = authority
        self._sense = sense
        self._sense_due = 0.0
        self._clock_missed_at = 0.0

    @guarded_transition
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        period = 1.0 / number(self, STATUS_RATE)
        try:
            self._driver = Driver(
                self, self._config, self._log_folder, self.event_log, self.fuse, period
            )
        except StorageError as error:
            self.refusal = str(error)
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        period = 1.0 / number(self, TICK_RATE)
        self._timer = self.create_timer(period, self.fuse.guard(self._tick), clock=steady)
        self._clock_missed_at = steady_now()
        self._driver.is_listening = True
        return super().on_activate(state)

    @guarded_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._driver.is_listening = False
        self.destroy_timer(self._timer)
        return super().on_deactivate(state)

    @guarded_transition
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._driver.destroy()
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return wind_down(self, state)

    def _tick(self) -> None:
        now = self._driver.now()
        machine = self._driver.machine or self._start(now)
        if machine is None:
            return
        if now.steady >= self._sense_due:
            self._sense_due = now.steady + 1.0 / number(self, SENSE_RATE)
            self._driver.step(BodySensed(self._sense()))
        self._driver.tick(machine, now)
        self._authority.renew(now.steady, machine.robot_view(now).lease_remaining_s)

    def _start(self, now: Instant) -> Coordinator | None:
        """The machine, once there is a time to start at: simulated time must be heard first."""
        if now.node == 0.0:
            if now.steady - self._clock_missed_at > CLOCK_PATIENCE_S:
                self._clock_missed_at = now.steady
                self.get_logger().warning('waiting for /clock: is the simulator running?')
            return None
        try:
            return self._driver.start(now)
        except StorageError as error:
            self.refusal = f'{self._log_folder}: {error}'
            raise

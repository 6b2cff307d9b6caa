"""The robot's skill server on ROS 2: the lifecycle and the clockwork around a `Workplace`.

It performs one attempt at a time and holds the body still in every other case. It trusts the
coordinator no further than the `Authority` that both share goes.
"""

from __future__ import annotations

from collections.abc import Mapping

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from muster.core.types import RobotReport
from muster.ros import names
from muster.ros.authority import Authority
from muster.ros.body import Body
from muster.ros.event_log import EventLog
from muster.ros.execution import Limits
from muster.ros.fuse import Fuse
from muster.ros.parameters import AUTOSTART, Number, declare, number
from muster.ros.steady import steady_now
from muster.ros.transitions import guarded_transition, wind_down
from muster.ros.workplace import Workplace
from muster.runtime.skills import SkillFactory
from muster.runtime.world_file import World

RATE = Number('rate_hz', 20.0, 5.0, 200.0, '[Hz] how often skills are stepped.')
SENSING_TIMEOUT = Number(
    'sensing_timeout_s', 1.0, 0.1, 10.0, '[s] age of the odometry from which on no work is done.'
)
LEAST_BATTERY = Number(
    'least_battery', 0.03, 0.0, 1.0, '[0..1] charge below which no work is taken.'
)
COORDINATOR_TIMEOUT = Number(
    'coordinator_timeout_s', 1.0, 0.2, 10.0, '[s] silence of the coordinator that stops all work.'
)
PARAMETERS = (AUTOSTART, RATE, SENSING_TIMEOUT, COORDINATOR_TIMEOUT, LEAST_BATTERY)
STALL_S = 1.0
"""[s] without a step, after which the skill server counts as inactive."""


class SkillsNode(LifecycleNode):
    """Lifecycle node `skills` of one robot, spun by a thread of its own.

    Parameters
    ----------
    skills : by task kind.
    authority : what the robot's coordinator lets it do.
    """

    def __init__(
        self,
        robot: str,
        world: World,
        skills: Mapping[str, SkillFactory],
        authority: Authority,
        event_log: EventLog,
        fuse: Fuse,
    ) -> None:
        self.fuse = fuse
        super().__init__(names.SKILLS_NODE, namespace=f'/{robot}')
        declare(self, *PARAMETERS)
        self._world = world
        self._skills = skills
        self._authority = authority
        self._event_log = event_log
        self._body = Body(self, fuse)
        self._workplace: Workplace | None = None

    def report(self) -> RobotReport:
        """What the coordinator is told of the body. Any thread."""
        workplace = self._workplace
        if workplace is None or steady_now() - workplace.stepped_at > STALL_S:
            return self._body.report('the skill server is not active')
        flaw = self._body.flaw(number(self, SENSING_TIMEOUT), number(self, LEAST_BATTERY))
        return self._body.report(flaw)

    def halt(self, reason: str) -> None:
        """Stop what is under way and hold still, at once."""
        if self._workplace is not None:
            self._workplace.close(reason)

    @guarded_transition
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._workplace = Workplace(
            self,
            self._body,
            self._world,
            self._skills,
            self._authority,
            lambda: Limits(number(self, SENSING_TIMEOUT), number(self, COORDINATOR_TIMEOUT)),
            self._event_log,
            self.fuse,
        )
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        assert self._workplace is not None
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        step = self.fuse.guard(self._workplace.step)
        self._timer = self.create_timer(1.0 / number(self, RATE), step, clock=steady)
        self._workplace.open()
        return super().on_activate(state)

    @guarded_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        self.destroy_timer(self._timer)
        self.halt('the skill server was deactivated')
        return super().on_deactivate(state)

    @guarded_transition
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        assert self._workplace is not None
        self._workplace.destroy()
        self._workplace = None
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return wind_down(self, state)

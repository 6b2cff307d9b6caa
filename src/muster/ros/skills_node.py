"""The robot's skill server: performs one attempt at a time, and holds still in every other case.

At a fixed rate it steps the `Execution` under way and publishes its command; without one it
commands zero. It trusts the coordinator no further than the `Authority` that both share goes. The
events `execution_started` and `execution_ended` enclose every command that is sent for an attempt:
invariant I1 is checked on them.
"""

from __future__ import annotations

from collections.abc import Mapping

from geometry_msgs.msg import Twist, Vector3
from muster_msgs.action import ExecuteTask
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from muster.core.coordinator.effects import Report
from muster.core.types import ConfigurationError, Outcome, RobotReport
from muster.ros import names, qos
from muster.ros.authority import Authority
from muster.ros.body import Body
from muster.ros.conversions import spec_from_msg
from muster.ros.event_log import EventLog
from muster.ros.execution import Execution, Limits
from muster.ros.fuse import Fuse
from muster.ros.gripper import Gripper
from muster.ros.parameters import AUTOSTART, Number, declare, number
from muster.ros.skill_server import SkillServer
from muster.ros.steady import steady_now
from muster.ros.transitions import guarded_transition, wind_down
from muster.runtime.skills import SkillFactory, Twist2D
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
        self._stepped_at = 0.0
        self._commanded_at = 0.0
        self._server: SkillServer | None = None

    def report(self) -> RobotReport:
        """What the coordinator is told of the body. Any thread."""
        if steady_now() - self._stepped_at > STALL_S:
            return self._body.report('the skill server is not active')
        flaw = self._body.flaw(number(self, SENSING_TIMEOUT), number(self, LEAST_BATTERY))
        return self._body.report(flaw)

    def halt(self, reason: str) -> None:
        """Stop what is under way and hold still, at once."""
        if self._server is None:
            return
        if self._server.execution is not None:
            self._server.execution.stop_reason = reason
        self._step(self._server)

    @guarded_transition
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        self._command = self.create_publisher(Twist, names.COMMAND, qos.COMMANDS)
        self._gripper = Gripper(self)
        self._server = SkillServer(self, self.fuse, self._begin)
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        server = self._server
        assert server is not None
        step = self.fuse.guard(lambda: self._step(server))
        self._timer = self.create_timer(1.0 / number(self, RATE), step, clock=steady)
        server.is_open = True
        return super().on_activate(state)

    @guarded_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        assert self._server is not None
        self._server.is_open = False
        self.destroy_timer(self._timer)
        self.halt('the skill server was deactivated')
        return super().on_deactivate(state)

    @guarded_transition
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        assert self._server is not None
        self._server.destroy()
        self._server = None
        self._gripper.destroy()
        self.destroy_publisher(self._command)
        return TransitionCallbackReturn.SUCCESS

    @guarded_transition
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return wind_down(self, state)

    def _begin(self, goal: ExecuteTask.Goal) -> Execution:
        """The execution of an attempt; it is told before it can send its first command."""
        spec = spec_from_msg(goal.spec)
        factory = self._skills.get(spec.kind)
        if factory is None:
            known = ', '.join(sorted(self._skills)) or 'none'
            raise ConfigurationError(
                f'no skill {spec.kind!r} is installed here; there is: {known}'
            )
        execution = Execution(
            goal.task_id,
            goal.attempt,
            spec,
            factory(spec, self._world),
            self._authority,
            Limits(number(self, SENSING_TIMEOUT), number(self, COORDINATOR_TIMEOUT)),
        )
        self._gripper.forget()
        self._commanded_at = self.get_clock().now().nanoseconds * 1e-9
        self._event_log.tell(
            Report('execution_started', task_id=goal.task_id, attempt=goal.attempt)
        )
        return execution

    def _step(self, server: SkillServer) -> None:
        self._stepped_at = steady_now()
        execution = server.execution
        if execution is None:
            self._move(Twist2D())
            self._gripper.insist()
            return
        node_time = self.get_clock().now().nanoseconds * 1e-9
        step = execution.step(self._body.view(node_time), self._stepped_at)
        if step.outcome is None:
            self._move(step.command)
            self._commanded_at = node_time
        else:
            self._move(Twist2D())
            self._tell_end(execution, step.outcome, step.detail)
        self._gripper.want(step.grip)
        server.tell(step)

    def _tell_end(self, execution: Execution, outcome: Outcome, detail: str) -> None:
        """A process that was paused tells this late: `last_command_s` is when the body was last
        moved."""
        self._event_log.tell(
            Report(
                'execution_ended',
                task_id=execution.task_id,
                attempt=execution.attempt,
                detail=detail,
                data={'outcome': outcome.name, 'last_command_s': round(self._commanded_at, 3)},
            )
        )

    def _move(self, velocity: Twist2D) -> None:
        linear = Vector3(x=float(velocity.vx), y=float(velocity.vy))
        command = Twist(linear=linear, angular=Vector3(z=float(velocity.wz)))
        qos.try_publish(self._command, command)

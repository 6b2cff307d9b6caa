"""Where a robot's work is done: goals become executions, executions become commands to the body.

Without an execution the body is commanded to hold still. The events `execution_started` and
`execution_ended` enclose every command that is sent for an attempt: invariant I1 is checked on
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from geometry_msgs.msg import Twist, Vector3
from muster_msgs.action import ExecuteTask
from rclpy.lifecycle import LifecycleNode

from muster.core.coordinator.effects import Report
from muster.core.types import ConfigurationError, Outcome, TaskSpec
from muster.ros import names, qos
from muster.ros.authority import Authority
from muster.ros.body import Body
from muster.ros.conversions import spec_from_msg
from muster.ros.event_log import EventLog
from muster.ros.execution import Execution, Limits
from muster.ros.fuse import Fuse
from muster.ros.gripper import Gripper
from muster.ros.skill_server import SkillServer
from muster.ros.steady import steady_now
from muster.runtime.skills import Skill, SkillFactory, Twist2D
from muster.runtime.world_file import World


class Workplace:
    """One robot's, on its skills node's executor.

    Parameters
    ----------
    skills : by task kind.
    limits : what the next attempt will put up with.
    """

    def __init__(
        self,
        node: LifecycleNode,
        body: Body,
        world: World,
        skills: Mapping[str, SkillFactory],
        authority: Authority,
        limits: Callable[[], Limits],
        event_log: EventLog,
        fuse: Fuse,
    ) -> None:
        self.stepped_at = 0.0
        """Steady time of the newest step."""
        self._node = node
        self._body = body
        self._world = world
        self._skills = skills
        self._authority = authority
        self._limits = limits
        self._event_log = event_log
        self._commanded_at = 0.0
        self._command = node.create_publisher(Twist, names.COMMAND, qos.COMMANDS)
        self._gripper = Gripper(node)
        self._server = SkillServer(node, fuse, self._begin)

    def destroy(self) -> None:
        self._server.destroy()
        self._gripper.destroy()
        self._node.destroy_publisher(self._command)

    def open(self) -> None:
        """Take goals from now on."""
        self._server.is_open = True

    def close(self, reason: str) -> None:
        """Take no more goals, stop what is under way and hold still, at once."""
        self._server.is_open = False
        if self._server.execution is not None:
            self._server.execution.stop_reason = reason
        self.step()

    def step(self) -> None:
        """One period of work, or of holding still."""
        self.stepped_at = steady_now()
        execution = self._server.execution
        if execution is None:
            self._move(Twist2D())
            self._gripper.insist()
            return
        node_time = self._node_time()
        step = execution.step(self._body.view(node_time), self.stepped_at)
        if step.outcome is None:
            self._move(step.command)
            self._commanded_at = node_time
        else:
            self._move(Twist2D())
            self._tell_end(execution, step.outcome, step.detail)
        self._gripper.want(step.grip)
        self._server.tell(step)

    def _begin(self, goal: ExecuteTask.Goal) -> Execution:
        """The execution of an attempt; it is told before it can send its first command."""
        spec = spec_from_msg(goal.spec)
        skill = self._skill(spec)
        self._gripper.forget()
        self._commanded_at = self._node_time()
        self._event_log.tell(
            Report('execution_started', task_id=goal.task_id, attempt=goal.attempt)
        )
        return Execution(goal.task_id, goal.attempt, spec, skill, self._authority, self._limits())

    def _skill(self, spec: TaskSpec) -> Skill:
        """The skill that performs a task; ConfigurationError when none here can."""
        factory = self._skills.get(spec.kind)
        if factory is None:
            known = ', '.join(sorted(self._skills)) or 'none'
            raise ConfigurationError(
                f'no skill {spec.kind!r} is installed here; there is: {known}'
            )
        try:
            return factory(spec, self._world)
        except ConfigurationError:
            raise
        except Exception as error:  # foreign code: it must not end one robot after another
            raise ConfigurationError(
                f'skill {spec.kind} broke: {type(error).__name__}: {error}'
            ) from error

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

    def _node_time(self) -> float:
        return self._node.get_clock().now().nanoseconds * 1e-9

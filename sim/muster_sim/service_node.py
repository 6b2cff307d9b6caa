"""The simulator's services: they wait for what they caused to show, so they have a node and
threads of their own."""

from __future__ import annotations

from concurrent.futures import TimeoutError as NoVerdictError
from functools import partial

from muster_msgs.msg import RobotStatus
from muster_msgs.srv import InjectFailure
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_srvs.srv import SetBool

from muster_sim.physics_link import PhysicsEndedError, PhysicsLink
from muster_sim.process_kill import kill_process
from muster_sim.requests import Grip, Push, Request, TorqueLoss, Verdict

VERDICT_S = 20.0
"""[s] of wall time to wait for a verdict: a simulation may run slower than real time."""
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class ServiceNode(Node):
    """`/<robot>/grip` and `/sim/inject_failure`."""

    def __init__(self, link: PhysicsLink, robots: tuple[str, ...]) -> None:
        super().__init__('services', namespace='sim')
        self._link = link
        self._robots = robots
        self._statuses: dict[str, RobotStatus] = {}
        at_once = ReentrantCallbackGroup()
        for index, name in enumerate(robots):
            self.create_service(
                SetBool, f'/{name}/grip', partial(self._on_grip, index), callback_group=at_once
            )
            self.create_subscription(
                RobotStatus,
                f'/{name}/status',
                partial(self._statuses.__setitem__, name),
                LATCHED,
                callback_group=at_once,
            )
        self.create_service(
            InjectFailure, 'inject_failure', self._on_inject, callback_group=at_once
        )

    def _on_grip(
        self, robot: int, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        verdict = self._ask(Grip(robot, request.data))
        response.success, response.message = verdict.accepted, verdict.detail
        return response

    def _on_inject(
        self, request: InjectFailure.Request, response: InjectFailure.Response
    ) -> InjectFailure.Response:
        verdict = self._inject(request)
        response.accepted = verdict.accepted
        response.has_bitten = verdict.has_bitten
        response.detail = verdict.detail
        what = f'{request.failure} on {request.robot}: {verdict.detail}'
        if verdict.has_bitten:
            self.get_logger().info(what)
        else:
            self.get_logger().warning(f'has not bitten: {what}')
        return response

    def _inject(self, request: InjectFailure.Request) -> Verdict:
        if request.robot not in self._robots:
            known = ', '.join(self._robots)
            return Verdict(False, False, f'no robot {request.robot!r}; there are {known}')
        robot = self._robots.index(request.robot)
        if request.failure == InjectFailure.Request.PUSH:
            return self._ask(Push(robot, request.severity, request.direction))
        if request.failure == InjectFailure.Request.TORQUE_LOSS:
            return self._ask(
                TorqueLoss(robot, request.severity, request.duration_s, tuple(request.joints))
            )
        if request.failure == InjectFailure.Request.PROCESS_KILL:
            status = self._statuses.get(request.robot)
            if status is None:
                return Verdict(False, False, f'{request.robot} has published no status yet')
            return kill_process(status.host, status.process_id)
        known = ', '.join(('process_kill', 'push', 'torque_loss'))
        return Verdict(False, False, f'no failure {request.failure!r}; there are {known}')

    def _ask(self, request: Request) -> Verdict:
        try:
            return self._link.ask(request).result(VERDICT_S)
        except PhysicsEndedError as error:
            return Verdict(False, False, str(error))
        except NoVerdictError:
            return Verdict(True, False, f'the simulation gave no verdict within {VERDICT_S:.0f} s')

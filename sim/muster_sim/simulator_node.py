"""The simulator's topics: `/clock`, and every robot's sensors and velocity."""

from __future__ import annotations

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from muster_sim.conversions import stamp
from muster_sim.physics_link import PhysicsLink
from muster_sim.physics_messages import Frame, SetHoist
from muster_sim.robot_port import Body, RobotPort
from muster_sim.simulation_setup import Setup

SLOW = 0.9
"""Share of the wanted rate below which the simulator says that it cannot keep up."""
WARNING_PERIOD_S = 10.0


class SimulatorNode(Node):
    """Publishes what `frame` is given, which happens on one thread; passes velocities on to the
    physics."""

    def __init__(self, link: PhysicsLink, setup: Setup, rate: float) -> None:
        super().__init__('simulator')
        self._link = link
        self._rate = rate
        self._sensing_range_m = self._declare(
            'sensing_range_m', 5.0, 0.5, 100.0, '[m] within which a robot senses its neighbours'
        )
        self._declare(
            'hoist_after_s',
            setup.hoist_after_s,
            0.0,
            3600.0,
            '[s] that a fallen robot lies before an assistant hoists it upright; 0 = for ever',
        )
        self.add_on_set_parameters_callback(self._on_parameters)
        clock_qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._clock_publisher = self.create_publisher(Clock, '/clock', clock_qos)
        self._ports = [
            RobotPort(
                self,
                Body(index, robot.name, setup, link.ready, lambda: self._sensing_range_m),
                link.send,
            )
            for index, robot in enumerate(setup.robots)
        ]

    def frame(self, frame: Frame) -> None:
        """Publish one tick."""
        state = frame.snapshot
        self._clock_publisher.publish(Clock(clock=stamp(state.time_s)))
        for port in self._ports:
            port.publish(frame.number, state)
        if frame.real_time_factor < SLOW * self._rate:
            self.get_logger().warning(
                f'this machine keeps up {frame.real_time_factor:.2f} times real time instead of '
                f'{self._rate:g}: simulated time runs slower',
                throttle_duration_sec=WARNING_PERIOD_S,
            )

    def _declare(self, name: str, value: float, low: float, high: float, what: str) -> float:
        reach = FloatingPointRange(from_value=low, to_value=high)
        descriptor = ParameterDescriptor(description=what, floating_point_range=[reach])
        return float(self.declare_parameter(name, value, descriptor).value)

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            if parameter.name == 'sensing_range_m':
                self._sensing_range_m = parameter.value
            if parameter.name == 'hoist_after_s':
                self._link.send(SetHoist(parameter.value))
        return SetParametersResult(successful=True)

"""One ROS node for a program that is not a robot: opened, spun for as long as something is
awaited, closed.

The context is its own, not rclpy's global one, and no signal handler is installed: Ctrl-C stays
with the program. The executor's `spin()` delivers nothing in some builds of rclpy, hence
`spin_once` in a loop, which also is what a wait with a deadline needs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from types import TracebackType

import rclpy
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

SLICE_S = 0.05
"""[s] within which a condition is looked at again, and a signal is noticed."""


class RosSession:
    """A context manager that holds a node.

    Parameters
    ----------
    name : of the node; made unique by the process number.
    environment : ROS_* variables that choose the domain; set for as long as the session lasts, so
        that processes started meanwhile inherit them.
    use_sim_time : whether the node's clock follows /clock.
    """

    def __init__(
        self, name: str, environment: Mapping[str, str], *, use_sim_time: bool = False
    ) -> None:
        self._name = f'{name}_{os.getpid()}'
        self._environment = environment
        self._use_sim_time = use_sim_time
        self._context = Context()

    def __enter__(self) -> RosSession:
        self._before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node: Node = rclpy.create_node(
            self._name,
            context=self._context,
            enable_rosout=False,
            start_parameter_services=False,
            parameter_overrides=[Parameter('use_sim_time', value=self._use_sim_time)],
        )
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self.node)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)
        for variable, value in self._before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value

    def now(self) -> float:
        """[s] node clock; 0 while simulated time has not been heard."""
        return float(self.node.get_clock().now().nanoseconds) * 1e-9

    def spin(self, seconds: float) -> None:
        """Let callbacks run for a while."""
        self.spin_until(lambda: False, seconds)

    def spin_until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Let callbacks run until the condition holds; False when it does not within `timeout`
        seconds."""
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._executor.spin_once(timeout_sec=min(SLICE_S, left))
        return True

"""A running simulation: three threads and one more process.

The physics ticks in a process of its own. A reader thread publishes every tick as it comes, the
main thread takes velocities and parameters, and the services, which wait for what they caused to
show, have threads of theirs.
"""

from __future__ import annotations

import signal
import sys
import threading

import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.experimental import EventsExecutor
from rclpy.signals import SignalHandlerOptions

from muster_sim.physics_link import PhysicsEndedError, PhysicsLink
from muster_sim.service_node import ServiceNode
from muster_sim.simulation_setup import Setup
from muster_sim.simulator_node import SimulatorNode

POLL_S = 0.1
"""[s] within which a thread notices that it should stop."""
SERVICES_AT_ONCE = 4


class Simulation:
    """Runs from `run` until a signal comes or the physics ends."""

    def __init__(self, setup: Setup, rate: float) -> None:
        self._stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        self._loss: PhysicsEndedError | None = None
        self._link = PhysicsLink(setup, rate)
        rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
        self._node = SimulatorNode(self._link, setup, rate)
        self._services = ServiceNode(self._link, tuple(robot.name for robot in setup.robots))
        self._node.get_logger().info(
            f'{len(setup.robots)} robots in {setup.world.name!r}, rate {rate:g}, seed {setup.seed}'
        )

    def run(self) -> None:
        """Simulate.

        Raises
        ------
        PhysicsEndedError
            if the physics process ended by itself.
        """
        threads = [threading.Thread(target=job) for job in (self._publish, self._serve)]
        executor = EventsExecutor()
        executor.add_node(self._node)
        for thread in threads:
            thread.start()
        try:
            # In some rclpy releases this executor's spin() delivers nothing.
            while not self._stop.is_set():
                executor.spin_once(timeout_sec=POLL_S)
        except PhysicsEndedError as error:
            self._lose(error)
        finally:
            self._stop.set()
            self._link.close()
            for thread in threads:
                thread.join()
            executor.shutdown()
            self._services.destroy_node()
            self._node.destroy_node()
            rclpy.shutdown()
        if self._loss is not None:
            raise self._loss

    def _publish(self) -> None:
        try:
            while not self._stop.is_set():
                self._node.frame(self._link.receive())
        except PhysicsEndedError as error:
            self._lose(error)

    def _serve(self) -> None:
        executor = MultiThreadedExecutor(num_threads=SERVICES_AT_ONCE)
        executor.add_node(self._services)
        while not self._stop.is_set():
            executor.spin_once(timeout_sec=POLL_S)
        executor.shutdown()

    def _lose(self, error: PhysicsEndedError) -> None:
        """Stop because the physics is gone, unless that is because everything stops."""
        if not self._stop.is_set():
            self._loss = error
            self._stop.set()

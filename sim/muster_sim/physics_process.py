"""The physics in a process of its own: `python -m muster_sim.physics_process FD`.

`stepSimulation` holds Python's interpreter lock for milliseconds on end, so it must not share a
process with anything that has to answer in time. The process speaks over one socket, whose
descriptor it inherits: it reads a `Start`, then ticks at the wanted rate for ever, taking orders
before every tick and sending a `Frame` after it. It ends when the socket closes, and the kernel
kills it should its parent die without closing anything.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from muster.core.types import ConfigurationError
from muster_sim.physics_messages import Ask, Command, Frame, Order, Ready, Refused, Start
from muster_sim.robot_model import TICK_S
from muster_sim.simulated_world import SimulatedWorld

PR_SET_PDEATHSIG = 1
BEHIND_S = 0.2
"""[s] of delay that is caught up by hurrying; of more, the clock just runs slower."""
PACE_S = 2.0
"""[s] of wall time over which the real-time factor is measured."""


class Pace:
    """Spreads ticks over wall time."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._period_s = TICK_S / rate if rate > 0.0 else 0.0
        self._clock = clock
        self._due_s = self._since_s = clock()
        self._ticks = 0
        self.real_time_factor = rate or 1.0

    def wait_s(self) -> float:
        """[s] until the next tick is due; 0 when it is. To be called once per tick, after it."""
        now = self._clock()
        self._ticks += 1
        if now - self._since_s >= PACE_S:
            self.real_time_factor = self._ticks * TICK_S / (now - self._since_s)
            self._since_s, self._ticks = now, 0
        self._due_s += self._period_s
        if now - self._due_s > BEHIND_S:
            self._due_s = now
        return max(0.0, self._due_s - now) if self._period_s else 0.0


def serve(connection: Connection) -> None:
    """Build the world that is asked for, and run it until the connection closes."""
    start: Start = connection.recv()
    try:
        world = SimulatedWorld(start.setup)
    except ConfigurationError as error:
        connection.send(Refused(str(error)))
        return
    connection.send(Ready(world.robots.joint_names, world.hands.names))
    pace = Pace(start.rate, time.monotonic)
    number = 0
    while True:
        while connection.poll():
            _obey(world, connection.recv())
        world.tick()
        number += 1
        verdicts = tuple(world.verdicts())
        connection.send(Frame(number, world.snapshot(), verdicts, pace.real_time_factor))
        wait_s = pace.wait_s()
        if wait_s > 0.0:
            time.sleep(wait_s)


def _obey(world: SimulatedWorld, order: Order) -> None:
    if isinstance(order, Command):
        world.command(order.robot, order.vx, order.vy, order.wz)
    elif isinstance(order, Ask):
        world.submit(order.number, order.request)
    else:
        world.hoist_after_s = order.after_s


def _die_with_parent(parent: int) -> None:
    """Linux kills this process when its parent is gone, however it went."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def main() -> None:
    """Entry of the process. Interrupts from the terminal are the parent's business."""
    descriptor, parent = (int(word) for word in sys.argv[1:3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(parent)
    with Connection(descriptor) as connection:
        try:
            serve(connection)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


if __name__ == '__main__':
    main()

"""The other end of the physics process: starts it, talks to it, sees to it that it ends."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from multiprocessing.connection import Connection

from muster.core.types import ConfigurationError, MusterError
from muster_sim.physics_messages import Ask, Frame, Order, Ready, Refused, Start, Word
from muster_sim.requests import Request, Verdict
from muster_sim.simulation_setup import Setup

START_S = 60.0
"""[s] that building a world may take."""
START_WITH_WINDOW_S = 300.0
"""[s] likewise with meshes to load, on a machine that draws in software."""
END_S = 3.0
"""[s] that a process may take to end once its connection is closed, before it is killed."""
REAP_S = 1.0
"""[s] between the end of a connection and that of its process."""

SINGLE_THREADED = {'OMP_NUM_THREADS': '1', 'OPENBLAS_NUM_THREADS': '1', 'MKL_NUM_THREADS': '1'}
"""Arrays of four robots are too small to share between threads, which then only spin."""


class PhysicsEndedError(MusterError):
    """The physics process is gone."""


class PhysicsLink:
    """One running physics process.

    `receive` belongs to one thread; everything else may be called from any. Every request gets its
    verdict from `receive`; those still open when the process ends fail with PhysicsEndedError.
    """

    def __init__(self, setup: Setup, rate: float = 1.0) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    '-m',
                    'muster_sim.physics_process',
                    str(theirs.fileno()),
                    str(os.getpid()),
                ],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **SINGLE_THREADED},
                stdin=subprocess.DEVNULL,
            )
        self._connection = Connection(ours.detach())
        self._sending = threading.Lock()
        self._numbers = itertools.count(1)
        self._open: dict[int, Future[Verdict]] = {}
        try:
            self._connection.send(Start(setup, rate))
            self.ready = self._await_ready(START_WITH_WINDOW_S if setup.with_window else START_S)
        except BaseException:
            self.close()
            raise

    @property
    def process_id(self) -> int:
        return self._process.pid

    def send(self, order: Order) -> None:
        """Give an order; PhysicsEndedError when nobody is there to take it."""
        try:
            with self._sending:
                self._connection.send(order)
        except OSError as error:
            raise PhysicsEndedError(self._obituary()) from error

    def ask(self, request: Request) -> Future[Verdict]:
        """Submit a request; its verdict takes a tick for a grip, some seconds for a fault."""
        number = next(self._numbers)
        verdict: Future[Verdict] = Future()
        self._open[number] = verdict
        self.send(Ask(number, request))
        return verdict

    def receive(self) -> Frame:
        """The next tick; waits for it.

        Raises
        ------
        PhysicsEndedError
            when the process has ended, or `close` was called.
        """
        frame = self._receive_word()
        assert isinstance(frame, Frame)
        for number, verdict in frame.verdicts:
            self._open.pop(number).set_result(verdict)
        return frame

    def close(self) -> None:
        """End the process, and wait until it is gone."""
        with (
            contextlib.suppress(OSError),
            socket.socket(fileno=os.dup(self._connection.fileno())) as end,
        ):
            end.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_ready(self, within_s: float) -> Ready:
        if not self._connection.poll(within_s):
            raise PhysicsEndedError(f'the physics process built no world within {within_s:.0f} s')
        word = self._receive_word()
        if isinstance(word, Refused):
            raise ConfigurationError(word.reason)
        assert isinstance(word, Ready)
        return word

    def _receive_word(self) -> Word:
        try:
            word: Word = self._connection.recv()
        except (EOFError, OSError) as error:
            ended = PhysicsEndedError(self._obituary())
            while self._open:
                self._open.popitem()[1].set_exception(ended)
            raise ended from error
        return word

    def _obituary(self) -> str:
        try:
            return f'the physics process ended with status {self._process.wait(REAP_S)}'
        except subprocess.TimeoutExpired:
            return 'the physics process hangs'

"""Both nodes of one robot, the threads that spin them, and their end."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rclpy
from rclpy.executors import Executor
from rclpy.experimental import EventsExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from muster.core.coordinator.effects import Warn
from muster.core.types import StorageError
from muster.ros.authority import Authority
from muster.ros.coordinator_node import CoordinatorNode
from muster.ros.fuse import Fuse
from muster.ros.parameters import AUTOSTART, switch
from muster.ros.skills_node import SkillsNode
from muster.runtime.configure import coordinator_config
from muster.runtime.share import find_config, share_folder
from muster.runtime.skills import installed_skills
from muster.runtime.team_file import read_team

SWITCH_S = 0.0005
"""[s] after which a busy thread lets another have the interpreter, ten times sooner than usual."""
SLICE_S = 0.1
"""[s] within which a thread notices that the process is to end."""


class Robot:
    """Both nodes of one robot, their threads and their end.

    Raises
    ------
    ConfigurationError
        a file or an argument is wrong.
    StorageError
        the data folder cannot be made.
    """

    def __init__(self, team: str, robot: str, data: Path, command_line: Sequence[str]) -> None:
        team_model, world = read_team(find_config(team, 'teams'))
        config = coordinator_config(team_model, world, robot)
        skills = installed_skills()
        folder = data / robot
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f'{folder} cannot be made ({error.strerror}): choose another data folder'
            ) from error
        rclpy.init(
            args=_with_shipped_parameters(command_line),
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self._fuse = Fuse(get_logger(robot), folder / 'crash.txt')
        self._stopping = threading.Event()
        authority = Authority()
        self._coordinator = CoordinatorNode(
            config, folder / 'log', authority, lambda: self._skills.report(), self._fuse
        )
        self._skills = SkillsNode(
            robot, world, skills, authority, self._coordinator.event_log, self._fuse
        )

    def run(self) -> int:
        """Spin until a signal or a fault; returns the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stopping.set())
        # What is there now stays; looking through it for garbage would stall heartbeats.
        gc.collect()
        gc.freeze()
        # The log's thread needs the interpreter for a moment after each sync, and a commit waits.
        sys.setswitchinterval(SWITCH_S)
        body = threading.Thread(target=self._run_body, name='skills')
        body.start()
        with _executor(self._coordinator) as executor:
            if _autostart(self._coordinator):
                self._spin(executor)
            self._stopping.set()
            body.join()
            if self._fuse.is_blown:
                self._coordinator.event_log.warn(
                    Warn('internal_error', True, f'{self._fuse.cause}; the robot restarts')
                )
            self._coordinator.trigger_shutdown()
        rclpy.shutdown()
        return self._exit_status()

    def _run_body(self) -> None:
        try:
            with _executor(self._skills) as executor:
                if _autostart(self._skills):
                    self._spin(executor)
                self._skills.halt(self._fuse.cause or 'the robot was told to stop')
                self._skills.trigger_shutdown()
        except Exception as error:
            self._fuse.blow(error)

    def _spin(self, executor: Executor) -> None:
        """`EventsExecutor.spin` delivers nothing in some builds of rclpy; `spin_once` does."""
        while not (self._stopping.is_set() or self._fuse.is_blown):
            try:
                executor.spin_once(timeout_sec=SLICE_S)
            except Exception as error:
                self._fuse.blow(error)

    def _exit_status(self) -> int:
        if self._coordinator.refusal:
            print(self._coordinator.refusal, file=sys.stderr)
            return os.EX_IOERR
        return os.EX_SOFTWARE if self._fuse.is_blown else os.EX_OK


@contextmanager
def _executor(node: LifecycleNode) -> Iterator[Executor]:
    """An executor for one node; at the end both are gone."""
    executor = EventsExecutor()
    executor.add_node(node)
    try:
        yield executor
    finally:
        executor.remove_node(node)
        executor.shutdown()
        node.destroy_node()


def _autostart(node: LifecycleNode) -> bool:
    """Configure and activate a node that wants it; False when it could not be."""
    if not switch(node, AUTOSTART):
        return True
    return all(
        trigger() is TransitionCallbackReturn.SUCCESS
        for trigger in (node.trigger_configure, node.trigger_activate)
    )


def _with_shipped_parameters(command_line: Sequence[str]) -> list[str]:
    """The ROS parameters that ship with muster, then those that were given: the last one wins."""
    shipped = share_folder() / 'config' / 'parameters' / 'robot.yaml'
    return [command_line[0], '--ros-args', '--params-file', str(shipped), '--', *command_line[1:]]

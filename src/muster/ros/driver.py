"""What turns one coordinator machine into a robot that talks: its log, its mail, its hands.

A driver lives from the configuration of the node to its cleanup. It converts what arrives into
events, steps the machine, and performs the effects in the order given. The log is synced on a
thread of its own, whose outcome comes back through the executor.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rclpy.lifecycle import LifecycleNode

from muster.core.coordinator import effects
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.events import (
    Event,
    RequestReceived,
    StorageFailed,
)
from muster.core.coordinator.machine import Coordinator
from muster.core.types import Instant, Severity
from muster.ros.bulletin import Bulletin
from muster.ros.diagnostics import disk_view
from muster.ros.event_log import EventLog
from muster.ros.explainer import Explainer
from muster.ros.fuse import Fuse
from muster.ros.mail import Mail
from muster.ros.request_desk import RequestDesk
from muster.ros.skill_client import SkillClient
from muster.ros.steady import steady_now
from muster.runtime.log_writer import LogWriter, Outcome
from muster.runtime.searcher import Searcher
from muster.runtime.wal import WriteAheadLog


class Driver:
    """Drives one machine on one thread, that of the node's executor.

    Parameters
    ----------
    node : lends its clock and its executor, and owns all publishers and subscriptions.
    status_period_s : of the robot's own status.

    Raises
    ------
    StorageError
        the log cannot be used.
    """

    def __init__(
        self,
        node: LifecycleNode,
        config: CoordinatorConfig,
        log_folder: Path,
        event_log: EventLog,
        fuse: Fuse,
        status_period_s: float,
    ) -> None:
        self.machine: Coordinator | None = None
        """None until `start`."""
        self.is_listening = False
        """Whether peers and operators are heard."""
        self._node = node
        self._config = config
        self._event_log = event_log
        self._fuse = fuse
        self._log = WriteAheadLog(log_folder, f'{config.team}/{config.me}')
        self._writer = LogWriter(self._log, self._on_log_outcome)
        self._searcher = Searcher(self._step_later)
        self._mail = Mail(node, config, fuse, event_log, self._hear)
        self._skills = SkillClient(node, fuse, self.step)
        self._bulletin = Bulletin(node, status_period_s, lambda: disk_view(self._writer))
        self._desk = RequestDesk(
            node,
            config.me,
            fuse,
            on_request=lambda request: self._hear(RequestReceived(request)),
            is_leader=self._is_leader,
        )
        self._explainer = Explainer(node, config.me, fuse, lambda: self.machine)
        self._hands: dict[type[effects.Effect], Callable[[Any], object]] = {
            effects.Persist: self._writer.submit,
            effects.Send: self._mail.send,
            effects.StartTask: self._skills.start,
            effects.StopTask: self._skills.stop,
            effects.Search: self._searcher.submit,
            effects.Reply: self._desk.reply,
            effects.Report: event_log.tell,
            effects.Warn: event_log.warn,
            effects.Note: lambda note: node.get_logger().info(note.text),
        }

    def destroy(self) -> None:
        """Write what is queued and close everything."""
        self.machine = None
        self._searcher.stop()
        if not self._writer.stop():
            self._node.get_logger().error(f'the disk hangs: {self._log.folder} was not closed')
        for part in (self._desk, self._explainer, self._mail, self._skills, self._bulletin):
            part.destroy()

    def now(self) -> Instant:
        return Instant(steady_now(), self._node.get_clock().now().nanoseconds * 1e-9)

    def start(self, now: Instant) -> Coordinator:
        """Make the machine from what the log holds.

        Raises
        ------
        StorageError
            the log is not one of this version of muster.
        """
        self.machine = Coordinator(self._config, self._log.read(), random.Random(), now)
        self._mail.incarnation = self.machine.incarnation
        self._event_log.begin(self.machine.incarnation)
        if self._log.torn is not None:
            detail = str(self._log.torn)
            self._node.get_logger().warning(detail)
            self._event_log.tell(
                effects.Report('log_tail_removed', Severity.WARNING, detail=detail)
            )
        self._perform(self.machine.start())
        return self.machine

    def tick(self, machine: Coordinator, now: Instant) -> None:
        """Let time pass, and publish what is due."""
        if now.steady >= machine.next_tick():
            self._perform(machine.tick(now))
        self._skills.tick()
        self._bulletin.publish(machine, self._mail, now)

    def step(self, event: Event) -> None:
        """Something has happened in the robot itself."""
        if self.machine is not None:
            self._perform(self.machine.step(event, self.now()))

    def _hear(self, event: Event) -> None:
        """Something has come from outside the robot."""
        if self.is_listening:
            self.step(event)

    def _perform(self, wanted: Iterable[effects.Effect]) -> None:
        for effect in wanted:
            self._hands[type(effect)](effect)

    def _is_leader(self) -> bool:
        machine = self.machine
        return (
            self.is_listening and machine is not None and machine.team_view(self.now()) is not None
        )

    def _on_log_outcome(self, outcome: Outcome) -> None:
        """Called on the log's thread."""
        if isinstance(outcome, StorageFailed):
            self._node.get_logger().error(outcome.reason)
        self._step_later(outcome)

    def _step_later(self, event: Event) -> None:
        """Called on the threads of log and search."""
        executor = self._node.executor
        if executor is not None:
            executor.create_task(self._fuse.guard(self.step), event)

"""Writes what happens in a run to `events.jsonl`, as it happens: a run that is cut short leaves
all but its last line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import msgspec

from muster.core.coordinator.views import RobotView
from muster.core.ledger.task import Task
from muster.core.types import RobotId, TaskSpec
from muster.dashboard.tables import stop_name
from muster.invariants.record import LEDGER_TASK, LedgerTask, Record, encode_line

ROBOT_POSE = 'robot_pose'
"""subject = robot; data: x, y [m], yaw [rad], battery [0..1], task_id, is_fit."""


class Recorder:
    """A context manager around the file; `history` holds the same records in memory.

    Parameters
    ----------
    path : the file, which must not exist yet.
    node_clock : [s] the team's node clock, for what the recorder itself has to tell.
    """

    def __init__(self, path: Path, node_clock: Callable[[], float]) -> None:
        self.history: list[Record] = []
        self._path = path
        self._node_clock = node_clock
        self._file: BinaryIO | None = None
        self._listeners: list[Callable[[Record], None]] = []

    def __enter__(self) -> Recorder:
        self._file = self._path.open('xb', buffering=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def listen(self, listener: Callable[[Record], None]) -> None:
        """Have every further record handed to `listener` too."""
        self._listeners.append(listener)

    def add(self, record: Record) -> None:
        """Write one record."""
        self.history.append(record)
        if self._file is not None:
            self._file.write(encode_line(record))
        for listener in self._listeners:
            listener(record)

    def note(self, kind: str, *, data: Mapping[str, Any] | None = None, **fields: Any) -> None:
        """Write something that the recorder saw itself, stamped now."""
        self.add(
            Record(
                at=self._node_clock(),
                steady=time.monotonic(),
                kind=kind,
                data=dict(data or {}),
                **fields,
            )
        )

    def note_pose(self, view: RobotView) -> None:
        """Write where a robot says that it is."""
        data = {
            'x': round(view.pose.x, 3),
            'y': round(view.pose.y, 3),
            'yaw': round(view.pose.yaw, 3),
            'battery': round(view.battery, 4),
            'task_id': view.task_id,
            'is_fit': view.is_fit,
        }
        self.note(ROBOT_POSE, subject=view.robot, data=data)

    def note_ledger(
        self, tasks: Iterable[Task], capable: Callable[[TaskSpec], tuple[RobotId, ...]]
    ) -> None:
        """Write the ledger as it stands at the end."""
        for task in tasks:
            entry = LedgerTask(
                request_id=task.request_id,
                state=task.state.name,
                kind=task.spec.kind,
                stops=tuple(map(stop_name, task.spec.stops)),
                exclusive=task.spec.exclusive,
                robots_needed=task.spec.robots_needed,
                starts_with=task.spec.starts_with,
                capable=capable(task.spec),
                earliest_start_s=task.spec.earliest_start_s,
                predecessors=task.spec.predecessors,
                detail=task.detail,
                robot=task.robot,
                attempt=task.attempt,
                award_reason=task.award_reason,
                submitted_at_s=task.submitted_at,
                awarded_at_s=task.awarded_at,
                started_at_s=task.started_at,
                ended_at_s=task.ended_at,
            )
            self.note(LEDGER_TASK, task_id=task.id, data=msgspec.to_builtins(entry))

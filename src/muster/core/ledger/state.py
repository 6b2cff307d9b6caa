"""All that the ledger holds, with the indexes that make its questions cheap.

Only `move` changes a task, so that the indexes cannot go astray and no task takes a step that
`LIFE` does not know.
"""

from __future__ import annotations

from typing import Any

import msgspec

from muster.core.ledger.task import LIFE, Task
from muster.core.types import RequestId, Response, RobotId, TaskId, TaskState

Lane = tuple[str, str]
"""Two neighbouring places, in the order in which they sort."""


class Change(msgspec.Struct, frozen=True):
    """One thing that a command changed."""

    kind: str
    task_id: TaskId = ''
    attempt: int = 0
    robot: RobotId = ''
    detail: str = ''
    data: dict[str, Any] = {}


class Applied(msgspec.Struct, frozen=True):
    """What applying one command came to; both empty when the command no longer fitted."""

    changes: tuple[Change, ...] = ()
    response: Response | None = None


class RosterEntry(msgspec.Struct, frozen=True):
    """What the ledger knows of a robot."""

    incarnation: int
    is_present: bool


class Turn(msgspec.Struct, frozen=True, array_like=True):
    """One robot's place in the queue for a dock."""

    robot: RobotId
    number: int
    """Grows with every place that anybody takes anywhere, so that no word about an earlier place
    is taken for one about this."""


class LedgerContents(msgspec.Struct, frozen=True):
    """A ledger as its snapshot holds it."""

    tasks: tuple[Task, ...]
    requests: tuple[Response, ...]
    roster: dict[RobotId, RosterEntry]
    paths: dict[RobotId, tuple[TaskId, ...]] = {}
    docks: dict[str, tuple[Turn, ...]] = {}
    closed_lanes: tuple[Lane, ...] = ()
    awards_made: int = 0
    turns_taken: int = 0


class LedgerState:
    """Tasks, requests, roster, paths, docks and lanes."""

    def __init__(self) -> None:
        self.tasks: dict[TaskId, Task] = {}
        self.requests: dict[RequestId, Response] = {}
        self.roster: dict[RobotId, RosterEntry] = {}
        self.paths: dict[RobotId, tuple[TaskId, ...]] = {}
        """In which order robots do what they have; may name tasks that they have no more."""
        self.docks: dict[str, tuple[Turn, ...]] = {}
        """Who wants each dock; the first has it."""
        self.turns_taken = 0
        self.closed_lanes: frozenset[Lane] = frozenset()
        self.awards_made = 0
        self._open: dict[TaskId, None] = {}
        self._waiting: dict[TaskId, None] = {}
        self._held: dict[RobotId, dict[TaskId, None]] = {}
        self._groups: dict[TaskId, tuple[TaskId, ...]] = {}

    def contents(self) -> LedgerContents:
        return LedgerContents(
            tuple(self.tasks.values()),
            tuple(self.requests.values()),
            dict(self.roster),
            dict(self.paths),
            dict(self.docks),
            tuple(sorted(self.closed_lanes)),
            self.awards_made,
            self.turns_taken,
        )

    def become(self, contents: LedgerContents) -> None:
        """Replace everything, in place."""
        self.tasks = {}
        self.requests = {answer.request_id: answer for answer in contents.requests}
        self.roster = dict(contents.roster)
        self.paths = dict(contents.paths)
        self.docks = dict(contents.docks)
        self.closed_lanes = frozenset(contents.closed_lanes)
        self.awards_made = contents.awards_made
        self.turns_taken = contents.turns_taken
        for index in (self._open, self._waiting, self._held, self._groups):
            index.clear()
        for task in contents.tasks:
            if task.is_held and not task.crew:
                task = msgspec.structs.replace(task, crew=(task.robot,))
            self.enter(task)

    # What others ask

    def open_tasks(self) -> tuple[Task, ...]:
        """Tasks not yet ended, oldest first."""
        return tuple(self.tasks[task_id] for task_id in self._open)

    def waiting_tasks(self) -> tuple[Task, ...]:
        """Tasks that nobody has, oldest first."""
        return tuple(
            self.tasks[task_id]
            for task_id in sorted(self._waiting, key=lambda one: (len(one), one))
        )

    def held_by(self, robot: RobotId) -> tuple[Task, ...]:
        """Tasks that a robot has and has not ended, in the order in which it does them."""
        held = self._held.get(robot)
        if not held:
            return ()
        order = {task_id: place for place, task_id in enumerate(self.paths.get(robot, ()))}
        tasks = [self.tasks[task_id] for task_id in held]
        tasks.sort(key=lambda task: (order.get(task.id, len(order)), task.rank))
        return tuple(tasks)

    def count_held(self, robot: RobotId) -> int:
        return len(self._held.get(robot, ()))

    def holds(self, robot: RobotId, task_id: TaskId, attempt: int) -> bool:
        """Whether a robot has this attempt, and has not ended it."""
        task = self.tasks.get(task_id)
        return task is not None and task.attempt == attempt and task.is_at_work(robot)

    def is_present(self, robot: RobotId) -> bool:
        entry = self.roster.get(robot)
        return entry is not None and entry.is_present

    def queues(self) -> dict[str, tuple[RobotId, ...]]:
        """Who wants each dock, in the order of their turns."""
        return {dock: tuple(turn.robot for turn in turns) for dock, turns in self.docks.items()}

    def turn_at(self, dock: str, robot: RobotId) -> Turn | None:
        """A robot's place in the queue for a dock; None when it has none."""
        for turn in self.docks.get(dock, ()):
            if turn.robot == robot:
                return turn
        return None

    def setting_out_with(self, task: Task) -> tuple[Task, ...]:
        """The task as it is now, and those of its group that have not set out: they must all be
        ready first."""
        if not task.group:
            return (self.tasks[task.id],)
        mates = (self.tasks[task_id] for task_id in self._groups[task.group])
        return tuple(
            mate for mate in mates if mate.state in (TaskState.PENDING, TaskState.AWARDED)
        )

    def busy_with_mates(self, task: Task) -> frozenset[RobotId]:
        """Robots that set out at the same moment as this task, for another one: they cannot do
        both."""
        mates = self.setting_out_with(task)
        return frozenset(robot for mate in mates if mate.id != task.id for robot in mate.crew)

    def clashes(self, task: Task) -> bool:
        """A robot of its crew is to set out for a mate at the same moment, which nothing else
        keeps from it."""
        return any(
            not mate.trouble and mate.id != task.id and set(mate.crew) & set(task.crew)
            for mate in self.setting_out_with(task)
        )

    # Steps

    def enter(self, task: Task) -> None:
        """A task that is not known yet."""
        self.tasks[task.id] = task
        if task.group:
            self._groups[task.group] = (*self._groups.get(task.group, ()), task.id)
        self._index(task)

    def move(self, task: Task, state: TaskState, **fields: Any) -> Task:
        """Take a task a step further in its life.

        Raises
        ------
        AssertionError
            there is no such step: the caller should have looked.
        """
        if state is not task.state and state not in LIFE[task.state]:
            raise AssertionError(f'{task.id} cannot go from {task.state.name} to {state.name}')
        moved = msgspec.structs.replace(task, state=state, **fields)
        for robot in task.crew:
            self._held.get(robot, {}).pop(task.id, None)
        self._waiting.pop(task.id, None)
        self.tasks[task.id] = moved
        if state.is_final:
            self._open.pop(task.id, None)
        self._index(moved)
        if moved.group and task.is_held and not moved.is_held:
            self._await_anew(moved)
        return moved

    def regroup(self, mates: tuple[TaskId, ...], group: TaskId) -> None:
        """Make tasks, and all that were grouped with them, one group."""
        members = {group}
        for task_id in mates:
            former = self.tasks[task_id].group
            members.update(self._groups.pop(former, ()) if former else (task_id,))
        for task_id in sorted(members):
            self.tasks[task_id] = msgspec.structs.replace(self.tasks[task_id], group=group)
        self._groups[group] = tuple(sorted(members))
        self._await_anew(self.tasks[group])

    def _await_anew(self, task: Task) -> None:
        """The tasks that set out with this one are not what they were: robots must say again
        whether they are ready."""
        for mate in self.setting_out_with(task):
            if mate.ready:
                self.move(mate, mate.state, ready=())

    def _index(self, task: Task) -> None:
        if task.state.is_final:
            return
        self._open[task.id] = None
        if task.state is TaskState.PENDING:
            self._waiting[task.id] = None
        for robot in task.crew:
            if task.is_at_work(robot):
                self._held.setdefault(robot, {})[task.id] = None


def lane(a: str, b: str) -> Lane:
    """The lane between two places, whichever is named first."""
    return (a, b) if a <= b else (b, a)

"""Tasks and robots as JSON objects for programs: states by name, times in seconds."""

from __future__ import annotations

from typing import Any

import msgspec

from muster.core.coordinator.explanation import Explanation
from muster.core.coordinator.views import RobotView, TeamView
from muster.core.ledger.task import Task
from muster.core.types import RobotId

UNTOLD = ('rank', 'group', 'ready', 'ended', 'failed_by', 'avoid', 'failed_on', 'account')
"""What the ledger holds of a task and muster_msgs/Task does not."""


def task_fields(task: Task) -> dict[str, Any]:
    """What the team tells of a task, with its state by name."""
    fields: dict[str, Any] = _whole(task)
    for name in UNTOLD:
        del fields[name]
    return fields | {'state': task.state.name}


def explanation_fields(
    explanation: Explanation, answered_by: RobotId, is_leader: bool
) -> dict[str, Any]:
    """An explanation with the task's state by name, and who gave it."""
    fields: dict[str, Any] = _whole(explanation)
    return fields | {
        'state': explanation.state.name,
        'answered_by': answered_by,
        'is_leader': is_leader,
    }


def team_fields(team: TeamView, robots: dict[str, RobotView]) -> dict[str, Any]:
    """The team as its leader sees it, each robot completed by its own word; what was not measured
    is null."""
    fields: dict[str, Any] = msgspec.to_builtins(team)
    for robot in fields['robots']:
        own = robots.get(robot['robot'])
        robot['own'] = _robot_fields(own) if own is not None else None
    return fields


def _robot_fields(view: RobotView) -> dict[str, Any]:
    fields: dict[str, Any] = _whole(view)
    for group, shown in zip(view.groups, fields['groups'], strict=True):
        shown['role'] = group.role.name
    return fields | {'raft_role': view.raft_role.name}


def _whole(value: Any) -> Any:
    """As JSON has it, with all fields: programs need not know the defaults that are not sent."""
    match value:
        case msgspec.Struct():
            return {name: _whole(getattr(value, name)) for name in value.__struct_fields__}
        case tuple() | list():
            return [_whole(one) for one in value]
        case _:
            return msgspec.to_builtins(value)

"""Tasks and robots as JSON objects for programs: states by name, times in seconds."""

from __future__ import annotations

from typing import Any

import msgspec

from muster.core.coordinator.views import RobotView, TeamView
from muster.core.ledger.task import Task


def task_fields(task: Task) -> dict[str, Any]:
    """A task with its state by name."""
    fields: dict[str, Any] = _whole(task)
    return fields | {'state': task.state.name}


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

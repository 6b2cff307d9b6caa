"""Finding a team's own costs: entry points of the group `muster.costs`, by the names that its team
file has for them.

Each names something that is called without arguments and returns a
`muster.core.allocation.custom.Cost`: usually its class.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from muster.core.allocation.custom import Cost, GrantsCapabilities
from muster.core.types import ConfigurationError, RobotId

ENTRY_POINT_GROUP = 'muster.costs'


def load_costs(names: Iterable[str]) -> dict[str, Cost]:
    """The costs that a team file names.

    Raises
    ------
    ConfigurationError
        when one is not installed here or is no cost; the message names it and the remedy.
    """
    installed = {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
    costs = {}
    for index, name in enumerate(names):
        if name not in installed:
            known = ', '.join(sorted(installed)) or 'none'
            raise ConfigurationError(
                f'costs[{index}] is {name!r}, but the costs installed here are: {known}; install '
                'its package on every robot, or take it out of the team file'
            )
        costs[name] = _load(installed[name])
    return costs


def with_granted(
    capabilities: Mapping[RobotId, tuple[str, ...]],
    quantities: Mapping[RobotId, Mapping[str, float]],
    costs: Mapping[str, Cost],
) -> dict[RobotId, tuple[str, ...]]:
    """Every robot's capabilities with those that the costs grant it."""
    granted = {robot: list(has) for robot, has in capabilities.items()}
    for name, cost in sorted(costs.items()):
        if not isinstance(cost, GrantsCapabilities):
            continue
        for robot, has in capabilities.items():
            new = _ask(name, cost, robot, has, quantities.get(robot, {}))
            granted[robot] += sorted(set(new) - set(granted[robot]))
    return {robot: tuple(has) for robot, has in granted.items()}


def _load(entry: EntryPoint) -> Cost:
    what = f'cost {entry.name!r} ({entry.value})'
    try:
        made = entry.load()()
    except Exception as error:  # whatever users' code may raise
        raise ConfigurationError(
            f'{what} cannot be made: {type(error).__name__}: {error}; mend or reinstall its '
            'package, or take it out of the team file'
        ) from error
    if not isinstance(made, Cost):
        raise ConfigurationError(
            f'{what} is a {type(made).__name__} without a method `cost(task, robot, context)`; '
            'give it one, see the documentation of own costs'
        )
    return made


def _ask(
    name: str,
    cost: GrantsCapabilities,
    robot: RobotId,
    has: tuple[str, ...],
    quantities: Mapping[str, float],
) -> Collection[str]:
    try:
        new = cost.capabilities(robot, has, quantities)
        if isinstance(new, str) or not all(isinstance(one, str) and one for one in new):
            raise TypeError(f'it returned {new!r:.60}, but a collection of words is needed')
    except Exception as error:  # whatever users' code may raise
        raise ConfigurationError(
            f'cost {name!r} cannot say what {robot} is capable of: {type(error).__name__}: '
            f'{error}; mend its method `capabilities`, or take it out of the team file'
        ) from error
    return new

"""Stops of a task as they are typed: `shelf_a_north`, `1.5,-2` or `1.5,-2,3.14`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from muster.core.types import Stop


class StopType(click.ParamType):
    """A place by name, or `x,y[,yaw]` in metres and radians in the map frame."""

    name = 'stop'

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Stop:
        from muster.core.types import Pose2D, Stop

        if not isinstance(value, str):
            return Stop() if value is None else value
        if ',' not in value:
            if value.startswith('-'):
                # Negative coordinates look like options, so the parser lets unknown options
                # through.
                raise click.NoSuchOption(value, ctx=ctx)
            return Stop(place=value)
        try:
            numbers = [float(part) for part in value.split(',')]
        except ValueError:
            numbers = []
        if len(numbers) not in (2, 3) or not all(map(math.isfinite, numbers)):
            self.fail(f'{value!r} is neither the name of a place nor x,y or x,y,yaw', param, ctx)
        return Stop(pose=Pose2D(*numbers))

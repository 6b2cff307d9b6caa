"""What a task demands of robots, as it is typed: `payload_kg=8`, `lifter:arms,payload_kg=5`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from muster.core.types import Role


class AmountType(click.ParamType):
    """A least amount: `NAME=NUMBER`, more than 0."""

    name = 'amount'

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        if not isinstance(value, str):
            return value
        name, _, number = value.partition('=')
        try:
            amount = float(number)
        except ValueError:
            amount = math.nan
        if not name or not 0 < amount < math.inf:
            self.fail(f'{value!r} is not NAME=AMOUNT, such as payload_kg=8', param, ctx)
        return name, amount


class RoleType(click.ParamType):
    """A role of a coalition: `NAME` or `NAME:DEMAND,DEMAND...`, each demand a capability or an
    amount."""

    name = 'role'

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Role:
        from muster.core.types import Role

        if not isinstance(value, str):
            return value
        name, has_demands, rest = value.partition(':')
        demands = rest.split(',') if has_demands else []
        if not name or not all(demands):
            self.fail(
                f'{value!r} is not NAME:CAPABILITY,..., such as lifter:arms,payload_kg=5',
                param,
                ctx,
            )
        amounts = [AMOUNT.convert(one, param, ctx) for one in demands if '=' in one]
        return Role(
            name=name,
            capabilities=tuple(one for one in demands if '=' not in one),
            quantities=dict(amounts),
        )


AMOUNT = AmountType()
ROLE = RoleType()

"""The reference of parameters against their declarations."""

from __future__ import annotations

import ast
import inspect

import pytest
import yaml

from muster.ros import coordinator_node, skills_node
from muster.ros.parameters import Number, Switch
from muster_sim import simulation_setup, simulator_node

from .pages import REFERENCE, ROOT, table, unquoted

PAGE = REFERENCE / 'parameters.md'
Declared = dict[str, tuple[str, str]]
"""Default and range by name, as they are written in the reference."""


def declared_by(module: object) -> Declared:
    found: Declared = {}
    for one in vars(module).values():
        if isinstance(one, Number):
            found[one.name] = (f'{one.default:g}', f'{one.least:g} to {one.most:g}')
        elif isinstance(one, Switch):
            found[one.name] = (str(one.default).lower(), '')
    return found


def declared_by_simulator() -> Declared:
    """From the source, because its node cannot be made without a world."""
    tree = ast.parse(inspect.getsource(simulator_node))
    found: Declared = {}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, 'attr', '') == '_declare':
            name, default, least, most = (ast.unparse(one) for one in call.args[:4])
            value = default
            if default.startswith('setup.'):
                fields = simulation_setup.Setup.__dataclass_fields__
                value = str(fields[default.removeprefix('setup.')].default)
            limits = f'{float(least):g} to {float(most):g}'
            found[ast.literal_eval(name)] = (f'{float(value):g}', limits)
    return found


@pytest.mark.parametrize(
    ('heading', 'declared'),
    [
        ('Node coordinator', declared_by(coordinator_node)),
        ('Node skills', declared_by(skills_node)),
        ('Node simulator', declared_by_simulator()),
    ],
)
def test_parameters_are_described_as_declared(heading: str, declared: Declared) -> None:
    assert len(declared) > 1
    rows = {unquoted(row['parameter']): row for row in table(PAGE, heading)}
    described = {name: (row['default'], row['range']) for name, row in rows.items()}
    assert described == declared
    assert all(row['what it is, and which way to turn it'] for row in rows.values())


def test_the_file_of_parameters_that_ships_holds_the_defaults() -> None:
    file = ROOT / 'config' / 'parameters' / 'robot.yaml'
    shipped = yaml.safe_load(file.read_text(encoding='utf-8'))
    for node, module in (('coordinator', coordinator_node), ('skills', skills_node)):
        values = shipped[f'/**/{node}']['ros__parameters']
        declared = {
            one.name: one.default
            for one in vars(module).values()
            if isinstance(one, Number | Switch)
        }
        assert values == declared

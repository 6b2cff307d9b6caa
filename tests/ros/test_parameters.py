"""The parameters that ship with muster are those that the nodes declare."""

from __future__ import annotations

import pytest
import yaml

from muster.ros import coordinator_node, skills_node
from muster.ros.parameters import Number, Switch
from muster.runtime.share import find_config


@pytest.mark.parametrize(
    ('node', 'declared'),
    [
        ('/**/coordinator', coordinator_node.PARAMETERS),
        ('/**/skills', skills_node.PARAMETERS),
    ],
)
def test_the_shipped_file_holds_every_parameter_at_its_default(
    node: str, declared: tuple[Number | Switch, ...]
) -> None:
    shipped = yaml.safe_load(find_config('robot', 'parameters').read_text())
    assert shipped[node]['ros__parameters'] == {one.name: one.default for one in declared}


def test_every_number_says_its_unit_and_lies_in_its_range() -> None:
    numbers = [
        one
        for one in (*coordinator_node.PARAMETERS, *skills_node.PARAMETERS)
        if isinstance(one, Number)
    ]
    for one in numbers:
        assert one.least <= one.default <= one.most
        assert one.description.startswith('['), one.name

"""Costs are found by their entry points, and what is wrong with them is said before a robot
starts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from muster.core.types import ConfigurationError
from muster.runtime.costs import load_costs, with_granted

MODULE = """
class Good:
    def cost(self, task, robot, context):
        return {}

class Broken:
    def __init__(self):
        raise RuntimeError('no lamp')

class Shapeless:
    pass
"""
ENTRIES = {
    'good': 'own_costs_of_the_tests:Good',
    'broken': 'own_costs_of_the_tests:Broken',
    'shapeless': 'own_costs_of_the_tests:Shapeless',
    'gone': 'no_such_module_anywhere:Cost',
    'nameless': 'own_costs_of_the_tests:Missing',
}


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with these entry points."""
    (tmp_path / 'own_costs_of_the_tests.py').write_text(MODULE)
    info = tmp_path / 'own_costs_of_the_tests-1.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text(
        'Metadata-Version: 2.1\nName: own-costs-of-the-tests\nVersion: 1.0\n'
    )
    lines = [f'{name} = {value}' for name, value in ENTRIES.items()]
    (info / 'entry_points.txt').write_text('\n'.join(['[muster.costs]', *lines, '']))
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_cost_is_made_by_its_entry_point() -> None:
    (cost,) = load_costs(['good']).values()
    assert type(cost).__name__ == 'Good'
    assert load_costs([]) == {}


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('absent', r"costs\[1\] is 'absent', but the costs installed here are: .*good.*install"),
        (
            'broken',
            r"cost 'broken' \(own_costs_of_the_tests:Broken\) cannot be made: Runtime.*lamp",
        ),
        ('gone', r"cost 'gone' .*cannot be made: ModuleNotFoundError.*reinstall"),
        ('nameless', r"cost 'nameless' .*cannot be made: AttributeError"),
        ('shapeless', r"cost 'shapeless' .*is a Shapeless without a method `cost"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_remedy(name: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_costs(['good', name])


class Grants:
    def __init__(self, answer: Callable[[str], Any]) -> None:
        self._answer = answer

    def cost(self, task: object, robot: object, context: object) -> Mapping[str, float]:
        return {}

    def capabilities(
        self, robot: str, has: Collection[str], quantities: Mapping[str, float]
    ) -> Any:
        return self._answer(robot)


HAS = {'ann': ('walk',), 'bob': ('walk', 'camera')}


def test_granted_capabilities_are_added_once() -> None:
    costs = {
        'first': Grants(lambda robot: ['sees', 'camera'] if robot == 'bob' else ()),
        'second': Grants(lambda robot: {'sees'}),
    }
    assert with_granted(HAS, {}, costs) == {
        'ann': ('walk', 'sees'),
        'bob': ('walk', 'camera', 'sees'),
    }


@pytest.mark.parametrize(
    'answer', [lambda robot: 'camera', lambda robot: None, lambda robot: [3], lambda robot: 1 / 0]
)
def test_what_is_no_capability_is_refused_by_name(answer: Callable[[str], Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"cost 'lamp' cannot say what ann is capable of"):
        with_granted(HAS, {}, {'lamp': Grants(answer)})

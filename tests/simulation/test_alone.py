"""Parts of a team that have no leader go on working, and break no promise by it."""

from __future__ import annotations

from collections import Counter

import pytest

from muster.core.coordinator.alone import Alone
from muster.core.types import TaskState
from muster.simulation.faults import BadWeather, BodyFault, Crash, Fault, Partition
from muster.simulation.run import TeamRun


def work_piles_up() -> list[Fault]:
    """No body is fit until the network is cut, so that tasks wait in everybody's ledger."""
    return [BodyFault(0.2, 6.3, f'robot_{number}') for number in range(1, 6)]


def scattered(at: float = 6.0, lasts_s: float = 15.0) -> list[Fault]:
    """Robots 1, 2 and 3 each by themselves, 4 and 5 together."""
    sides = (('robot_1',), ('robot_2',), ('robot_3',))
    return [*work_piles_up(), *(Partition(at, lasts_s, side) for side in sides)]


@pytest.mark.parametrize(
    'faults',
    [
        scattered(),
        [*scattered(), BadWeather(6.0, 15.0, loss=0.3, duplication=0.2, delay_s=0.3)],
        [*scattered(6.0, 8.0), *scattered(16.0, 8.0), Crash(12.0, 3.0, ('robot_4', 'robot_1'))],
    ],
    ids=['scattered', 'in a storm', 'twice, with crashes'],
)
def test_parts_without_a_leader_work_on_and_the_promises_hold(faults: list[Fault]) -> None:
    bites: Counter[str] = Counter()
    tasks: Counter[str] = Counter()
    for seed in (8, 14, 15):
        result = TeamRun(seed, 5, 40.0, faults).run()
        assert result.violation == '', f'seed {seed}'
        bites.update(result.bites)
        tasks.update(result.tasks)
    assert bites['messages cut by a partition'] > 0
    assert bites['attempts alone: succeeded'] >= 5
    assert tasks['DONE'] > 25


def test_a_part_that_took_exclusive_work_would_be_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing but this rule keeps robots that cannot hear each other from the same task."""

    def everything(self: Alone, *_: object) -> list[str]:
        tasks = self._ledger.tasks.values()
        return [task.id for task in tasks if task.state is TaskState.PENDING and not task.group]

    monkeypatch.setattr(Alone, '_on_offer', everything)
    violations = (TeamRun(seed, 5, 40.0, scattered()).run().violation for seed in range(8))
    assert any(one.startswith(('I1', 'I6')) for one in violations)

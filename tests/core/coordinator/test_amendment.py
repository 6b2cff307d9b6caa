"""Changes of tasks that the team has: what is refused, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest

from muster.core.types import Amend, Stop, TaskSpec, TaskState

from .team import Team, team_at_work, with_task

SPEC = TaskSpec(kind='go_to', stops=(Stop(place='shelf'),))


@pytest.fixture(scope='module')
def team() -> Team:
    """Three tasks, each after the one before, and a fourth that sets out with the third."""
    team = team_at_work()
    team.submit('q1', earliest_start_s=1e9)
    team.run(0.3)
    team.submit('q2', predecessors=('task_0001',))
    team.run(0.3)
    team.submit('q3', predecessors=('task_0002',))
    team.run(0.3)
    team.submit('q4', predecessors=('task_0002',), starts_with=('task_0003',))
    team.run(0.3)
    assert [team.reply(f'q{n}').task_id for n in (1, 2, 3, 4)] == [
        f'task_000{n}' for n in (1, 2, 3, 4)
    ]
    return team


@pytest.mark.parametrize(
    ('task_id', 'fields', 'reason'),
    [
        ('task_0001', {'predecessors': ('task_0001',)}, 'predecessors: task_0001 would have to'),
        ('task_0001', {'predecessors': ('task_0003',)}, 'predecessors: task_0001 would have to'),
        ('task_0001', {'predecessors': ('task_0004',)}, 'predecessors: task_0001 would have to'),
        ('task_0002', {'starts_with': ('task_0001',)}, 'starts_with: cannot be changed'),
        ('task_0004', {'predecessors': ('task_0002',)}, 'starts_with: cannot be changed'),
        ('task_0001', {'kind': 'swim'}, "kind: no robot has a skill 'swim'"),
        ('task_0099', {}, "there is no task 'task_0099'"),
    ],
)
def test_a_change_that_could_never_be_done_is_refused(
    team: Team, task_id: str, fields: dict[str, Any], reason: str
) -> None:
    before = team[team.leader].machine.ledger.tasks.copy()
    values = {'kind': 'go_to', 'stops': SPEC.stops, **fields}
    name = f'amend {task_id} {fields}'
    team.ask(Amend(name, task_id, TaskSpec(**values)))
    team.run(0.3)
    answer = team.reply(name)
    assert not answer.accepted
    assert answer.reason.startswith(reason)
    assert team[team.leader].machine.ledger.tasks == before


def test_a_task_that_waits_is_changed_at_once() -> None:
    team = team_at_work()
    team.submit('q1', earliest_start_s=1e9)
    team.run(0.3)
    team.ask(Amend('soon', 'task_0001', SPEC))
    team.run(0.5)
    task = team.task('task_0001')
    assert task.spec == SPEC
    assert task.state is TaskState.AWARDED


def test_a_task_under_way_is_stopped_first_and_awarded_anew() -> None:
    team = team_at_work()
    task_id, robot = with_task(team)
    team.work(robot, task_id, 1)
    team.run(0.1)
    changed = TaskSpec(kind='go_to', stops=(Stop(place='bench'),))
    team.ask(Amend('elsewhere', task_id, changed))
    team.run(0.3)
    assert (task_id, 1) in team[robot].stopped
    assert team.task(task_id).amended == changed
    assert team.task(task_id).attempt == 1
    team.end(robot, task_id, 1)
    team.run(0.5)
    task = team.task(task_id)
    assert (task.spec, task.attempt, task.amended) == (changed, 2, None)
    assert (task_id, 2) in team[task.robot].started

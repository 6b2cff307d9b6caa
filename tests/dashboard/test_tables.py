import io

import pytest
from rich.console import Console

from muster.core.coordinator.views import RobotSummary, RobotView, Role, TeamView
from muster.core.ledger.task import Task
from muster.core.types import Pose2D, Stop, TaskSpec, TaskState
from muster.dashboard.tables import (
    bar,
    event_line,
    robots_table,
    stop_name,
    tasks_table,
    team_line,
    what,
)
from muster.invariants import Record


def text_of(*parts: object) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(*parts)
    return str(console.file.getvalue())


def summary(robot: str, **fields: object) -> RobotSummary:
    values: dict[str, object] = {
        'squad': 'alpha',
        'is_alive': True,
        'is_fit': True,
        'unfit_reason': '',
        'battery': 0.8,
        'silent_s': 0.1,
        'task_id': '',
        'queued': 0,
    }
    return RobotSummary(robot=robot, **(values | fields))


def team(*robots: RobotSummary, **fields: object) -> TeamView:
    values: dict[str, object] = {
        'team': 'warehouse',
        'leader': 'a',
        'term': 4,
        'commit_index': 17,
        'has_quorum': True,
        'tasks_pending': 1,
        'tasks_awarded': 2,
        'tasks_executing': 3,
        'tasks_done': 4,
        'tasks_failed': 0,
        'tasks_cancelled': 0,
    }
    return TeamView(robots=robots, **(values | fields))


def robot(name: str, **fields: object) -> RobotView:
    values: dict[str, object] = {
        'squad': 'alpha',
        'incarnation': 1,
        'is_fit': True,
        'unfit_reason': '',
        'pose': Pose2D(0, 0),
        'battery': 0.12,
        'capabilities': (),
        'task_id': '',
        'attempt': 0,
        'activity': '',
        'progress': 0.0,
        'schedule': (),
        'raft_role': Role.FOLLOWER,
        'term': 4,
        'leader': 'a',
        'commit_index': 1,
        'applied_index': 1,
        'lease_remaining_s': 1.0,
    }
    return RobotView(robot=name, **(values | fields))


def task(state: TaskState = TaskState.DONE, **fields: object) -> Task:
    spec = TaskSpec(kind='inspect', stops=(Stop(place='north'),))
    values: dict[str, object] = {'id': 't1', 'request_id': 'r1', 'spec': spec, 'state': state}
    return Task(**(values | fields))


def test_the_team_in_one_line():
    line = text_of(team_line(team()))
    assert 'leader a' in line
    assert 'term 4' in line
    assert 'quorum' in line
    assert 'pending 1   awarded 2   executing 3   done 4   failed 0   cancelled 0' in line
    assert 'NO QUORUM' in text_of(team_line(team(has_quorum=False)))
    assert 'no leader has been heard' in text_of(team_line(None))


def test_robots_by_their_own_word():
    view = robot('b', task_id='t1', activity='walking', progress=0.5, schedule=('t2', 't3'))
    table = text_of(robots_table(team(summary('a'), summary('b')), {'b': view}))
    row = next(line for line in table.splitlines() if line.strip().startswith('b'))
    for expected in ('follower', '12.0%', 't1', 'walking', '█████░░░░░', 't2, t3'):
        assert expected in row


def test_a_robot_that_says_nothing_is_shown_by_its_leader():
    table = text_of(robots_table(team(summary('a', queued=2, task_id='t7')), {}))
    assert 'leader' in table
    assert 't7' in table
    assert '2 queued' in table


def test_a_dead_robot_is_gone_whatever_it_said_last():
    dead = summary('b', is_alive=False, silent_s=7.2)
    table = text_of(robots_table(team(dead), {'b': robot('b', task_id='t1')}))
    assert 'gone' in table
    assert 'silent for 7 s' in table
    assert 't1' not in table


def test_an_unfit_robot_says_why():
    assert 'fallen' in text_of(
        robots_table(None, {'b': robot('b', is_fit=False, unfit_reason='fallen')})
    )


def test_tasks_tell_how_long_they_waited_and_took():
    done = task(robot='b', attempt=2, submitted_at=10.0, started_at=14.0, ended_at=20.5)
    row = text_of(tasks_table([done], 99.0))
    for expected in ('inspect north', 'done', '4.0 s', '6.5 s'):
        assert expected in row
    pending = task(TaskState.PENDING, submitted_at=10.0, detail='b is lost')
    row = text_of(tasks_table([pending], 15.0))
    assert '5.0 s' in row
    assert 'b is lost' in row


def test_a_coalition_is_shown_whole_and_trouble_comes_first():
    troubled = task(
        TaskState.EXECUTING,
        robot='a',
        crew=('a', 'b'),
        award_reason='nearest',
        trouble='b has fallen',
    )
    shown = text_of(tasks_table([troubled], 10.0))
    assert 'a, b' in shown
    assert 'is being stopped: b has fallen' in shown
    assert 'nearest' not in shown


@pytest.mark.parametrize(('share', 'cells'), [(-1, 0), (0, 0), (0.5, 5), (1, 10), (7, 10)])
def test_bars_are_never_longer_than_they_are(share, cells):
    assert bar(share) == '█' * cells + '░' * (10 - cells)


def test_what_a_task_is_in_words():
    stops = (Stop(place='north'), Stop(pose=Pose2D(1.5, -2)))
    assert what(TaskSpec(kind='go_to', stops=stops)) == 'go_to north > (1.5, -2)'
    assert what(TaskSpec(kind='hold')) == 'hold'
    assert stop_name(stops[1]) == '(1.5, -2)'


def test_an_event_is_one_line_even_with_an_odd_severity():
    record = Record(
        at=12.0, steady=1, kind='task_awarded', severity=9, task_id='t1', subject='b', attempt=2
    )
    assert text_of(event_line(record, since=10.0)).strip() == (
        '2.0 s  task awarded  t1  b  attempt 2'
    )

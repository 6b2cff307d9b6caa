"""A small run as a demo would record it: two tasks, the leader killed at one of them, and its
return."""

from __future__ import annotations

import msgspec
from invariants.story import Story

from muster.cli.play.summary import RunFacts
from muster.dashboard.recorder import ROBOT_POSE
from muster.invariants.record import FAULT_INJECTED, RUN_ENDED, RUN_READY, RUN_STARTED
from muster.runtime.share import find_config

ROBOTS = ('g1_1', 'g1_2', 'g1_3', 'g1_4')


def facts(**fields: object) -> RunFacts:
    values: dict[str, object] = {
        'title': 'sample',
        'team': 'warehouse',
        'world': 'warehouse',
        'team_file': str(find_config('warehouse', 'teams')),
        'seed': 1,
        'rate': 1.0,
        'robots': ROBOTS,
        'expected_tasks': 2,
        'schedule_capacity': 2,
        'reaward_s': 9.0,
        'award_s': 6.0,
    }
    return RunFacts(**(values | fields))


def sample_run(*, bitten: bool = True, last_state: str = 'DONE', ending: str = '') -> Story:
    """Times count from 100 s, when the team is ready."""
    story = Story().note(90, RUN_STARTED, data=msgspec.to_builtins(facts()))
    for robot in ROBOTS:
        story.started(91, robot).joined(95, robot)
    story.event(94, 'leader_elected', 'g1_2', subject='g1_2', data={'term': 1})
    story.note(100, RUN_READY, subject='g1_2')
    for number, robot in ((1, 'g1_2'), (2, 'g1_3')):
        task, request = f't{number}', f'r{number}'
        story.sent(101, request).submitted(101.1, task, request).answered(101.2, request, task)
        story.awarded(101.5, task, robot).began(102, task, robot)
    for step in range(12):
        pose = {'x': step * 0.5 - 4, 'y': 3.4, 'yaw': 0.0, 'battery': 0.9, 'is_fit': True}
        story.note(102 + step, ROBOT_POSE, subject='g1_2', data=pose | {'task_id': 't1'})
    story.exited(114, 'g1_2')
    fault = {'failure': 'process_kill', 'has_bitten': bitten, 'was_leader': True}
    story.note(114.01, FAULT_INJECTED, subject='g1_2', detail='process 7 is gone', data=fault)
    story.event(115.5, 'leader_elected', 'g1_4', subject='g1_4', data={'term': 2})
    story.event(
        120, 'task_released', 'g1_4', task_id='t1', attempt=1, subject='g1_2', detail='lost'
    )
    story.event(120.5, 'task_awarded', 'g1_4', task_id='t1', attempt=2, subject='g1_1')
    story.began(121, 't1', 'g1_1', attempt=2)
    story.started(124, 'g1_2').event(126, 'robot_joined', 'g1_4', subject='g1_2')
    story.event(127, 'task_done', 'g1_4', task_id='t2', attempt=1, subject='g1_3')
    story.ended(127, 't2', 'g1_3')
    if last_state == 'DONE':
        story.ended(140, 't1', 'g1_1', attempt=2)
        story.event(140.1, 'task_done', 'g1_4', task_id='t1', attempt=2, subject='g1_1')
    done = {'capable': ROBOTS, 'submitted_at_s': 101.1, 'kind': 'inspect'}
    story.ledger(
        141,
        't1',
        'r1',
        last_state,
        robot='g1_1',
        attempt=2,
        award_reason='nearest',
        started_at_s=121.0,
        ended_at_s=140.1,
        stops=('shelf_a_north',),
        **done,
    )
    story.ledger(
        141, 't2', 'r2', 'DONE', robot='g1_3', started_at_s=102.0, ended_at_s=127.0, **done
    )
    return story.note(141, RUN_ENDED, detail=ending)

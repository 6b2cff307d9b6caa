import textwrap

import pytest

from muster.core.types import ConfigurationError, Pose2D, Role, Stop, TaskSpec
from muster.runtime.scenario_file import read_scenario
from muster.runtime.share import find_config

GOOD = """
title: test
team: warehouse
time_limit_s: 60
tasks:
  - {name: one, at: 1, kind: inspect, stops: [shelf_a_north]}
  - {name: two, at: 2, kind: go_to, stops: [[1.0, 2.0], [1, 2, 3], north_mid], deadline_s: 30}
faults:
  - {at: 3, target: leader, failure: process_kill, restart_after_s: 5}
"""


def read(tmp_path, text):
    path = tmp_path / 'test.yaml'
    path.write_text(textwrap.dedent(text))
    return read_scenario(path)


def test_the_scenario_that_ships_is_sound():
    stage = read_scenario(find_config('warehouse', 'scenarios'))
    assert len(stage.scenario.tasks) == 12
    assert sum(task.kind == 'carry_parcel' for task in stage.scenario.tasks) == 3
    assert [fault.failure for fault in stage.scenario.faults] == [
        'push',
        'process_kill',
        'torque_loss',
    ]


def test_an_arrival_becomes_a_task(tmp_path):
    spec = read(tmp_path, GOOD).scenario.tasks[1].spec(100.0)
    assert spec.stops == (
        Stop(pose=Pose2D(1, 2)),
        Stop(pose=Pose2D(1, 2, 3)),
        Stop(place='north_mid'),
    )
    assert spec.deadline_s == 130.0


def test_all_that_a_task_may_ask_for_is_asked_for(tmp_path):
    demands = """
        capabilities: [camera], quantities: {payload_kg: 8}, robots_needed: 2,
        roles: [{name: lifter, capabilities: [arms], quantities: {hands: 2}}, {name: guide}],
        deadline_s: 30, deadline_is_soft: true, late_cost: 3, duration_s: 9,
        duration_spread_s: 2, is_critical: true"""
    text = GOOD.replace('stops: [shelf_a_north]', f'stops: [shelf_a_north], {demands}')
    assert read(tmp_path, text).scenario.tasks[0].spec(100.0) == TaskSpec(
        kind='inspect',
        stops=(Stop('shelf_a_north'),),
        capabilities=('camera',),
        quantities={'payload_kg': 8.0},
        robots_needed=2,
        roles=(
            Role(name='lifter', capabilities=('arms',), quantities={'hands': 2.0}),
            Role(name='guide'),
        ),
        deadline_s=130.0,
        deadline_is_soft=True,
        late_cost=3.0,
        duration_s=9.0,
        duration_spread_s=2.0,
        is_critical=True,
        requester='scenario',
    )


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('kind: inspect', 'kind: dance', r"tasks\[0\].kind is 'dance', but skills are go_to"),
        ('shelf_a_north', 'the_moon', r"tasks\[0\].stops names 'the_moon', which is no place"),
        (
            '[shelf_a_north]',
            '[shelf_a_north, north_mid]',
            r'tasks\[0\].stops has 2, but inspect takes 1 to 1',
        ),
        ('at: 1,', 'at: 1, robots_needed: 9,', r'robots_needed is 9, but warehouse has 4 robots'),
        (
            'at: 1,',
            'at: 1, roles: [{name: a}, {name: b}],',
            r'roles has 2, but robots_needed is 1',
        ),
        ('at: 1,', 'at: 1, deadline_is_soft: true,', r'but it has no deadline_s'),
        ('at: 1,', 'at: 1, quantities: {kg: 0},', r'tasks\[0\].quantities.kg: .* greater than 0'),
        ('target: leader', 'target: nobody', r"faults\[0\].target is 'nobody', but targets are"),
        ('name: two', 'name: one', 'the names one occur more than once'),
        (', restart_after_s: 5', '', 'restart_after_s goes with process_kill'),
        ('failure: process_kill', 'failure: rain', r'faults\[0\].failure'),
        ('at: 1,', 'at: -1,', r'tasks\[0\].at'),
        ('time_limit_s: 60', 'time_limit_s: 0', 'time_limit_s'),
        ('title: test', 'title: test\ncolour: red', 'colour'),
        ('team: warehouse', 'team: nowhere', "no file 'nowhere'"),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ('fault', 'message'),
    [
        ('failure: push', 'would do nothing'),
        ('failure: torque_loss, severity: 40', 'a share from 0 to 1'),
        ('failure: push, severity: 20, restart_after_s: 3', 'goes with process_kill'),
    ],
)
def test_faults_that_make_no_sense_are_mistakes(tmp_path, fault, message):
    text = GOOD.replace('failure: process_kill, restart_after_s: 5', fault)
    with pytest.raises(ConfigurationError, match=message):
        read(tmp_path, text)


def test_all_mistakes_are_told_at_once(tmp_path):
    text = GOOD.replace('kind: inspect', 'kind: dance').replace('target: leader', 'target: moon')
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)
    assert len(str(caught.value).splitlines()) == 2

"""The commands that talk to a team, against a process that talks like one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from muster.cli.live_runs import LiveRuns

pytestmark = pytest.mark.ros

MUSTER = (sys.executable, '-c', 'from muster.cli.main import main; main()')
FAKE = Path(__file__).with_name('fake_team.py')


class Shell:
    """Runs `muster` as another terminal would."""

    def __init__(self, folder: Path) -> None:
        self._environment = {**os.environ, 'XDG_RUNTIME_DIR': str(folder)}
        self._environment.pop('ROS_DOMAIN_ID', None)

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*MUSTER, *arguments],
            env={**self._environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def start(tmp_path):
    """Starts a fake team in a domain of its own that commands find by themselves."""
    (tmp_path / 'muster').mkdir()
    children = []
    with LiveRuns(tmp_path / 'muster').claim('fake', tmp_path, 'LOCALHOST', {}) as run:

        def begin(*arguments: str) -> Shell:
            children.append(
                subprocess.Popen(
                    [sys.executable, str(FAKE), *arguments],
                    env={**os.environ, **run.environment},
                )
            )
            return Shell(tmp_path)

        yield begin
        for child in children:
            child.kill()
            child.wait()


def test_submit_gets_its_answer(start):
    muster = start()
    result = muster('submit', 'inspect', 'shelf_a_north', '--request-id', 'mine')
    assert (result.returncode, result.stderr) == (0, '')
    assert result.stdout == 'task_0001 accepted (request mine)\n'


def test_the_same_request_id_is_the_same_task(start):
    muster = start()
    answers = [
        json.loads(muster('submit', 'go_to', '1,2', '--request-id', 'one', '--json').stdout)
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert answers[0]['task_id'] == 'task_0001'


def test_a_request_that_goes_unheard_is_sent_again(start):
    result = start('--deaf', '2')('submit', 'inspect', 'shelf_a_north')
    assert result.returncode == 0, result.stderr


def test_no_answer_means_unknown_and_says_how_to_ask_again(start):
    result = start('--deaf', '1000')(
        'submit', 'go_to', '-1,2', '--timeout', '1.5', '--priority', '7'
    )
    assert result.returncode == 4
    assert 'the outcome of request' in result.stderr
    again = result.stderr.strip().splitlines()[-1].strip()
    assert again.startswith('muster submit go_to -1,2 --timeout 1.5 --priority 7 --request-id ')


def test_a_refusal_is_status_1_with_its_reason(start):
    muster = start()
    result = muster('submit', 'dance', 'anywhere')
    assert result.returncode == 1
    assert result.stderr == "muster: refused: no robot has a skill 'dance'\n"
    result = muster('cancel', 'task_0009')
    assert result.returncode == 1
    assert 'nothing can be cancelled here' in result.stderr


def test_waiting_for_the_end(start):
    result = start()('submit', 'inspect', 'shelf_a_north', '--wait', '--json')
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)['state'] == 'DONE'


def test_waiting_for_a_bad_end_is_status_1(start):
    result = start('--ends-as', 'FAILED')('submit', 'inspect', 'shelf_a_north', '--wait')
    assert result.returncode == 1
    assert result.stderr.endswith('muster: task_0001 is FAILED: so it goes\n')


def test_all_that_a_task_may_ask_for_arrives(start):
    muster = start()
    muster(
        *('submit', 'lift', 'pick_north', '--needs', 'payload_kg=8', '--needs', 'hands=2'),
        *('--role', 'lifter:arms,payload_kg=10', '--role', 'guide', '--critical'),
        *('--duration', '20', '--spread', '5', '--soft-deadline', '90', '--late-cost', '3'),
        *('--after', 'task_0007', '--starts-with', 'task_0008', '--capability', 'walk'),
    )
    muster('submit', 'inspect', 'shelf_a_north')
    demanding, plain = (task['spec'] for task in json.loads(muster('tasks', '--json').stdout))
    assert demanding.pop('deadline_s') > plain.pop('deadline_s') == 0.0
    assert demanding == {
        **plain,
        'kind': 'lift',
        'stops': [{'place': 'pick_north', 'pose': {'x': 0.0, 'y': 0.0, 'yaw': 0.0}}],
        'capabilities': ['walk'],
        'robots_needed': 2,
        'duration_s': 20.0,
        'duration_spread_s': 5.0,
        'deadline_is_soft': True,
        'late_cost': 3.0,
        'predecessors': ['task_0007'],
        'starts_with': ['task_0008'],
        'quantities': {'payload_kg': 8.0, 'hands': 2.0},
        'roles': [
            {'name': 'lifter', 'capabilities': ['arms'], 'quantities': {'payload_kg': 10.0}},
            {'name': 'guide', 'capabilities': [], 'quantities': {}},
        ],
        'is_critical': True,
    }


def test_a_change_replaces_what_is_given_and_leaves_the_rest(start):
    muster = start()
    muster(
        *('submit', 'lift', 'pick_north', '--needs', 'payload_kg=8', '--role', 'lifter:arms'),
        *('--role', 'guide', '--deadline', '90', '--priority', '7', '--critical'),
    )
    result = muster(
        *(
            'amend',
            'task_0001',
            '1,2',
            '--priority',
            '0',
            '--retries',
            '0',
            '--request-id',
            'mine',
        ),
        *('--without', 'deadline', '--after', 'task_0000', '--parameters', '{"a": 1}'),
    )
    assert (result.returncode, result.stdout) == (0, 'task_0001 amended\n'), result.stderr
    (task,) = json.loads(muster('tasks', '--json').stdout)
    assert task['amended'] == task['spec'] | {
        'stops': [{'place': '', 'pose': {'x': 1.0, 'y': 2.0, 'yaw': 0.0}}],
        'priority': 0,
        'retries': 0,
        'deadline_s': 0.0,
        'predecessors': ['task_0000'],
        'parameters': '{"a": 1}',
    }
    assert task['spec']['deadline_s'] > 0
    assert (task['crew'], task['trouble']) == (['g1_2'], 'changed')


def test_a_second_change_builds_on_the_first(start):
    muster = start()
    muster('submit', 'go_to', 'a')
    muster('amend', 'task_0001', '--soft-deadline', '60')
    answer = json.loads(muster('amend', 'task_0001', '--late-cost', '4', '--json').stdout)
    assert (answer['accepted'], answer['task_id']) == (True, 'task_0001')
    (task,) = json.loads(muster('tasks', '--json').stdout)
    amended = task['amended']
    assert (amended['deadline_is_soft'], amended['late_cost']) == (True, 4.0)


def test_what_cannot_be_changed_is_said_before_anything_is_asked(start):
    muster = start()
    result = muster('amend', 'task_0009', '--priority', '9')
    assert result.returncode == 1
    assert "there is no task 'task_0009'" in result.stderr
    muster('submit', 'go_to', 'a')
    result = muster('amend', 'task_0001', '--late-cost', '4')
    assert result.returncode == 2
    assert 'missing a --soft-deadline' in result.stderr


def test_taking_back_and_closing_lanes(start):
    muster = start()
    muster('submit', 'go_to', 'a')
    assert muster('take-back', 'task_0001').stdout == 'task_0001 taken back\n'
    assert muster('lane', 'close', 'door', 'hall').stdout == 'lane between door and hall closed\n'
    answer = muster('lane', 'open', 'door', 'hall', '--json', '--request-id', 'x').stdout
    assert json.loads(answer) == {
        'request_id': 'x',
        'accepted': True,
        'task_id': '',
        'reason': '',
    }


def test_no_answer_to_a_lane_says_how_to_ask_again(start):
    result = start('--deaf', '1000')('lane', 'close', 'door', 'hall', '--timeout', '1.5')
    assert result.returncode == 4
    again = result.stderr.strip().splitlines()[-1].strip()
    assert again.startswith('muster lane close door hall --timeout 1.5 --request-id ')


def test_an_award_is_explained_to_people_and_to_programs(start):
    muster = start()
    muster('submit', 'inspect', 'shelf_a_north', '--wait')
    result = muster('explain', 'task_0001')
    assert (result.returncode, result.stderr) == (0, '')
    lines = result.stdout.splitlines()
    assert lines[0].startswith('g1_2 ')
    assert 'task_0001, awarded 0.0 s after it was submitted (auction 4 of term 3).' in lines[0]
    words = ' '.join(result.stdout.split())
    assert 'Runner-up: g1_1 with 14.5, dearer in travel (+4.0), wait (+2.5).' in words
    assert any(line.split() == ['g1_1', '14.5', '9.0', '2.5', '3.0'] for line in lines)
    assert any(line.split() == ['g1_3', 'lacks', 'arms'] for line in lines)
    assert any(line.split() == ['g1_4', 'did', 'not', 'answer', 'in', 'time'] for line in lines)
    told = json.loads(muster('explain', 'task_0001', '--json').stdout)
    assert (told['state'], told['how'], told['answered_by']) == ('DONE', 'auction', 'g1_1')
    assert told['offers'][1] == {
        'robot': 'g1_1',
        'won': False,
        'cost': 14.5,
        'terms': {'travel': 9.0, 'wait': 2.5, 'work': 3.0},
    }
    assert told['refusals'] == {'g1_3': 'lacks arms'}


def test_any_robot_explains(start):
    muster = start('--explains', 'g1_2')
    muster('submit', 'inspect', 'shelf_a_north')
    told = json.loads(muster('explain', 'task_0001', '--json').stdout)
    assert (told['answered_by'], told['is_leader']) == ('g1_2', False)
    result = muster('explain', 'task_0009')
    assert result.returncode == 1
    assert "there is no task 'task_0009', as far as g1_2 knows" in result.stderr


def test_nobody_who_explains_is_status_3(start):
    result = start('--explains', '')('explain', 'task_0001', '--timeout', '1.5')
    assert result.returncode == 3
    assert 'no robot has answered within 1.5 s (none was found)' in result.stderr


def test_tasks_and_status_for_people_and_for_programs(start):
    muster = start()
    assert muster('tasks').stdout == 'no tasks\n'
    muster('submit', 'inspect', 'shelf_a_north', '--wait')
    table = muster('tasks').stdout
    assert 'inspect shelf_a_north' in table
    assert 'cheapest of 2' in table
    assert json.loads(muster('tasks', '--json', '--state', 'failed').stdout) == []
    (task,) = json.loads(muster('tasks', '--json').stdout)
    assert (task['id'], task['state'], task['robot']) == ('task_0001', 'DONE', 'g1_2')
    status = muster('status')
    assert 'leader g1_1' in status.stdout, status.stderr
    consensus = status.stdout.splitlines()
    assert any('1.0 / 4.0 ms' in line and 'leads term 3' in line for line in consensus)
    assert any('g1_2' in line and 'follows g1_1 in term 3' in line for line in consensus)
    team = json.loads(muster('status', '--json').stdout)
    assert team['term'] == 3
    assert [robot['own']['raft_role'] for robot in team['robots']] == ['LEADER', 'FOLLOWER']
    groups = [robot['own']['groups'][0] for robot in team['robots']]
    assert [(one['role'], one['commit_p50_s']) for one in groups] == [
        ('LEADER', 0.001),
        ('FOLLOWER', None),
    ]


def test_without_a_simulator_nothing_is_injected(start):
    result = start()('inject', 'g1_1', 'push')
    assert result.returncode == 1
    assert 'no simulator was found' in result.stderr


def test_a_domain_without_robots_is_status_3(start):
    result = start()('status', ROS_DOMAIN_ID='99')
    assert result.returncode == 3
    assert result.stderr.startswith('muster: ROS domain 99: no robot was heard')

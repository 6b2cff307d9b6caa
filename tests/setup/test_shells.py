"""What a person meets: the activated shell, a shell with another ROS 2, `make help`, and CI's
report.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from bootstrap import interpreter, ros_installation
from bootstrap.environment import with_prefix

CLOSING = '=========== 12 passed, 3 deselected in 4.56s (0:00:04) ==========='


def test_activating_sets_the_prefix_and_leaving_unsets_it(tmp_path: Path) -> None:
    venv.create(tmp_path / 'env', with_pip=False)
    activate = tmp_path / 'env/bin/activate'
    activate.write_text(with_prefix(activate.read_text()))
    show = 'echo "${AMENT_PREFIX_PATH-unset}"'
    script = f'. {activate}; {show}; deactivate; {show}'
    output = subprocess.check_output(['sh', '-euc', script], text=True, env={'PATH': os.defpath})
    assert output.splitlines() == [str(tmp_path / 'env'), 'unset']


@pytest.mark.parametrize('distro', ['jazzy', 'kilted', 'rolling'])
def test_with_ros_sourced_the_commands_to_build_with_it_are_told(distro: str) -> None:
    advice = ros_installation.advice({'ROS_DISTRO': distro, 'ROS_VERSION': '2'})
    assert advice is not None
    for words in (distro, 'cd ros2_ws && colcon build', 'ros2 launch muster team.launch.py'):
        assert words in advice


@pytest.mark.parametrize(('distro', 'version'), [('humble', '2'), ('iron', '2'), ('noetic', '1')])
def test_an_old_ros_is_told_to_be_too_old(distro: str, version: str) -> None:
    advice = ros_installation.advice({'ROS_DISTRO': distro, 'ROS_VERSION': version})
    assert advice is not None
    assert 'jazzy or later' in advice
    assert 'colcon build' not in advice


def test_without_ros_or_by_request_the_wheels_are_used() -> None:
    assert ros_installation.advice({}) is None
    assert ros_installation.advice({'ROS_DISTRO': 'jazzy', 'MUSTER_USE_WHEELS': '1'}) is None


def test_the_set_up_stops_at_once_where_ros_is_sourced(repository: Path) -> None:
    finished = subprocess.run(
        [sys.executable, '-I', '-B', repository / 'tools/bootstrap'],
        env={**os.environ, 'ROS_DISTRO': 'kilted'},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 3
    assert 'colcon build' in finished.stderr
    assert finished.stdout == ''


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


def test_a_complete_python_with_wheels_for_all_is_preferred(tmp_path: Path) -> None:
    executable(tmp_path / 'broken/python3.11', '#!/bin/sh\nexit 1\n')
    executable(tmp_path / 'whole/python3.10', '#!/bin/sh\nexit 0\n')
    path = os.pathsep.join([str(tmp_path / 'broken'), str(tmp_path / 'whole')])
    found = interpreter.find_complete(path, interpreter.WHEELS_FOR_ALL)
    assert found == str(tmp_path / 'whole/python3.10')
    assert interpreter.find_complete(str(tmp_path / 'broken'), interpreter.WHEELS_FOR_ALL) is None


def test_an_environment_that_exists_keeps_its_python(tmp_path: Path) -> None:
    python = executable(tmp_path / 'python3.12', '')
    (tmp_path / '.venv/bin').mkdir(parents=True)
    (tmp_path / '.venv/setup').mkdir()
    (tmp_path / '.venv/bin/python').symlink_to(python)
    assert interpreter.choose(str(tmp_path), '') == str(python)


def test_make_lists_every_target_with_what_it_is_for(repository: Path) -> None:
    makefile = (repository / 'Makefile').read_text()
    phony = re.search(r'^\.PHONY: (.*)$', makefile, flags=re.MULTILINE)
    assert phony is not None
    targets = set(phony[1].split()) - {'ready'}
    listed = subprocess.check_output(['make', '-C', repository, 'help'], text=True)
    assert set(re.findall(r'^  make ([a-z-]+) +\S', listed, flags=re.MULTILINE)) == targets


@pytest.mark.parametrize(
    ('failing', 'status', 'last'),
    [('', 0, 'test'), ('test', 1, 'test'), ('test-slow', 1, 'test-slow')],
)
def test_ci_ends_with_the_closing_line_that_counts(
    repository: Path, tmp_path: Path, failing: str, status: int, last: str
) -> None:
    shutil.copytree(repository / '.ci', tmp_path / '.ci')
    make = f'echo "{CLOSING}" | sed "s/ 4.56s/ 4.56s $1/"; echo "more"; test "$1" != "{failing}"'
    executable(tmp_path / 'bin/make', f'#!/bin/sh\n{make}\n')
    finished = subprocess.run(
        [tmp_path / '.ci/run'],
        env={'PATH': f'{tmp_path}/bin:{os.environ["PATH"]}'},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == status
    assert finished.stdout.splitlines()[-1] == CLOSING.replace('4.56s', f'4.56s {last}')

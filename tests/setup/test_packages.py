"""The lock, and how the index that pip is configured for reaches uv."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from bootstrap import lock, packages
from bootstrap.clone import Clone
from bootstrap.command import CommandFailedError, Runner
from bootstrap.environment import half_filled
from bootstrap.packages import uv_variables
from bootstrap.surroundings import variables

LOCK = """\
# made by hand
numpy==2.2.6 ; python_full_version < '3.11' \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via -r run.in
numpy==2.4.6 ; python_full_version >= '3.11' \\
    --hash=sha256:ba
    # via
    #   -r run.in
    #   scipy
uv==0.13.8 \\
    --hash=sha256:ca
"""


def test_a_package_is_taken_from_the_lock_with_its_hashes_and_markers() -> None:
    assert lock.select(LOCK, ['uv']) == 'uv==0.13.8 \\\n    --hash=sha256:ca\n'
    chosen = lock.select(LOCK, ['numpy'])
    assert [line for line in chosen.splitlines() if line.startswith('numpy')] == [
        "numpy==2.2.6 ; python_full_version < '3.11' \\",
        "numpy==2.4.6 ; python_full_version >= '3.11' \\",
    ]
    assert re.findall('sha256:(..)', chosen) == ['aa', 'ab', 'ba']


def test_a_package_that_is_not_locked_is_named() -> None:
    with pytest.raises(KeyError, match='no torch'):
        lock.select(LOCK, ['torch'])


@pytest.mark.parametrize('name', lock.FILES)
def test_every_locked_package_has_a_hash_and_no_address(repository: Path, name: str) -> None:
    text = (repository / name).read_text()
    packages = re.findall(r'^([a-z0-9._-]+)==', text, flags=re.MULTILINE | re.IGNORECASE)
    assert packages
    for package in set(packages):
        assert '--hash=sha256:' in lock.select(text, [package])
    assert '://' not in text


def test_the_lock_holds_what_the_set_up_itself_relies_on(repository: Path) -> None:
    assert lock.select(lock.read(str(repository)), ['uv', lock.SMALLEST, 'setuptools'])


def test_the_configuration_of_pip_is_told_to_uv() -> None:
    configuration = [
        ":env:.index-url='https://mirror.example/simple'",
        ":env:.disable-pip-version-check='1'",
        "global.cert='/etc/ssl/own.pem'",
        "global.index-url='https://other.example/simple'",
        "global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'",
        "install.find-links='/wheels /more'",
        "freeze.timeout='10'",
    ]
    assert uv_variables(configuration) == {
        'UV_DEFAULT_INDEX': 'https://mirror.example/simple',
        'UV_INDEX': 'https://one.example/simple https://two.example/simple',
        'UV_FIND_LINKS': '/wheels,/more',
        'SSL_CERT_FILE': '/etc/ssl/own.pem',
    }


def test_programs_of_the_set_up_see_no_other_ros_and_no_other_environment(
    clone: Clone, tmp_path: Path
) -> None:
    other = tmp_path / 'other'
    other.mkdir()
    (other / 'librcl.so').touch()
    found = variables(
        clone,
        {
            'PATH': '/usr/bin',
            'HOME': '/home/somebody',
            'PYTHONPATH': '/opt/ros/jazzy/lib/python3.12/site-packages',
            'AMENT_PREFIX_PATH': '/opt/ros/jazzy',
            'ROS_DISTRO': 'jazzy',
            'LD_LIBRARY_PATH': f'{other}:/opt/compiler/lib',
            '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1',
            'MAKEFLAGS': 'n -j --jobserver-auth=3,4',
            'PIP_USER': '1',
        },
    )
    assert found['HOME'] == '/home/somebody'
    assert found['PATH'] == f'{clone.environment}/bin:/usr/bin'
    assert found['AMENT_PREFIX_PATH'] == str(clone.environment)
    assert found['LD_LIBRARY_PATH'] == '/opt/compiler/lib'
    assert 'jobserver' not in found['MAKEFLAGS']
    assert not {'PYTHONPATH', 'ROS_DISTRO', '_ROS_WHEELS_BOOTSTRAP_COMPLETE', 'PIP_USER'} & set(
        found
    )


class RecordingRunner(Runner):
    """Runs nothing; programs whose name is in `failing` fail."""

    def __init__(self, clone: Clone, failing: set[str]) -> None:
        self.variables = {}
        self.ran: list[str] = []
        self.notes: list[str] = []
        self._clone = clone
        self._failing = failing

    def run(self, command: Sequence[str | Path], cwd: Path, **variables: str) -> None:
        assert half_filled(self._clone).exists()
        assert '--require-hashes' in command
        name = Path(command[0]).name
        self.ran.append(name)
        if name in self._failing:
            raise CommandFailedError([name], 2)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def locked_clone(clone: Clone, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    clone.state.mkdir(parents=True)
    (clone.root / 'requirements').symlink_to(repository / 'requirements')
    monkeypatch.setattr(packages, 'pip_configuration', lambda clone, runner: '')
    return clone


@pytest.mark.parametrize(
    ('failing', 'ran'), [(set(), ['python', 'uv']), ({'uv'}, ['python', 'uv', 'python'])]
)
def test_pip_does_what_uv_cannot(locked_clone: Clone, failing: set[str], ran: list[str]) -> None:
    runner = RecordingRunner(locked_clone, failing)
    packages.install(locked_clone, runner)
    assert runner.ran == ran
    assert bool(runner.notes) == bool(failing)
    assert not half_filled(locked_clone).exists()


def test_packages_that_nothing_could_install_leave_a_mark(locked_clone: Clone) -> None:
    with pytest.raises(CommandFailedError):
        packages.install(locked_clone, RecordingRunner(locked_clone, {'python'}))
    assert half_filled(locked_clone).exists()

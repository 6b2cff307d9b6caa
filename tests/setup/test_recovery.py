"""What an interrupted attempt left in the environment does not stop or mislead the next one."""

from __future__ import annotations

from pathlib import Path

import pytest
from bootstrap import environment, sources
from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.setup import set_up
from bootstrap.stage import Stage


@pytest.fixture
def packages(clone: Clone) -> Path:
    """The folder for packages of an environment that holds a Python."""
    python = clone.program('python')
    python.parent.mkdir(parents=True)
    python.write_text('')
    python.chmod(0o755)
    clone.state.mkdir()
    folder = clone.environment / 'lib/python3.11/site-packages'
    folder.mkdir(parents=True)
    return folder


def test_an_environment_whose_packages_were_cut_off_is_not_intact(
    clone: Clone, packages: Path
) -> None:
    assert environment.is_intact(clone)
    environment.half_filled(clone).touch()
    assert not environment.is_intact(clone)


def test_an_environment_without_its_python_is_not_intact(clone: Clone, packages: Path) -> None:
    clone.program('python').unlink()
    clone.program('python').symlink_to('/usr/bin/a-python-that-was-removed')
    assert not environment.is_intact(clone)


def test_emptying_an_environment_leaves_the_state_and_what_links_lead_to(
    clone: Clone, packages: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / 'elsewhere'
    elsewhere.mkdir()
    (elsewhere / 'precious').touch()
    (clone.environment / 'lib64').symlink_to(elsewhere)
    (clone.state / 'environment.log').touch()
    environment.empty(clone)
    assert [path.name for path in clone.environment.iterdir()] == ['setup']
    assert (clone.state / 'environment.log').exists()
    assert (elsewhere / 'precious').exists()


def test_only_records_of_the_clones_own_packages_are_removed(clone: Clone, packages: Path) -> None:
    names = ['muster-0.1.0.dist-info', 'muster_sim-0.1.0.dist-info', '~uster-0.1.0.dist-info']
    others = ['muster_msgs', 'muster_msgs-0.1.0-py3.11.egg-info', 'rclpy-9.1.0.dist-info']
    for name in names + others:
        (packages / name).mkdir()
    sources.remove_traces(clone)
    assert sorted(path.name for path in packages.iterdir()) == sorted(others)


def test_a_program_that_does_not_start_is_named(
    clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    def act(clone: Clone, runner: Runner) -> None:
        runner.run([clone.program('uv'), 'pip', 'install'], clone.root)

    stage = Stage(name='a', doing='Doing a', act=act, inputs=lambda clone: '')
    assert set_up(str(clone.root), [stage]) == 1
    error = capsys.readouterr().err
    assert 'uv failed (exit status 127)' in error
    assert '.venv/bin/uv does not start: No such file or directory' in error

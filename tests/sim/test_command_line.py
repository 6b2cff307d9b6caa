"""`muster_sim` tells mistakes in a sentence, and leaves nothing running."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name('muster_sim'))


def _run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *options],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, 'DISPLAY': '', **environment},
    )


def test_help_names_every_option() -> None:
    told = _run('--help').stdout
    for option in ('--team', '--world', '--seed', '--rate', '--gui', '--hoist-after'):
        assert option in told


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        (('--team', 'atlantis'), "no file 'atlantis'; shipped with muster: "),
        (('--team', 'warehouse', '--world', 'moon'), "no file 'moon'; shipped with muster: "),
        (('--team', 'warehouse', '--gui'), 'DISPLAY is not set'),
        (('--team', 'warehouse', '--rate', '-1'), '-1'),
        ((), "Missing option '--team'"),
    ],
)
def test_mistakes_are_told_without_a_traceback(options: tuple[str, ...], says: str) -> None:
    run = _run(*options)
    assert run.returncode == 2
    assert says in run.stderr
    assert 'Traceback' not in run.stderr


def test_a_robot_that_starts_inside_a_shelf_is_told(tmp_path: Path) -> None:
    team = tmp_path / 'team.yaml'
    team.write_text(
        'team: two\nworld: warehouse\nskills: {}\nrobots:\n'
        '  - {name: good, squad: alpha, start: [0.2, 0.0, 0.0]}\n'
        '  - {name: bad, squad: alpha, start: [2.6, 1.7, 0.0]}\n'
    )
    run = _run('--team', str(team))
    assert run.returncode == 2
    assert 'bad starts at (2.6, 1.7), which leaves no room beside shelf_b' in run.stderr


def test_a_missing_package_is_named_with_the_remedy(tmp_path: Path) -> None:
    program = (
        'import sys\n'
        'import importlib.util as util\n'
        'real = util.find_spec\n'
        'util.find_spec = lambda name, *more: None if name == "pybullet" else real(name, *more)\n'
        'sys.argv = ["muster_sim", "--team", "warehouse"]\n'
        'from muster_sim.main import main\n'
        'main()\n'
    )
    run = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 2
    assert "'pybullet' is not installed: run `make setup`" in run.stderr

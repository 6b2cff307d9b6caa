"""The virtual environment itself."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.stage import Stage

PREFIX_LINES = """
# The ROS 2 wheels live in this environment: colcon, CMake and ament find them by this.
AMENT_PREFIX_PATH="$VIRTUAL_ENV"
export AMENT_PREFIX_PATH
"""
LEAVING = '    unset VIRTUAL_ENV\n'
"""In `activate`, the line of `deactivate` beside which the above is undone."""


def make(clone: Clone, runner: Runner) -> None:
    """Make the environment from nothing: the rest of an interrupted attempt is of no use."""
    empty(clone)
    runner.run([base_python(), '-I', '-m', 'venv', clone.environment], clone.root)
    activate = clone.program('activate')
    activate.write_text(with_prefix(activate.read_text()))
    half_filled(clone).unlink(missing_ok=True)


def half_filled(clone: Clone) -> Path:
    """A file that exists while packages are being installed.

    A package whose installation was cut off looks installed, and pip cannot remove it: such an
    environment is made anew.
    """
    return clone.state / 'half-filled'


def empty(clone: Clone) -> None:
    """Remove all but our own state, which holds the log of what is going on."""
    if clone.environment.is_symlink():
        clone.environment.unlink()
    clone.state.mkdir(parents=True, exist_ok=True)
    for entry in clone.environment.iterdir():
        if entry == clone.state:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def with_prefix(activate: str) -> str:
    """`activate` for sh, extended to set AMENT_PREFIX_PATH, and to unset it on leaving."""
    leaving = LEAVING + '    unset AMENT_PREFIX_PATH\n'
    return activate.replace(LEAVING, leaving, 1) + PREFIX_LINES


def base_python() -> str:
    return os.path.realpath(sys.executable)


def inputs(clone: Clone) -> str:
    return f'{base_python()} {sys.version} {clone.environment}'


def is_intact(clone: Clone) -> bool:
    is_filled = not half_filled(clone).exists()
    return is_filled and os.access(clone.program('python'), os.X_OK)


STAGE = Stage(
    name='environment',
    doing='Making the virtual environment .venv with Python {}.{}.{}'.format(*sys.version_info),
    act=make,
    inputs=inputs,
    checks=('platform', 'libc', 'python', 'venv', 'disk'),
    is_intact=is_intact,
)

"""Repairs the CMake files of the ROS 2 wheels.

Their exported targets name the include folders of the Python and the numpy on the machine that
built them. Nothing can be compiled against the wheels until these name the folders of this
environment.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.stage import Stage

BUILDER = r'/opt/python/cp\d+-cp\d+t?'
"""Where manylinux images keep their Pythons."""
PYTHON_INCLUDE = re.compile(BUILDER + r'/include/python\d+\.\d+')
NUMPY_INCLUDE = re.compile(BUILDER + r'/lib/python\d+\.\d+/site-packages/numpy/_?core/include')
EXPORTS = 'share/*/cmake/*Export*.cmake'


def repair(clone: Clone, runner: Runner) -> None:
    python_include = sysconfig.get_path('include')
    numpy_include = find_numpy_include(clone.environment)
    repaired = [
        path
        for path in sorted(clone.environment.glob(EXPORTS))
        if repair_file(path, python_include, numpy_include)
    ]
    runner.note(f'{len(repaired)} files repaired to name {python_include} and {numpy_include}')


def repair_file(path: Path, python_include: str, numpy_include: str) -> bool:
    """Repair a file; whether it needed it.

    The file is replaced, not written to: uv makes it by a hard link into its cache, which other
    environments share.
    """
    text = path.read_text()
    new = repaired(text, python_include, numpy_include)
    if new == text:
        return False
    beside = path.with_name(path.name + '.new')
    beside.write_text(new)
    beside.replace(path)
    return True


def repaired(text: str, python_include: str, numpy_include: str) -> str:
    for pattern, folder in ((NUMPY_INCLUDE, numpy_include), (PYTHON_INCLUDE, python_include)):
        text = pattern.sub(folder.replace('\\', r'\\'), text)
    return text


def find_numpy_include(environment: Path) -> str:
    """numpy 2 keeps its headers in another place than numpy 1."""
    for folder in candidates(environment):
        if (folder / 'numpy').is_dir():
            return str(folder)
    raise FileNotFoundError(f'no numpy headers beneath {environment}')


def candidates(environment: Path) -> Iterator[Path]:
    for name in ('_core', 'core'):
        yield from environment.glob(f'lib/python3.*/site-packages/numpy/{name}/include')


def inputs(clone: Clone) -> str:
    return sysconfig.get_path('include')


STAGE = Stage(
    name='exports',
    doing="Repairing the wheels' CMake files",
    act=repair,
    inputs=inputs,
    after=('packages',),
)

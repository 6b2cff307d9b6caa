"""Which Python the virtual environment is made from.

The wheels of ROS 2 exist for CPython 3.10 to 3.14, those of PyBullet for 3.10 and 3.11 only: a
later Python has to compile it, which takes minutes, so an older one on the PATH is preferred as
long as nothing is built. An environment that exists decides for itself: whichever `python3` is
first on the PATH today, it stays.

Runs on Python 3.6 (see `__main__`).
"""

import os
import subprocess
import sys
from typing import Optional, Sequence, Tuple

OLDEST = (3, 10)
NEWEST = (3, 14)
WHEELS_FOR_ALL = ((3, 11), (3, 10))
"""Versions for which every dependency comes as a wheel, best first."""

COMPLETE = (
    'import ensurepip, os, sys, sysconfig, venv; '
    'header = os.path.join(sysconfig.get_path("include"), "Python.h"); '
    'ok = os.path.exists(header) and sys.implementation.name == "cpython"; '
    'sys.exit(not (ok and sys.argv[1] == "%d.%d" % sys.version_info[:2]))'
)
"""Succeeds on a Python of the wanted version that can make environments and build extensions."""


def is_supported(version: Sequence[int]) -> bool:
    return OLDEST <= tuple(version[:2]) <= NEWEST


def is_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def choose(root: str, path: str) -> Optional[str]:
    """Executable to go on with, or None if no Python that will do is to be found.

    `path` is a PATH: folders that may hold other Pythons.
    """
    environment = os.path.join(root, '.venv', 'bin', 'python')
    if os.path.isdir(os.path.join(root, '.venv', 'setup')) and os.path.exists(environment):
        return os.path.realpath(environment)
    here = base_executable()
    if sys.version_info[:2] in WHEELS_FOR_ALL:
        return here
    found = find_complete(path, WHEELS_FOR_ALL)
    if found is None and is_supported(sys.version_info[:2]):
        return here
    return found or find_complete(path, [(3, minor) for minor in range(12, NEWEST[1] + 1)])


def base_executable() -> str:
    """This Python outside any virtual environment: ours may be about to be replaced."""
    if sys.prefix == sys.base_prefix:
        return sys.executable
    return getattr(sys, '_base_executable', None) or os.path.realpath(sys.executable)


def find_complete(path: str, versions: Sequence[Tuple[int, int]]) -> Optional[str]:
    """First executable `pythonX.Y` on a PATH that starts, has venv and has its headers."""
    for major, minor in versions:
        for folder in path.split(os.pathsep):
            version = f'{major}.{minor}'
            candidate = os.path.join(folder, 'python' + version)
            if os.access(candidate, os.X_OK) and is_complete(candidate, version):
                return candidate
    return None


def is_complete(executable: str, version: str) -> bool:
    try:
        finished = subprocess.run(
            [executable, '-I', '-c', COMPLETE, version],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return finished.returncode == 0

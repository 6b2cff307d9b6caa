"""What a machine must have before anything is installed, and the command that mends each lack.

All checks run, and all that is missing is told at once. A check is a function of the machine that
returns a `Problem` or None; `CHECKS` names them, so that each stage of the set-up can say which it
relies on.

Runs on Python 3.6 (see `__main__`).
"""

import os
import re
import tempfile
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from bootstrap import interpreter, lock
from bootstrap.machine import Machine

OLDEST_GLIBC = (2, 28)
"""The wheels are built for manylinux_2_28."""
OLDEST_CMAKE = (3, 20)
BROKEN_CONNECTION = r"connection broken by '(?:.*?>: )?(.+?)(?:'\))?': /"
"""What pip says about a connection that it tries again."""
DISK_BYTES = 3 * 10**9
"""The environment takes 1.3 GB, the package caches about as much again."""


class Problem(NamedTuple):
    what: str
    found: str
    mend: str
    packages: str = ''
    """Of the system, if installing them mends it."""


INSTALL = {
    'apt-get': 'apt-get install -y {}',
    'dnf': 'dnf install -y {}',
    'zypper': 'zypper install -y {}',
    'pacman': 'pacman -S --needed {}',
}
PACKAGES: Dict[str, Dict[str, str]] = {
    'cmake': {'apt-get': 'cmake', 'dnf': 'cmake', 'zypper': 'cmake', 'pacman': 'cmake'},
    'compiler': {'apt-get': 'g++', 'dnf': 'gcc-c++', 'zypper': 'gcc-c++', 'pacman': 'gcc'},
    'venv': {
        'apt-get': 'python{0}.{1}-venv',
        'dnf': 'python3-libs',
        'zypper': 'python3-base',
        'pacman': 'python',
    },
    'headers': {
        'apt-get': 'python{0}.{1}-dev',
        'dnf': 'python3-devel',
        'zypper': 'python3-devel',
        'pacman': 'python',
    },
}


def find(machine: Machine, root: str, names: Iterable[str]) -> List[Problem]:
    """Problems of the named checks, in the order of `CHECKS`."""
    wanted = set(names)
    found = [check(machine, root) for name, check in CHECKS.items() if name in wanted]
    return [problem for problem in found if problem is not None]


def report(problems: List[Problem], machine: Machine) -> str:
    """Text for a person: each problem with what was found and what mends it."""
    count = '1 thing is' if len(problems) == 1 else f'{len(problems)} things are'
    lines = [f'Nothing was installed: {count} missing on this machine.']
    for problem in problems:
        lines += ['', f'  {problem.what}: {problem.found}', '    mend: ' + problem.mend]
    packages = [problem.packages for problem in problems if problem.packages]
    if len(packages) > 1:
        lines += ['', 'In one go: ' + install(machine, ' '.join(packages))]
    return '\n'.join([*lines, '', 'Then run the same command again.'])


def check_platform(machine: Machine, root: str) -> Optional[Problem]:
    if machine.system == 'Linux' and machine.architecture in ('x86_64', 'AMD64'):
        return None
    return Problem(
        'Linux on x86-64',
        f'this is {machine.system} on {machine.architecture}',
        'use a Linux x86-64 machine, virtual machine or container; or install ROS 2 (Jazzy or '
        'later), source its setup file, and build with `cd ros2_ws && colcon build`',
    )


def check_libc(machine: Machine, root: str) -> Optional[Problem]:
    name, version = machine.libc
    if machine.system != 'Linux' or (name == 'glibc' and numbers(version) >= OLDEST_GLIBC):
        return None
    return Problem(
        'glibc {}.{} or later'.format(*OLDEST_GLIBC),
        f'{name} {version}' if name else 'this system has another C library',
        'use a distribution with glibc, from 2019 or later (Debian 10, Ubuntu 20.04, Fedora 29)',
    )


def check_python(machine: Machine, root: str) -> Optional[Problem]:
    wanted = 'CPython {}.{} to {}.{}'.format(*(interpreter.OLDEST + interpreter.NEWEST))
    is_cpython = machine.implementation == 'cpython' and machine.has_gil
    if interpreter.is_supported(machine.version) and is_cpython:
        return None
    kind = machine.implementation if machine.has_gil else 'free-threaded ' + machine.implementation
    apt_packages = 'python3.11 python3.11-venv python3.11-dev'
    packages = apt_packages if machine.which('apt-get') else 'python3.11'
    return Problem(
        wanted,
        '{} is {} {}'.format(machine.executable, kind, '.'.join(map(str, machine.version))),
        f'{install(machine, packages)}, then `make setup PYTHON=python3.11` (any of these '
        'versions does; 3.11 has wheels for everything)',
        packages,
    )


def check_venv(machine: Machine, root: str) -> Optional[Problem]:
    if not interpreter.is_supported(machine.version):
        return None  # of no use until the Python is another one
    missing = [name for name in ('venv', 'ensurepip') if not machine.has_module(name)]
    if not missing:
        return None
    found = '{} has no {}'.format(machine.executable, ' and no '.join(missing))
    return python_lacks(machine, "Python's venv module", found, 'venv')


def check_headers(machine: Machine, root: str) -> Optional[Problem]:
    header = os.path.join(machine.include, 'Python.h')
    if not interpreter.is_supported(machine.version) or machine.is_file(header):
        return None
    return python_lacks(machine, "Python's headers", f'{header} does not exist', 'headers')


def check_cmake(machine: Machine, root: str) -> Optional[Problem]:
    wanted = 'cmake {}.{} or later'.format(*OLDEST_CMAKE)
    cmake = machine.which('cmake')
    if cmake is None:
        return lacks(machine, wanted, 'not on the PATH', 'cmake')
    status, output = machine.run([cmake, '--version'])
    version = re.search(r'cmake version ([0-9.]+)', output)
    if status == 0 and version and numbers(version.group(1)) >= OLDEST_CMAKE:
        return None
    found = 'is ' + version.group(1) if version else 'does not start: ' + last_line(output)
    return lacks(machine, wanted, f'{cmake} {found}', 'cmake')


def check_compiler(machine: Machine, root: str) -> Optional[Problem]:
    for variable, names in (('CC', ('cc', 'gcc', 'clang')), ('CXX', ('c++', 'g++', 'clang++'))):
        chosen = machine.environ.get(variable)
        if chosen:
            if machine.which(chosen.split()[0]) is None:
                return Problem(
                    'a C and a C++ compiler',
                    f'{variable} is "{chosen}", which is not on the PATH',
                    f'unset {variable}, or set it to a compiler that exists',
                )
        elif not any(machine.which(name) for name in names):
            found = 'none of {} is on the PATH'.format(', '.join(names))
            return lacks(machine, 'a C and a C++ compiler', found, 'compiler')
    return None


def check_disk(machine: Machine, root: str) -> Optional[Problem]:
    free = machine.free_bytes(root)
    if free >= DISK_BYTES:
        return None
    return Problem(
        f'{DISK_BYTES / 1e9:.0f} GB of disk',
        f'{free / 1e9:.1f} GB are free in {root}',
        'make room there, or clone to another disk',
    )


def check_network(machine: Machine, root: str) -> Optional[Problem]:
    """Fetch a small package with pip: its index, proxy and certificates are what counts."""
    pip = machine.pip()
    if pip is None:
        return None  # told by check_venv
    with tempfile.TemporaryDirectory() as folder:
        requirements = os.path.join(folder, 'requirements.txt')
        with open(requirements, 'w') as file:
            file.write(lock.select(lock.read(root), [lock.SMALLEST]))
        status, output = machine.run(
            [
                *pip,
                *('download', '--quiet', '--no-deps', '--no-cache-dir', '--require-hashes'),
                *('--retries', '1', '--timeout', '20'),
                *('--dest', folder, '--requirement', requirements),
            ],
            PIP_REQUIRE_VIRTUALENV='0',
            PIP_NO_INPUT='1',
            PIP_DISABLE_PIP_VERSION_CHECK='1',
        )
    broken = re.search(BROKEN_CONNECTION, output)
    if status == 0 or (broken is None and not interpreter.is_supported(machine.version)):
        return None  # the pip of an old Python finds nothing for it there
    return Problem(
        'the package index',
        'pip cannot fetch a package: ' + (broken.group(1) if broken else last_line(output)),
        'connect to the network; behind a proxy, `export HTTPS_PROXY=...`; '
        'for an index of your own, `export PIP_INDEX_URL=...`',
    )


def lacks(machine: Machine, what: str, found: str, thing: str) -> Problem:
    """A problem that a package of the system mends."""
    program = package_program(machine) or 'apt-get'
    packages = PACKAGES[thing][program].format(*machine.version)
    return Problem(what, found, install(machine, packages), packages)


def python_lacks(machine: Machine, what: str, found: str, thing: str) -> Problem:
    """A problem with this Python: package managers complete their own only."""
    if machine.executable.startswith('/usr/bin/'):
        return lacks(machine, what, found, thing)
    mend = (
        f'install {machine.executable} anew, completely, or use another Python: '
        '`make setup PYTHON=/usr/bin/python3`'
    )
    return Problem(what, found, mend)


def install(machine: Machine, packages: str) -> str:
    """The command of this system that installs packages."""
    program = package_program(machine)
    if program is None:
        return f"install {packages} with this system's package manager"
    command = INSTALL[program].format(packages)
    return command if machine.is_root else 'sudo ' + command


def package_program(machine: Machine) -> Optional[str]:
    for program in INSTALL:
        if machine.which(program):
            return program
    return None


def numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r'\d+', version)[:2])


def last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else 'it says nothing'


CHECKS: Dict[str, Callable[[Machine, str], Optional[Problem]]] = {
    'platform': check_platform,
    'libc': check_libc,
    'python': check_python,
    'venv': check_venv,
    'headers': check_headers,
    'cmake': check_cmake,
    'compiler': check_compiler,
    'disk': check_disk,
    'network': check_network,
}

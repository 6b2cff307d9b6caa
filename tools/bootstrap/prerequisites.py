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
DISK_BYTES = 3 * 10**9
"""The environment takes 1.3 GB, the package caches about as much again."""


class Problem(NamedTuple):
    what: str
    found: str
    mend: str


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


def report(problems: List[Problem]) -> str:
    """Text for a person: each problem with what was found and what mends it."""
    count = '1 thing is' if len(problems) == 1 else f'{len(problems)} things are'
    lines = [f'Nothing was installed: {count} missing on this machine.']
    for problem in problems:
        lines += ['', f'  {problem.what}: {problem.found}', '    mend: ' + problem.mend]
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
    return Problem(
        wanted,
        '{} is {} {}, and no other was found on the PATH'.format(
            machine.executable, kind, '.'.join(map(str, machine.version))
        ),
        'install one (3.11 has wheels for everything) with its venv module and headers, as by '
        '`{}`, and run `make setup PYTHON=python3.11`'.format(
            install(machine, 'python3.11 python3.11-venv python3.11-dev', 'apt-get')
            if machine.which('apt-get')
            else install_any(machine, 'python3.11')
        ),
    )


def check_venv(machine: Machine, root: str) -> Optional[Problem]:
    if not interpreter.is_supported(machine.version):
        return None  # of no use until the Python is another one
    missing = [name for name in ('venv', 'ensurepip') if not machine.has_module(name)]
    if not missing:
        return None
    return Problem(
        "Python's venv module",
        '{} has no {}'.format(machine.executable, ' and no '.join(missing)),
        of_this_python(machine, 'venv'),
    )


def check_headers(machine: Machine, root: str) -> Optional[Problem]:
    header = os.path.join(machine.include, 'Python.h')
    if not interpreter.is_supported(machine.version) or machine.is_file(header):
        return None
    return Problem(
        "Python's headers",
        f'{header} does not exist',
        of_this_python(machine, 'headers'),
    )


def check_cmake(machine: Machine, root: str) -> Optional[Problem]:
    wanted = 'cmake {}.{} or later'.format(*OLDEST_CMAKE)
    cmake = machine.which('cmake')
    if cmake is None:
        return Problem(wanted, 'not on the PATH', install_package(machine, 'cmake'))
    status, output = machine.run([cmake, '--version'])
    version = re.search(r'cmake version ([0-9.]+)', output)
    if status == 0 and version and numbers(version.group(1)) >= OLDEST_CMAKE:
        return None
    found = 'is ' + version.group(1) if version else 'does not start: ' + last_line(output)
    return Problem(wanted, f'{cmake} {found}', install_package(machine, 'cmake'))


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
            return Problem(
                'a C and a C++ compiler',
                'none of {} is on the PATH'.format(', '.join(names)),
                install_package(machine, 'compiler'),
            )
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
    if status == 0:
        return None
    return Problem(
        'the package index',
        'pip cannot fetch a package: ' + last_line(output),
        'connect to the network; behind a proxy, `export HTTPS_PROXY=...`; '
        'for an index of your own, `export PIP_INDEX_URL=...`',
    )


def install(machine: Machine, packages: str, program: str) -> str:
    command = INSTALL[program].format(packages)
    return command if machine.is_root else 'sudo ' + command


def install_any(machine: Machine, packages: str) -> str:
    for program in INSTALL:
        if machine.which(program):
            return install(machine, packages, program)
    return f"install {packages} with this system's package manager"


def install_package(machine: Machine, thing: str) -> str:
    for program in INSTALL:
        if machine.which(program):
            packages = PACKAGES[thing][program].format(*machine.version)
            return install(machine, packages, program)
    return "install {} with this system's package manager".format(PACKAGES[thing]['apt-get'])


def of_this_python(machine: Machine, thing: str) -> str:
    """Package managers complete their own Python only."""
    if machine.executable.startswith('/usr/bin/'):
        return install_package(machine, thing)
    return (
        f'install {machine.executable} anew, completely, or use another Python: '
        '`make setup PYTHON=/usr/bin/python3`'
    )


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

"""What is missing on a machine is found all together, and named with the command that mends it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest
from bootstrap import prerequisites
from bootstrap.machine import Machine
from bootstrap.setup import STAGES

OLD_PYTHON = (
    *('__init__', '__main__', 'interpreter', 'lock'),
    *('machine', 'prerequisites', 'ros_installation'),
)
"""Modules that run before the Python is known to be a recent one."""


class DoctoredMachine(Machine):
    """A complete Debian machine, from which tests take things away."""

    def __init__(self) -> None:
        self.environ = {}
        self.system = 'Linux'
        self.architecture = 'x86_64'
        self.libc = ('glibc', '2.36')
        self.is_root = False
        self.executable = '/usr/bin/python3'
        self.implementation = 'cpython'
        self.version = (3, 11, 2)
        self.has_gil = True
        self.include = '/usr/include/python3.11'
        self.programs = {'apt-get', 'cmake', 'cc', 'c++'}
        self.modules = {'venv', 'ensurepip', 'pip'}
        self.files = {'/usr/include/python3.11/Python.h'}
        self.free = 10**11
        self.cmake_version = '3.25.1'
        self.network = (0, '')
        self.commands: list[Sequence[str]] = []

    def which(self, name: str) -> str | None:
        return f'/usr/bin/{name}' if name in self.programs else None

    def has_module(self, name: str) -> bool:
        return name in self.modules

    def is_file(self, path: str) -> bool:
        return path in self.files

    def free_bytes(self, folder: str) -> int:
        return self.free

    def run(self, command: Sequence[str], **variables: str) -> tuple[int, str]:
        self.commands.append(command)
        if command[0].endswith('cmake'):
            return 0, f'cmake version {self.cmake_version}\n\nCMake suite maintained by Kitware\n'
        return self.network


@pytest.fixture
def machine() -> DoctoredMachine:
    return DoctoredMachine()


def find(machine: Machine, root: Path) -> list[prerequisites.Problem]:
    return prerequisites.find(machine, str(root), prerequisites.CHECKS)


def only(problems: list[prerequisites.Problem]) -> prerequisites.Problem:
    assert len(problems) == 1
    return problems[0]


def test_a_complete_machine_lacks_nothing(machine: DoctoredMachine, repository: Path) -> None:
    assert find(machine, repository) == []
    assert any('download' in command for command in machine.commands)


def test_all_that_is_missing_is_told_at_once(machine: DoctoredMachine, repository: Path) -> None:
    machine.programs = {'apt-get'}
    machine.modules = {'venv', 'pip'}
    machine.files = set()
    machine.free = 10**8
    machine.network = (1, 'ERROR: No matching distribution found for pluggy\n')
    problems = find(machine, repository)
    assert [problem.mend for problem in problems[:4]] == [
        'sudo apt-get install -y python3.11-venv',
        'sudo apt-get install -y python3.11-dev',
        'sudo apt-get install -y cmake',
        'sudo apt-get install -y g++',
    ]
    report = prerequisites.report(problems, machine)
    assert 'Nothing was installed: 6 things are missing' in report
    for word in ('ensurepip', 'Python.h', 'cmake', 'compiler', 'GB', 'No matching distribution'):
        assert word in report
    together = 'sudo apt-get install -y python3.11-venv python3.11-dev cmake g++'
    assert f'In one go: {together}' in report


@pytest.mark.parametrize(
    ('program', 'mend'),
    [
        ('apt-get', 'apt-get install -y cmake'),
        ('dnf', 'dnf install -y cmake'),
        ('pacman', 'pacman -S --needed cmake'),
        ('emerge', "install cmake with this system's package manager"),
    ],
)
def test_the_mending_command_is_that_of_the_system(
    machine: DoctoredMachine, repository: Path, program: str, mend: str
) -> None:
    machine.is_root = True
    machine.programs = {program, 'cc', 'c++'}
    assert only(find(machine, repository)).mend == mend


@pytest.mark.parametrize('version', ['3.19.9', '2.8.12'])
def test_an_old_cmake_is_named_with_its_version(
    machine: DoctoredMachine, repository: Path, version: str
) -> None:
    machine.cmake_version = version
    assert version in only(find(machine, repository)).found


def test_compilers_may_be_chosen_by_variables(machine: DoctoredMachine, repository: Path) -> None:
    machine.programs = {'apt-get', 'cmake', 'clang-16'}
    machine.environ = {'CC': 'clang-16', 'CXX': 'clang-16 --driver-mode=g++'}
    assert find(machine, repository) == []
    machine.environ['CXX'] = 'icpc'
    assert 'CXX is "icpc"' in only(find(machine, repository)).found


@pytest.mark.parametrize('version', [(3, 6, 15), (3, 9, 18), (3, 15, 0), (2, 7, 18)])
def test_a_python_without_wheels_is_named_once(
    machine: DoctoredMachine, repository: Path, version: tuple[int, int, int]
) -> None:
    machine.version = version
    machine.modules = set()
    machine.files = set()
    machine.network = (1, "pluggy requires Python '>=3.9'")
    problem = only(find(machine, repository))
    assert problem.what == 'CPython 3.10 to 3.14'
    assert '.'.join(map(str, version)) in problem.found
    assert 'PYTHON=python3.11' in problem.mend


def test_other_pythons_are_named(machine: DoctoredMachine, repository: Path) -> None:
    machine.implementation = 'pypy'
    assert 'pypy' in only(find(machine, repository)).found
    machine.implementation, machine.has_gil = 'cpython', False
    assert 'free-threaded' in only(find(machine, repository)).found


def test_a_python_that_no_package_manager_installed_is_mended_otherwise(
    machine: DoctoredMachine, repository: Path
) -> None:
    machine.executable = '/opt/own/bin/python3'
    machine.files = set()
    assert 'apt-get' not in only(find(machine, repository)).mend


@pytest.mark.parametrize(
    ('attribute', 'value', 'found'),
    [
        ('system', 'Darwin', 'Darwin on x86_64'),
        ('architecture', 'aarch64', 'Linux on aarch64'),
        ('libc', ('glibc', '2.17'), 'glibc 2.17'),
        ('libc', ('', ''), 'another C library'),
    ],
)
def test_another_platform_is_named(
    machine: DoctoredMachine, repository: Path, attribute: str, value: object, found: str
) -> None:
    setattr(machine, attribute, value)
    assert found in only(find(machine, repository)).found


@pytest.mark.parametrize(
    ('said', 'told'),
    [
        (
            "'NewConnectionError('<pip.HTTPSConnection object at 0x7f>: No route')': /simple/",
            'No route',
        ),
        (
            "'SSLError(SSLCertVerificationError(1, 'expired'))': /simple/",
            "SSLError(SSLCertVerificationError(1, 'expired'))",
        ),
    ],
)
@pytest.mark.parametrize('version', [(3, 11, 2), (3, 6, 15)])
def test_the_reason_why_the_index_is_out_of_reach_is_told(
    machine: DoctoredMachine, repository: Path, version: tuple[int, int, int], said: str, told: str
) -> None:
    machine.version = version
    warning = f'WARNING: Retrying (Retry(total=0)) after connection broken by {said}pluggy/'
    machine.network = (1, f'{warning}\nERROR: No matching distribution found for pluggy\n')
    problem = find(machine, repository)[-1]
    assert problem.what == 'the package index'
    assert problem.found.endswith(told)


def test_only_what_the_stages_to_come_ask_for_is_checked(
    machine: DoctoredMachine, repository: Path
) -> None:
    machine.network = (1, 'no route to host')
    names = ['cmake', 'compiler']
    assert prerequisites.find(machine, str(repository), names) == []
    assert all('download' not in command for command in machine.commands)


def test_every_check_belongs_to_a_stage_and_exists() -> None:
    asked = {name for stage in STAGES for name in stage.checks}
    assert asked == set(prerequisites.CHECKS)


def test_this_machine_answers_every_question(repository: Path) -> None:
    machine = Machine()
    assert machine.version >= (3, 10)
    assert machine.free_bytes(str(repository)) > 0
    assert machine.run(['sh', '-c', 'echo $A; exit 3'], A='told') == (3, 'told\n')
    assert machine.run(['/does/not/exist'])[0] == 1
    assert machine.pip() is not None


@pytest.mark.parametrize('module', OLD_PYTHON)
def test_what_an_old_python_runs_parses_there(repository: Path, module: str) -> None:
    source = (repository / f'tools/bootstrap/{module}.py').read_text()
    tree = ast.parse(source, feature_version=(3, 6))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert '__future__' not in imported

"""The core decides and does nothing else: no clock, file, thread, socket or chance of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import muster.core

ROOT = Path(__file__).parents[2]
CORE = Path(muster.core.__file__).parent
MODULES = sorted(CORE.rglob('*.py'))

ALLOWED = {
    '__future__',
    'bisect',
    'collections',
    'contextlib',
    'contextvars',
    'dataclasses',
    'enum',
    'functools',
    'itertools',
    'math',
    'msgspec',
    'muster',
    'numba',
    'numpy',
    'random',
    'scipy',
    'types',
    'typing',
    'zlib',
}
FORBIDDEN_CALLS = {
    'open',
    'print',
    'input',
    'exec',
    'eval',
    'breakpoint',
    '__import__',
    'id',
    'hash',
}


def name_of(path: Path) -> str:
    return str(path.relative_to(CORE))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ''


def test_there_is_a_core_to_look_at() -> None:
    assert len(MODULES) > 20


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_a_module_imports_nothing_that_touches_the_world(path: Path) -> None:
    found = {name.partition('.')[0] for name in imports(parse(path))}
    assert found <= ALLOWED, f'{sorted(found - ALLOWED)}: the core has no business with it'


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_a_module_calls_nothing_that_touches_the_world(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & FORBIDDEN_CALLS


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_chance_comes_from_a_generator_that_was_handed_in(path: Path) -> None:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            is_module = node.value.id == 'random'
            assert not is_module or node.attr == 'Random', f'line {node.lineno}: global randomness'
        if isinstance(node, ast.Call):
            text = ast.unparse(node.func)
            assert text != 'random.Random', f'line {node.lineno}: makes its own generator'
        if isinstance(node, ast.ImportFrom):
            assert node.module != 'random', f'line {node.lineno}: import the module by its name'


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_a_module_says_why_it_exists(path: Path) -> None:
    tree = parse(path)
    if path.name == '__init__.py' and not tree.body:
        return
    docstring = ast.get_docstring(tree)
    assert docstring, 'no module docstring'
    assert docstring.strip().endswith(('.', ':', '?', ')')), 'not a sentence'


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_a_module_keeps_no_state_of_its_own(path: Path) -> None:
    """Two coordinators in one process must not know of each other."""
    for node in ast.walk(parse(path)):
        assert not isinstance(node, ast.Global), f'line {node.lineno}'


def test_the_core_can_be_imported_without_the_rest() -> None:
    """Neither ROS nor the runtime comes along, whatever the import rules miss."""
    program = (
        'import sys, muster.core.coordinator.machine\n'
        'heavy = {"rclpy", "muster_msgs", "muster_sim", "yaml", "click", "pybullet"}\n'
        'ours = {"muster.ros", "muster.runtime", "muster.cli", "muster.simulation"}\n'
        'print(sorted((heavy | ours) & set(sys.modules)))\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == '[]'


def test_no_package_of_the_core_depends_on_itself_through_others() -> None:
    edges: dict[str, set[str]] = {}
    for path in MODULES:
        package = path.relative_to(CORE).parts[0]
        for name in imports(parse(path)):
            parts = name.split('.')
            if parts[:2] == ['muster', 'core'] and len(parts) > 2 and parts[2] != package:
                edges.setdefault(package, set()).add(parts[2])

    def reaches(start: str, goal: str, seen: frozenset[str] = frozenset()) -> bool:
        return any(
            one == goal or (one not in seen and reaches(one, goal, seen | {one}))
            for one in edges.get(start, set())
        )

    assert edges['coordinator'] >= {'raft', 'ledger', 'allocation', 'membership'}
    assert [package for package in edges if reaches(package, package)] == []


def test_the_import_rules_hold() -> None:
    tool = Path(sys.executable).parent / 'lint-imports'
    done = subprocess.run(
        [str(tool), '--config', 'pyproject.toml', '--no-cache'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '0 broken' in done.stdout

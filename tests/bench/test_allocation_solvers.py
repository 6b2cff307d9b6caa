"""Running solvers and remembering what they found, with programs that do as they are told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from peers import solvers as module
from peers.solvers import PYVRP, Found, Solver, SolverError, Solvers, last_said
from routing.instance import Instance
from routing.places import draw

Script = Callable[[str], Solver]


@pytest.fixture
def instance() -> Instance:
    return draw('uniform', 2, 5, seed=0)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """Where one solver is installed: something that every environment has."""
    folder = tmp_path / 'environment'
    (folder / 'bin').mkdir(parents=True)
    (folder / 'bin' / 'python').symlink_to(sys.executable)
    return folder


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Makes a solver of some lines of Python."""
    solver = Solver('told', 'told', str(tmp_path / 'told.py'), 1)
    monkeypatch.setattr(module, 'SOLVERS', (solver,))
    monkeypatch.setattr(Solvers, 'versions', {'told': '1.0'})

    def write(lines: str) -> Solver:
        (tmp_path / 'told.py').write_text(lines, encoding='utf-8')
        return solver

    return write


def said(routes: list[list[int]]) -> str:
    return f'print({json.dumps({"routes": routes, "cpu_s": 0.5})!r}, flush=True)\n'


def test_the_last_plan_counts(script: Script, instance: Instance, environment: Path) -> None:
    solver = script(said([[0], [1]]) + said([[1], [0]]))
    found = Solvers(environment, environment).solve(solver, instance, 'sum', 1.0)
    assert found == Found([[1], [0]], 0.5)


def test_what_was_found_is_remembered(
    script: Script, instance: Instance, environment: Path, tmp_path: Path
) -> None:
    solvers = Solvers(environment, tmp_path / 'memory')
    first = solvers.solve(script(said([[0], [1]])), instance, 'sum', 1.0)
    changed = script(said([[1], [0]]))
    assert solvers.is_known(changed, instance, 'sum', 1.0)
    assert solvers.solve(changed, instance, 'sum', 1.0) == first


def test_more_time_another_objective_or_instance_are_other_questions(
    script: Script, instance: Instance, environment: Path, tmp_path: Path
) -> None:
    solvers = Solvers(environment, tmp_path / 'memory')
    solver = script(said([[0], [1]]))
    solvers.solve(solver, instance, 'sum', 1.0)
    assert not solvers.is_known(solver, instance, 'sum', 2.0)
    assert not solvers.is_known(solver, instance, 'max', 1.0)
    assert not solvers.is_known(solver, draw('uniform', 2, 5, seed=1), 'sum', 1.0)
    restated = Solver(solver.name, solver.package, solver.program, solver.statement + 1)
    assert not solvers.is_known(restated, instance, 'sum', 1.0)


def test_a_solver_that_is_killed_when_its_time_is_over_has_found_what_it_has_said(
    script: Script, instance: Instance, environment: Path
) -> None:
    stop = 'import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)\n'
    solver = script(said([[0], [1]]) + "print('{\"rou', end='', flush=True)\n" + stop)
    assert Solvers(environment, environment).solve(solver, instance, 'sum', 1.0).routes == [
        [0],
        [1],
    ]


def test_a_solver_that_breaks_down_is_told_by_its_last_words(
    script: Script, instance: Instance, environment: Path, tmp_path: Path
) -> None:
    solvers = Solvers(environment, tmp_path / 'memory')
    solver = script(said([[0], [1]]) + 'raise SystemExit("no such depot")\n')
    with pytest.raises(SolverError, match='told, uniform 2 x 5, seed 0: no such depot'):
        solvers.solve(solver, instance, 'sum', 1.0)
    assert not solvers.is_known(solver, instance, 'sum', 1.0)


def test_no_plan_is_an_answer() -> None:
    assert last_said([]) == Found(None, 0.0)
    assert last_said(['{"routes": null, "cpu_s": 2.0}\n']) == Found(None, 2.0)


def test_a_solver_that_is_not_installed_is_named(instance: Instance, tmp_path: Path) -> None:
    solvers = Solvers(tmp_path / 'nothing', tmp_path)
    assert solvers.versions == {}
    with pytest.raises(SolverError, match=r'pyvrp is not installed in .*: make bench installs it'):
        solvers.solve(PYVRP, instance, 'sum', 1.0)

"""Vehicle routing solvers, each run in a process of its own, and what they found before.

A solver gets seconds of the processor, not of the clock, and one thread. What it finds in ten
seconds is the same today and tomorrow, so it is kept in a folder: by the instance, the solver, its
version, how the instance was stated to it, the objective and the seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from routing.instance import Instance

REMEDY = '{0} is not installed in {1}: make bench installs it'
OUT_OF_TIME = {-signal.SIGXCPU, -signal.SIGKILL}
"""How a solver ends that was killed when its time was over."""
GRACE = 30
"""Times its seconds that a solver may take by the clock, plus as many seconds to start."""
ONE_THREAD = {'OMP_NUM_THREADS': '1', 'OPENBLAS_NUM_THREADS': '1', 'MKL_NUM_THREADS': '1'}


class SolverError(Exception):
    """A solver cannot be run, or broke down."""


@dataclass(frozen=True)
class Solver:
    """A program that solves instances in somebody else's environment."""

    name: str
    package: str
    program: str
    statement: int
    """Counted up when the program states instances in another way."""


PYVRP = Solver('pyvrp', 'pyvrp', 'pyvrp_solver.py', 1)
ORTOOLS = Solver('ortools', 'ortools', 'ortools_solver.py', 1)
SOLVERS = (PYVRP, ORTOOLS)


@dataclass(frozen=True)
class Found:
    """What a solver came up with."""

    routes: list[list[int]] | None
    """None where it found no plan at all."""
    cpu_s: float
    """[s] of the processor from its start to that plan."""


class Solvers:
    """Runs solvers, or remembers.

    Parameters
    ----------
    environment : virtual environment where they are installed.
    memory : folder for what they found.
    """

    def __init__(self, environment: Path, memory: Path) -> None:
        self._python = environment / 'bin' / 'python'
        self._environment = environment
        self._memory = memory

    @cached_property
    def versions(self) -> dict[str, str]:
        """Of the solvers that are installed, by name."""
        code = (
            'import json, sys; from importlib.metadata import distributions; '
            'print(json.dumps({one.name: one.version for one in distributions()}))'
        )
        try:
            done = subprocess.run(
                [self._python, '-c', code], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return {}
        installed = json.loads(done.stdout)
        return {one.name: installed[one.package] for one in SOLVERS if one.package in installed}

    @property
    def missing(self) -> dict[str, str]:
        """What to do about those that are not installed, by name."""
        return {
            one.name: REMEDY.format(one.name, self._environment)
            for one in SOLVERS
            if one.name not in self.versions
        }

    def is_known(self, solver: Solver, instance: Instance, objective: str, seconds: float) -> bool:
        """It has solved this before."""
        return self._place(solver, instance, objective, seconds).exists()

    def solve(self, solver: Solver, instance: Instance, objective: str, seconds: float) -> Found:
        """Have it solved, unless it has been.

        Raises
        ------
        SolverError
            The solver is not installed, or broke down.
        """
        if solver.name not in self.versions:
            raise SolverError(self.missing[solver.name])
        place = self._place(solver, instance, objective, seconds)
        if place.exists():
            known = json.loads(place.read_text(encoding='utf-8'))
            return Found(known['routes'], known['cpu_s'])
        found = self._run(solver, instance, objective, seconds)
        place.parent.mkdir(parents=True, exist_ok=True)
        about = {'instance': instance.name, 'solver': solver.name, 'objective': objective}
        content = json.dumps({**about, 'seconds': seconds, **vars(found)})
        unfinished = place.with_suffix(f'.{os.getpid()}')
        unfinished.write_text(content, encoding='utf-8')
        unfinished.replace(place)
        return found

    def _run(self, solver: Solver, instance: Instance, objective: str, seconds: float) -> Found:
        program = Path(__file__).parent / solver.program
        with tempfile.TemporaryDirectory(prefix='instance-') as folder:
            path = Path(folder, 'instance.npz')
            instance.save(path)
            command = [str(self._python), str(program), str(path), objective, str(seconds)]
            try:
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    env={**os.environ, **ONE_THREAD},
                    timeout=GRACE * (1 + seconds),
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise SolverError(f'{solver.name}, {instance.name}: {error}') from error
        if done.returncode and done.returncode not in OUT_OF_TIME:
            said = done.stderr.strip().splitlines()
            why = said[-1] if said else f'ended with {done.returncode}'
            raise SolverError(f'{solver.name}, {instance.name}: {why}')
        return last_said(done.stdout.splitlines(keepends=True))

    def _place(self, solver: Solver, instance: Instance, objective: str, seconds: float) -> Path:
        version = f'{self.versions.get(solver.name)}-{solver.statement}'
        kind = f'{solver.name}-{version}-{objective}-{seconds:g}s'
        return self._memory / kind / f'{instance.digest}.json'


def last_said(lines: Sequence[str]) -> Found:
    """The last whole line of JSON: a solver that is killed may leave half a line."""
    for line in reversed(lines):
        if line.startswith('{') and line.endswith('\n'):
            said = json.loads(line)
            return Found(said['routes'], said['cpu_s'])
    return Found(None, 0.0)

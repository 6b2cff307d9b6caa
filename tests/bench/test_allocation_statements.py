"""The solvers are asked the right question: on small instances they find the true optimum."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import isclose
from pathlib import Path

import pytest
from allocation_trials import VALUES
from peers.solvers import ORTOOLS, PYVRP, Solver, Solvers
from routing.instance import Instance, Routes
from routing.places import draw
from routing.score import score
from routing.windows import draw_windows

pytestmark = pytest.mark.slow

ENVIRONMENT = Path(__file__).parents[2] / 'build' / 'bench' / 'solvers'


@pytest.fixture
def solvers(tmp_path: Path) -> Solvers:
    made = Solvers(ENVIRONMENT, tmp_path)
    if made.missing:
        pytest.skip('; '.join(made.missing.values()))
    return made


def all_plans(instance: Instance) -> Iterator[Routes]:
    """Every way to share out and order all tasks between two robots."""
    for order in permutations(range(instance.tasks)):
        for cut in range(instance.tasks + 1):
            yield order[:cut], order[cut:]


def optimum(instance: Instance, objective: str) -> float:
    judged = (score(instance, plan) for plan in all_plans(instance))
    return min(VALUES[objective](one) for one in judged if one.is_sound)


@pytest.mark.parametrize(
    ('solver', 'objective', 'instance'),
    [
        (PYVRP, 'sum', draw('uniform', 2, 6, seed=0)),
        (PYVRP, 'max', draw('uniform', 2, 6, seed=0)),
        (PYVRP, 'sum', draw_windows('uniform', 2, 6, seed=0, with_precedence=False)),
        (ORTOOLS, 'sum', draw('uniform', 2, 6, seed=0)),
        (ORTOOLS, 'max', draw('uniform', 2, 6, seed=0)),
        (ORTOOLS, 'sum', draw_windows('uniform', 2, 6, seed=0)),
        (ORTOOLS, 'sum', draw_windows('warehouse', 2, 6, seed=4)),
    ],
    ids=lambda value: getattr(value, 'name', value),
)
def test_a_solver_finds_the_optimum(
    solvers: Solvers, solver: Solver, objective: str, instance: Instance
) -> None:
    found = solvers.solve(solver, instance, objective, 1.0)
    assert found.routes is not None
    judged = score(instance, found.routes)
    assert judged.faults == ()
    assert isclose(VALUES[objective](judged), optimum(instance, objective), rel_tol=1e-4)


def test_windows_and_precedence_make_a_difference_to_these_instances() -> None:
    instance = draw_windows('warehouse', 2, 6, seed=4)
    alone = draw_windows('warehouse', 2, 6, seed=4, with_precedence=False)
    plain = draw('warehouse', 2, 6, seed=4)
    costs = [optimum(one, 'sum') for one in (plain, alone, instance)]
    assert costs == sorted(set(costs))

"""Compile all kernels before they are needed."""

from __future__ import annotations

from muster.core.allocation.evaluation import evaluate_path
from muster.core.allocation.kernel import can_compile, running, use_compiled
from muster.core.allocation.problem import make_problem
from muster.core.allocation.search.construct import construct
from muster.core.allocation.search.improve import improve
from muster.core.allocation.search.plan import empty_plan
from muster.core.allocation.search.quotes import quotes


def warm() -> bool:
    """Compile the kernels, or load them from numba's cache, and use them from now on.

    Returns false where numba is not installed: kernels then run as plain Python, with the same
    answers. Compiling takes a minute the first time, loading about a second; other threads go on
    with plain Python meanwhile.
    """
    if not can_compile():
        return False
    with running(compiled=True):
        problem = make_problem([[0.0, 1.0], [1.0, 0.0]], [0, 0], [1, 1])
        plan = construct(problem, empty_plan(problem), range(2))
        quotes(problem, 0, (), range(2))
        improve(problem, plan, seed=0, is_over=lambda: False, iterations=1)
    asked = iter((False, False, False))
    improve(problem, plan, seed=0, is_over=lambda: next(asked, True), progress=lambda: 1.0)
    evaluate_path(problem, 0, plan.routes[0])
    use_compiled(True)
    return True

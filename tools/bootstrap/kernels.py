"""The allocation's kernels, compiled and put into numba's cache.

Without this every robot would compile them when it first starts, all at the same time. Nothing
depends on it: where it cannot be done, kernels run as plain Python until somebody has compiled
them.
"""

from __future__ import annotations

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.stage import Stage

SOURCES = 'src/muster/core/allocation'
PROGRAM = 'from muster.core.allocation.search import warm; warm()'


def compile_all(clone: Clone, runner: Runner) -> None:
    """Kernels that are in the cache already are only looked at."""
    runner.run([clone.program('python'), '-c', PROGRAM], clone.root)


def inputs(clone: Clone) -> str:
    return clone.digest(SOURCES)


STAGE = Stage(
    name='kernels',
    doing='Compiling the kernels of allocation',
    act=compile_all,
    inputs=inputs,
    after=('sources',),
)

"""The clone's own Python packages, installed so that edits to them take effect at once."""

from __future__ import annotations

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.stage import Stage

PACKAGES = ('.', 'sim')


def install(clone: Clone, runner: Runner) -> None:
    """Install without the network: what building them takes is in the environment already."""
    runner.run(
        [
            *(clone.program('python'), '-I', '-m', 'pip', 'install', '--no-index', '--no-deps'),
            *('--no-build-isolation', '--use-pep517', '--progress-bar=off'),
            *(f'--editable={clone.root / package}' for package in PACKAGES),
        ],
        clone.root,
    )


def inputs(clone: Clone) -> str:
    return clone.digest(
        *(f'{package}/{name}' for package in PACKAGES for name in ('setup.py', 'setup.cfg'))
    )


STAGE = Stage(
    name='sources',
    doing='Installing muster and muster_sim from this clone',
    act=install,
    inputs=inputs,
    after=('packages',),
)

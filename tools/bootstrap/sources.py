"""The clone's own Python packages, installed so that edits to them take effect at once."""

from __future__ import annotations

import shutil

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.stage import Stage

PACKAGES = ('.', 'sim')
TRACES = ('muster-*.dist-info', 'muster_sim-*.dist-info', '~uster*')


def install(clone: Clone, runner: Runner) -> None:
    """Install without the network: what building them takes is in the environment already."""
    remove_traces(clone)
    runner.run(
        [
            *(clone.program('python'), '-I', '-m', 'pip', 'install', '--no-index', '--no-deps'),
            *('--no-build-isolation', '--use-pep517', '--progress-bar=off'),
            *(f'--editable={clone.root / package}' for package in PACKAGES),
        ],
        clone.root,
    )


def remove_traces(clone: Clone) -> None:
    """Remove the records of earlier installations: pip refuses to replace one that was cut off."""
    for packages in clone.environment.glob('lib/python3.*/site-packages'):
        for pattern in TRACES:
            for record in packages.glob(pattern):
                shutil.rmtree(record)


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

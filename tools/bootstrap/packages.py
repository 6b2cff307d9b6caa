"""The locked packages: ROS 2, PyBullet, the robots' models, and all else.

pip installs uv, and uv the rest: it takes seconds where pip takes a minute. Every file is checked
against the hash in the lock, and nothing outside the lock is installed. uv does not read pip's
configuration, so the index, certificates and proxy that are set for pip are handed on to it. Where
uv fails for whatever reason, pip does the work.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable

from bootstrap import lock
from bootstrap.clone import Clone
from bootstrap.command import CommandFailedError, Runner
from bootstrap.environment import half_filled
from bootstrap.stage import Stage

LOCKED = ('--no-deps', '--require-hashes')
"""The lock is complete; and the dependencies of the robots' packages must stay out."""
FILES = tuple(f'--requirement={name}' for name in lock.FILES)

UV_NAMES = {
    'index-url': 'UV_DEFAULT_INDEX',
    'extra-index-url': 'UV_INDEX',
    'find-links': 'UV_FIND_LINKS',
    'no-index': 'UV_NO_INDEX',
    'trusted-host': 'UV_INSECURE_HOST',
    'cert': 'SSL_CERT_FILE',
    'client-cert': 'SSL_CLIENT_CERT',
    'proxy': 'ALL_PROXY',
    'timeout': 'UV_HTTP_TIMEOUT',
    'default-timeout': 'UV_HTTP_TIMEOUT',
}
"""pip's options, and the variables by which uv is told the same."""
SEPARATORS = {'extra-index-url': ' ', 'find-links': ',', 'trusted-host': ' '}
"""Between the values of the options that take several."""
SECTIONS = ('global.', 'install.', ':env:.')
"""Of pip's configuration, the later overriding the earlier."""


def install(clone: Clone, runner: Runner) -> None:
    half_filled(clone).touch()
    try:
        install_with_uv(clone, runner)
    except CommandFailedError as error:
        runner.note(f'{error}. Going on with pip.')
        pip(clone, runner, *LOCKED, *FILES)
    half_filled(clone).unlink()


def install_with_uv(clone: Clone, runner: Runner) -> None:
    requirement = clone.state / 'uv.txt'
    requirement.write_text(lock.select(lock.read(str(clone.root)), ['uv']))
    pip(clone, runner, *LOCKED, f'--requirement={requirement}')
    configuration = uv_variables(pip_configuration(clone, runner).splitlines())
    runner.run(
        [
            *(clone.program('uv'), 'pip', 'install', f'--python={clone.program("python")}'),
            *(*LOCKED, *FILES),
        ],
        clone.root,
        # Hashes decide what is installed, so it does not matter which index has it.
        UV_INDEX_STRATEGY='unsafe-best-match',
        **{name: value for name, value in configuration.items() if name not in runner.variables},
    )


def pip(clone: Clone, runner: Runner, *arguments: str) -> None:
    python = clone.program('python')
    runner.run(
        [python, '-I', '-m', 'pip', 'install', '--progress-bar=off', *arguments], clone.root
    )


def pip_configuration(clone: Clone, runner: Runner) -> str:
    """What `pip config list` prints: lines such as `global.index-url='https://...'`."""
    finished = subprocess.run(
        [clone.program('python'), '-I', '-m', 'pip', 'config', 'list'],
        env=runner.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    return finished.stdout


def uv_variables(configuration: Iterable[str]) -> dict[str, str]:
    """Variables that tell uv what pip's configuration says."""
    pairs = [line.partition('=')[::2] for line in configuration]
    found = {}
    for section in SECTIONS:
        for key, value in pairs:
            option = key.removeprefix(section)
            if key.startswith(section) and option in UV_NAMES:
                values = str(ast.literal_eval(value)).split()
                found[UV_NAMES[option]] = SEPARATORS.get(option, ' ').join(values)
    return found


def inputs(clone: Clone) -> str:
    return clone.digest(*lock.FILES)


STAGE = Stage(
    name='packages',
    doing='Installing the locked packages: ROS 2, PyBullet and others',
    act=install,
    inputs=inputs,
    after=('environment',),
    checks=('platform', 'libc', 'python', 'headers', 'compiler', 'disk', 'network'),
)

"""A set-up of three stages, each building on the one before, for `test_interruption.py` to
disturb.

python three_stages.py CLONE [STAGE]

Each stage's program is a child of a shell, as compilers are children of make. It appends its stage
and process id to the file `begun`; that of the named stage then waits for a line from the named
pipe `release`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / 'tools'))

from bootstrap.clone import Clone
from bootstrap.command import Runner
from bootstrap.setup import set_up
from bootstrap.stage import Stage

HANG = 'read line < release'


def stage(name: str, hang_in: str, *after: str) -> Stage:
    program = f'echo {name} $$ >> begun; {HANG if name == hang_in else ":"}'

    def act(clone: Clone, runner: Runner) -> None:
        runner.run(['sh', '-c', f"sh -c '{program}'; exit $?"], clone.root)

    return Stage(
        name=name, doing=f'Doing the {name}', act=act, inputs=lambda clone: '', after=after
    )


def main(root: str, hang_in: str = '') -> int:
    stages = (
        stage('first', hang_in),
        stage('second', hang_in, 'first'),
        stage('third', hang_in, 'second'),
    )
    return set_up(root, stages)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))

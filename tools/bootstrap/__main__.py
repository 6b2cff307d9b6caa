"""Make this clone ready to run: `make setup`, or `python3 tools/bootstrap`.

Picks the Python that the virtual environment is made from, starts itself again under it where that
is another one, and hands over to `bootstrap.setup`. This file and those it imports at the top keep
to Python 3.6: an old Python shall be told what is missing, not fail to parse the program that says
so.
"""

import os
import sys
from typing import List

TOOLS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TOOLS)
sys.path.insert(0, TOOLS)

from bootstrap import interpreter, prerequisites, ros_installation  # noqa: E402
from bootstrap.machine import Machine  # noqa: E402

THIS_PYTHON = '--this-python'
"""Go on with the Python that runs this, even if the environment was made with another."""


def main(arguments: List[str]) -> int:
    if arguments not in ([], [THIS_PYTHON]):
        print(f'usage: python3 tools/bootstrap [{THIS_PYTHON}]', file=sys.stderr)
        return 2
    advice = ros_installation.advice(os.environ)
    if advice is not None:
        print(advice, file=sys.stderr)
        return 3
    if arguments:
        chosen = interpreter.base_executable()
    else:
        chosen = interpreter.choose(ROOT, os.environ.get('PATH', '')) or sys.executable
    if not interpreter.is_same(chosen, sys.executable):
        os.execv(chosen, [chosen, '-I', '-B', os.path.join(TOOLS, 'bootstrap'), THIS_PYTHON])
    if not interpreter.is_supported(sys.version_info[:2]):
        machine = Machine()
        problems = prerequisites.find(machine, ROOT, prerequisites.CHECKS)
        print(prerequisites.report(problems, machine), file=sys.stderr)
        return 1

    from bootstrap.setup import set_up

    return set_up(ROOT)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

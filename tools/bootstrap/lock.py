"""Parts of the lock file, for installing a few of its packages before the others.

Runs on Python 3.6 (see `__main__`).
"""

import os
import re
from typing import Iterable

FILES = ('requirements/lock.txt', 'requirements/robots.txt')
SMALLEST = 'pluggy'
"""A small package in every environment: fetching it tells whether the index can be reached."""


def read(root: str) -> str:
    with open(os.path.join(root, FILES[0])) as file:
        return file.read()


def select(text: str, names: Iterable[str]) -> str:
    """The requirements of the named packages, with their hashes and markers.

    Raises KeyError if the lock does not hold one of them.
    """
    blocks = re.findall(r'^\S+==(?:.*\\\n)*.*\n', text, flags=re.MULTILINE)
    chosen = []
    for name in names:
        found = [block for block in blocks if block.startswith(name + '==')]
        if not found:
            raise KeyError(f'the lock holds no {name}: run `make lock`')
        chosen += found
    return ''.join(chosen)

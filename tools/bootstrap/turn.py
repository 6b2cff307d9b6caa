"""One set-up at a time in a clone: two `make` in two terminals take turns.

The turn is a lock on the root folder itself, so it leaves no file behind, and the system gives it
back when the last process that holds it is gone, however it ended. Programs started by the set-up
hold it too (see `command`).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bootstrap.interrupt import Interruption

POLL_S = 0.1


@contextlib.contextmanager
def taken(root: Path, interruption: Interruption) -> Iterator[int]:
    """Wait for the turn and hold it; gives the descriptor that holds it.

    Raises Interrupted if told to end while waiting. On a file system without locks nobody waits
    for anybody.
    """
    folder = os.open(root, os.O_RDONLY)
    try:
        is_told = False
        while not try_to_take(folder):
            if not is_told:
                print(
                    'Another set-up is at work in this clone; waiting for it to end.', flush=True
                )
                is_told = True
            interruption.check()
            time.sleep(POLL_S)
        yield folder
    finally:
        os.close(folder)


def try_to_take(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True

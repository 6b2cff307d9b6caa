"""Runs a program that ends, with all that it started, when the process that wanted it is gone.

python watched.py DESCRIPTOR PROGRAM [ARGUMENT ...]

The descriptor is the read end of a pipe whose write end the wanting process holds. However that
process ends, the system closes its end, and a watcher in the program's process group then kills
the group. This must be started as the leader of a new session.
"""

import os
import signal
import sys

NOT_STARTED = 127


def main(descriptor: int, command: list[str]) -> int:
    if os.fork() == 0:
        os.read(descriptor, 1)
        os.killpg(0, signal.SIGKILL)
    os.close(descriptor)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f'{command[0]} does not start: {error.strerror}', file=sys.stderr)
    return NOT_STARTED


if __name__ == '__main__':
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))

"""etcd's own benchmark program, `tools/benchmark` in etcd's source, where somebody has it.

No distribution packages it. It is a second opinion: the client in `etcd_group` puts a higher load
on etcd for less of the processor.
"""

from __future__ import annotations

import re
import subprocess

from peers.group import GroupError

PROGRAM = 'etcd-benchmark'
"""As it is looked for on PATH."""


def put_command(
    program: str, endpoint: str, clients: int, key_bytes: int, value_bytes: int, total: int
) -> list[str]:
    """The command that puts `total` values from so many concurrent clients."""
    return [
        *(program, f'--endpoints={endpoint}', '--conns=1', f'--clients={clients}', '--precise'),
        *('put', '--sequential-keys', f'--key-size={key_bytes}', f'--val-size={value_bytes}'),
        f'--total={total}',
    ]


def measure(command: list[str]) -> float:
    """Run the command; puts per second."""
    try:
        finished = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise GroupError(f'{command[0]} cannot be run: {error.strerror}') from error
    if finished.returncode:
        reason = finished.stderr.strip().rpartition('\n')[2]
        raise GroupError(f'{command[0]} ended with {finished.returncode}: {reason}')
    return requests_per_second(finished.stdout)


def requests_per_second(summary: str) -> float:
    """From the summary that the program prints.

    Raises
    ------
    GroupError
        if requests failed, or the text is no such summary.
    """
    failed = re.search(r'Error distribution:\n\s*(.+)', summary)
    if failed:
        raise GroupError(f"etcd's benchmark program reports errors: {failed.group(1)}")
    found = re.search(r'Requests/sec:\s*([\d.e+]+)', summary)
    if found is None:
        raise GroupError("etcd's benchmark program printed no `Requests/sec:`")
    return float(found.group(1))

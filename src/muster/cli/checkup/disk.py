"""Whether the disk keeps what it says it has kept, and how long that takes: consensus waits for
it."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from muster.cli.checkup.findings import Finding

NAME = 'disk'
APPENDS = 50
RECORD = b'\0' * 200
SLOW_S = 0.05
"""[s] Beyond it, syncs eat up the time that a leader has between two heartbeats."""


def check_disk(folder: Path | None = None) -> Finding:
    """Append and sync small records, in the working folder unless told otherwise."""
    place = folder or Path.cwd()
    try:
        times = _sync_times(place)
    except OSError as error:
        return Finding(
            NAME,
            False,
            f'{place}: cannot write and sync ({error.strerror})',
            'free some space, or run from a folder that you may write to',
        )
    median, worst = statistics.median(times), max(times)
    detail = f'fdatasync takes {median * 1e3:.2f} ms, at most {worst * 1e3:.1f} ms, in {place}'
    if median > SLOW_S:
        return Finding(
            NAME,
            False,
            detail,
            'use a local disk: a network file system makes every agreement of the team this slow',
        )
    return Finding(NAME, True, detail)


def _sync_times(folder: Path) -> list[float]:
    times = []
    with tempfile.NamedTemporaryFile(dir=folder, prefix='.muster-doctor-') as file:
        for _ in range(APPENDS):
            started = time.perf_counter()
            os.write(file.fileno(), RECORD)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - started)
    return times

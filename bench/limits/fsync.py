"""How long this disk takes to make a small append durable."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil

RECORD_BYTES = 200
IN_MEMORY = ('tmpfs', 'ramfs')


def file_system(folder: Path) -> str:
    """The type of the file system that a folder is on, such as `ext4`."""
    path = str(folder.resolve())
    mounts = {
        one.mountpoint: one.fstype
        for one in psutil.disk_partitions(all=True)
        if os.path.commonpath((path, one.mountpoint)) == one.mountpoint
    }
    return mounts[max(mounts, key=len)] if mounts else 'unknown'


def sync_latencies(folder: Path, count: int) -> list[float]:
    """Seconds that each of `count` appends of 200 bytes took, `fdatasync` included."""
    file = folder / 'fsync-latency'
    record = b'x' * RECORD_BYTES
    samples = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(count):
            began = time.perf_counter()
            os.write(descriptor, record)
            os.fdatasync(descriptor)
            samples.append(time.perf_counter() - began)
    finally:
        os.close(descriptor)
        file.unlink()
    return samples

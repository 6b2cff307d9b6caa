"""What the write-ahead log asks of the operating system, as one object.

A disk that is full, that fails or that loses power cannot be had on demand, so tests hand the log
a `SystemCalls` of their own (tests/runtime/fragile_disk.py) and everything else of it runs as it
is. Each method is one system call, or one that a crash cannot divide.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class SystemCalls:
    """The real ones. All raise OSError."""

    def open(self, path: Path, flags: int) -> int:
        return os.open(path, flags, 0o644)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def size(self, descriptor: int) -> int:
        return os.fstat(descriptor).st_size

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        return os.pread(descriptor, length, offset)

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        """Returns how many bytes were taken: perhaps not all."""
        return os.pwrite(descriptor, data, offset)

    def fsync(self, descriptor: int) -> None:
        """The file is in every respect what it is now after a power cut, too."""
        os.fsync(descriptor)

    def fdatasync(self, descriptor: int) -> None:
        """Contents, and the size that reading them needs, survive a power cut. Not a smaller
        size: nothing needs that to be read."""
        os.fdatasync(descriptor)

    def ftruncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def rename(self, old: Path, new: Path) -> None:
        old.rename(new)

    def link(self, old: Path, new: Path) -> None:
        """Give a file a second name."""
        new.hardlink_to(old)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def mkdir(self, folder: Path) -> None:
        folder.mkdir()

    def names(self, folder: Path) -> list[str]:
        """Of the entries of a folder, in no order."""
        return os.listdir(folder)  # noqa: PTH208  (names are wanted, not paths)

    def modified(self, path: Path) -> float:
        """When a file was last written, in seconds of the wall clock."""
        return path.stat().st_mtime

    def sync_folder(self, folder: Path) -> None:
        """Which files there are, and their names, survive a power cut."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, descriptor: int, is_shared: bool) -> None:
        """Until the descriptor is closed or the process ends, however it ends; BlockingIOError
        when another holds it."""
        kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)

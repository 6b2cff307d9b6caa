"""A disk in memory that fails as real ones do, under the real write-ahead log.

What was written lies in the cache until it is synced. A power cut keeps of the rest whatever a
`Survival` says, byte by byte, and of the changes to folders likewise: nothing promises an order. A
failed sync marks the pages as clean although they never reached the disk, as Linux does.
"""

from __future__ import annotations

import copy
import errno
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from muster.runtime.system_calls import SystemCalls


class PowerCut(BaseException):
    """The machine stops here; nothing of the log may catch it."""


@dataclass
class Written:
    offset: int
    data: bytes


@dataclass
class File:
    cache: bytearray = field(default_factory=bytearray)
    """What a process reads."""
    disk: bytearray = field(default_factory=bytearray)
    """What a power cut leaves at least."""
    unsynced: list[Written] = field(default_factory=list)


@dataclass
class Folder:
    entries: dict[str, Folder | File] = field(default_factory=dict)
    disk: dict[str, Folder | File] = field(default_factory=dict)
    unsynced: list[tuple[str, Folder | File | None, str]] = field(default_factory=list)
    """(name, what it names from now on or None, name that it had before or empty)"""


class Survival:
    """Which of the things that were not synced survive a power cut: here, all of them."""

    def of_write(self, write: Written) -> list[tuple[int, int]]:
        """Ranges of its bytes, relative to its offset."""
        return [(0, len(write.data))]

    def of_change(self) -> bool:
        """Whether a change of size or of a folder does."""
        return True


class Nothing(Survival):
    def of_write(self, write: Written) -> list[tuple[int, int]]:
        return []

    def of_change(self) -> bool:
        return False


class Chance(Survival):
    """Any bytes and any changes, in no order."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def of_write(self, write: Written) -> list[tuple[int, int]]:
        cuts = sorted(self._rng.randrange(len(write.data) + 1) for _ in range(4))
        kinds: list[list[tuple[int, int]]] = [
            [],
            [(0, len(write.data))],
            [(0, cuts[0])],
            [(cuts[0], len(write.data))],
            [(cuts[0], cuts[1]), (cuts[2], cuts[3])],
        ]
        return self._rng.choice(kinds)

    def of_change(self) -> bool:
        return self._rng.random() < 0.5


class FragileDisk(SystemCalls):
    """Faults are set by `at_call`, for the call of that number from now on."""

    def __init__(self) -> None:
        self.root = Folder()
        self.calls = 0
        """Calls so far that change something or sync."""
        self.journal: list[tuple[str, int]] = []
        """Their names, and of writes the length."""
        self.bites: Counter[str] = Counter()
        self.room: int | None = None
        """Bytes by which files may still grow."""
        self.unreadable: set[int] = set()
        """Sectors of 4096 bytes that no file can be read in."""
        self._is_off = False
        self._faults: dict[int, Callable[[], None]] = {}
        self._after: dict[int, Callable[[], None]] = {}
        self._short: dict[int, int] = {}
        self._open: dict[int, File] = {}
        self._locked: set[int] = set()
        self._next = 3

    # Faults

    def cut_power_at(self, call: int, after_bytes: int | None = None) -> None:
        """At that call from now on: before it, or within a write after so many bytes."""
        number = self.calls + call
        if after_bytes is None:
            self._faults[number] = self._stop
        else:
            self._short[number] = after_bytes
            self._after[number] = self._stop

    def refuse_at(self, call: int, error: int, after_bytes: int = 0) -> None:
        """That call fails; a write may have taken some bytes before."""
        number = self.calls + call
        self._faults[number] = lambda: self._raise(error)
        if after_bytes:
            self._short[number] = after_bytes
            self._faults[number + 1] = self._faults.pop(number)

    def fill(self, room: int) -> None:
        """Files may grow by so many bytes, and no more."""
        self.room = room

    def forget_faults(self) -> None:
        for plan in (self._faults, self._after, self._short):
            plan.clear()

    def kill(self) -> None:
        """The process ends; the operating system goes on."""
        self._is_off = False
        self._open.clear()
        self._locked.clear()
        self.forget_faults()

    def lose_power(self, survival: Survival) -> None:
        """Everything ends. What was not synced survives in part."""
        self.kill()
        self._settle(self.root, survival)

    def copy(self) -> FragileDisk:
        """Another disk in the same state, without faults."""
        other = copy.deepcopy(self)
        other.forget_faults()
        return other

    def files(self, folder: Path) -> dict[str, File]:
        entries = self._folder(folder).entries
        return {name: one for name, one in sorted(entries.items()) if isinstance(one, File)}

    def _settle(self, folder: Folder, survival: Survival) -> None:
        for name, target, before in folder.unsynced:
            if not survival.of_change():
                self.bites['changes of folders lost'] += 1
                continue
            folder.disk.pop(before, None)
            if target is None:
                folder.disk.pop(name, None)
            else:
                folder.disk[name] = target
        folder.unsynced.clear()
        folder.entries = dict(folder.disk)
        for entry in folder.entries.values():
            if isinstance(entry, Folder):
                self._settle(entry, survival)
            else:
                self._settle_file(entry, survival)

    def _settle_file(self, file: File, survival: Survival) -> None:
        for write in file.unsynced:
            kept = survival.of_write(write)
            self.bites['bytes lost'] += len(write.data) - sum(stop - at for at, stop in kept)
            for at, stop in kept:
                _put(file.disk, write.offset + at, write.data[at:stop])
        if len(file.disk) != len(file.cache):
            if survival.of_change():
                _resize(file.disk, len(file.cache))
            else:
                self.bites['sizes lost'] += 1
        file.unsynced.clear()
        file.cache = bytearray(file.disk)

    def _stop(self) -> None:
        self.bites['power cuts'] += 1
        self._is_off = True
        raise PowerCut

    def _raise(self, error: int) -> None:
        self.bites[errno.errorcode[error]] += 1
        raise OSError(error, os.strerror(error))

    def _count(self, name: str, length: int = 0) -> int:
        if self._is_off:
            raise PowerCut
        self.calls += 1
        self.journal.append((name, length))
        fault = self._faults.pop(self.calls, None)
        if fault is not None:
            fault()
        return self.calls

    # The calls

    def open(self, path: Path, flags: int) -> int:
        folder = self._folder(path.parent)
        entry = folder.entries.get(path.name)
        if entry is None and not flags & os.O_CREAT:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if entry is None:
            self._count('create')
            entry = folder.entries[path.name] = File()
            folder.unsynced.append((path.name, entry, ''))
        assert isinstance(entry, File)
        if flags & os.O_TRUNC:
            entry.cache.clear()
        self._next += 1
        self._open[self._next] = entry
        return self._next

    def close(self, descriptor: int) -> None:
        self._open.pop(descriptor, None)
        self._locked.discard(descriptor)

    def size(self, descriptor: int) -> int:
        return len(self._open[descriptor].cache)

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        sectors = range(offset // 4096, (offset + length - 1) // 4096 + 1)
        if not self.unreadable.isdisjoint(sectors):
            self._raise(errno.EIO)
        return bytes(self._open[descriptor].cache[offset : offset + length])

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if not data:
            return 0
        number = self._count('write', len(data))
        file = self._open[descriptor]
        taken = self._short.pop(number, len(data))
        if self.room is not None:
            growth = max(0, offset + len(data) - len(file.cache))
            taken = min(taken, len(data) - max(0, growth - self.room))
            if taken <= 0:
                self._raise(errno.ENOSPC)
            self.room -= max(0, offset + taken - len(file.cache))
        if taken < len(data):
            self.bites['short writes'] += 1
        _put(file.cache, offset, data[:taken])
        file.unsynced.append(Written(offset, data[:taken]))
        after = self._after.pop(number, None)
        if after is not None:
            after()
        return taken

    def fsync(self, descriptor: int) -> None:
        self._sync(descriptor, is_whole=True)

    def fdatasync(self, descriptor: int) -> None:
        self._sync(descriptor, is_whole=False)

    def _sync(self, descriptor: int, is_whole: bool) -> None:
        file = self._open[descriptor]
        try:
            self._count('sync')
        except OSError:
            file.unsynced.clear()
            raise
        for write in file.unsynced:
            _put(file.disk, write.offset, write.data)
        file.unsynced.clear()
        if is_whole or len(file.disk) < len(file.cache):
            _resize(file.disk, len(file.cache))

    def ftruncate(self, descriptor: int, size: int) -> None:
        file = self._open[descriptor]
        if len(file.cache) == size:
            return
        self._count('truncate')
        _resize(file.cache, size)

    def rename(self, old: Path, new: Path) -> None:
        folder = self._folder(old.parent)
        self._count('rename')
        entry = folder.entries.pop(old.name)
        folder.entries[new.name] = entry
        folder.unsynced.append((new.name, entry, old.name))

    def link(self, old: Path, new: Path) -> None:
        self._count('link')
        entry = self._folder(old.parent).entries[old.name]
        folder = self._folder(new.parent)
        folder.entries[new.name] = entry
        folder.unsynced.append((new.name, entry, ''))

    def modified(self, path: Path) -> float:
        return 0.0

    def unlink(self, path: Path) -> None:
        folder = self._folder(path.parent)
        self._count('unlink')
        del folder.entries[path.name]
        folder.unsynced.append((path.name, None, ''))

    def mkdir(self, folder: Path) -> None:
        above = self._folder(folder.parent)
        if folder.name in above.entries:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(folder))
        self._count('mkdir')
        above.entries[folder.name] = made = Folder()
        above.unsynced.append((folder.name, made, ''))

    def names(self, folder: Path) -> list[str]:
        return list(self._folder(folder).entries)

    def sync_folder(self, folder: Path) -> None:
        found = self._folder(folder)
        self._count('sync folder')
        found.unsynced.clear()
        found.disk = dict(found.entries)

    def lock(self, descriptor: int, is_shared: bool) -> None:
        if self._locked:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        self._locked.add(descriptor)

    def _folder(self, path: Path) -> Folder:
        found: Folder | File | None = self.root
        for part in path.parts[1:]:
            found = found.entries.get(part) if isinstance(found, Folder) else None
        if not isinstance(found, Folder):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return found


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if data and len(content) < offset:
        content += bytes(offset - len(content))
    content[offset : offset + len(data)] = data


def _resize(content: bytearray, size: int) -> None:
    if size < len(content):
        del content[size:]
    else:
        content += bytes(size - len(content))

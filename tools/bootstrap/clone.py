"""Where things are in a clone that is being set up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Clone:
    """A working copy of the repository and the virtual environment in it."""

    root: Path

    @property
    def environment(self) -> Path:
        return self.root / '.venv'

    @property
    def state(self) -> Path:
        """What the set-up remembers: it goes when the environment goes."""
        return self.environment / 'setup'

    def program(self, name: str) -> Path:
        return self.environment / 'bin' / name

    def digest(self, *names: str) -> str:
        """Hash of the named files and of all files beneath the named folders."""
        sha = hashlib.sha256()
        for name in names:
            path = self.root / name
            files = [path] if path.is_file() else sorted(path.rglob('*'))
            for file in files:
                if file.is_file() and '__pycache__' not in file.parts:
                    content = file.read_bytes()
                    sha.update(f'{file.relative_to(self.root)} {len(content)}\n'.encode())
                    sha.update(content)
        return sha.hexdigest()

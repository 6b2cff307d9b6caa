"""Tests of `tools/bootstrap`, which is no installed package: it runs before anything is."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'tools'))

from bootstrap.clone import Clone  # noqa: E402


@pytest.fixture
def repository() -> Path:
    """The clone that these tests are in."""
    return ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """An empty clone."""
    root = tmp_path / 'clone'
    root.mkdir()
    return Clone(root)

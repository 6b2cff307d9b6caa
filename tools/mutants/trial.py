"""Planting a fault in a copy of the source, and running the tests against it."""

from __future__ import annotations

import enum
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / 'src' / 'muster'
PATIENCE_S = 300.0
_LEFT_OUT = shutil.ignore_patterns('__pycache__')
_FAILED = re.compile(r'^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$', re.MULTILINE)
"""A test; a file that could not even be read is named without one."""


class Fate(enum.Enum):
    KILLED = 'killed'
    SURVIVED = 'survived'
    HUNG = 'hung'
    """The tests did not end: noticed, in a way."""
    UNFIT = 'unfit'
    """The fault could not be planted, or the tests could not be run."""


@dataclass(frozen=True)
class Verdict:
    """What came of one mutant."""

    mutant: Mutant
    fate: Fate
    killers: tuple[str, ...]
    """Tests that failed; the run ends at the first."""
    took_s: float
    remark: str = ''

    @property
    def is_noticed(self) -> bool:
        return self.fate in (Fate.KILLED, Fate.HUNG)


def flaw_in(mutant: Mutant) -> str:
    """Why a mutant cannot be planted; empty when it can."""
    text = (SOURCE / mutant.file).read_text(encoding='utf-8')
    count = text.count(mutant.old)
    if count != 1:
        return f'{mutant.file}: {mutant.old!r} occurs {count} times, not once'
    if mutant.old == mutant.new:
        return f'{mutant.file}: {mutant.old!r} would stay as it is'
    return ''


def control(suites: set[tuple[str, ...]]) -> str:
    """Why the verdicts would mean nothing: the tests fail on the code as it is. Empty when they
    pass."""
    for suite in sorted(suites):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(SOURCE, Path(folder) / 'muster', ignore=_LEFT_OUT)
            fate, output = _run_tests(suite, Path(folder))
        if fate is not Fate.SURVIVED:
            return f'{" ".join(suite)}: the tests fail without any fault\n{output}'
    return ''


def try_out(mutant: Mutant) -> Verdict:
    """Run its tests against a source with this one fault."""
    began = time.monotonic()
    flaw = flaw_in(mutant)
    if flaw:
        return Verdict(mutant, Fate.UNFIT, (), 0.0, flaw)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / 'muster'
        shutil.copytree(SOURCE, source, ignore=_LEFT_OUT)
        broken = source / mutant.file
        text = broken.read_text(encoding='utf-8')
        broken.write_text(text.replace(mutant.old, mutant.new), encoding='utf-8')
        fate, output = _run_tests(mutant.suite, Path(folder))
    killers = tuple(_FAILED.findall(output)) if fate is Fate.KILLED else ()
    if fate is Fate.KILLED and not killers:
        fate = Fate.UNFIT
    remark = output.strip().splitlines()[-1] if fate is Fate.UNFIT and output.strip() else ''
    return Verdict(mutant, fate, killers, time.monotonic() - began, remark)


def _run_tests(suite: tuple[str, ...], folder: Path) -> tuple[Fate, str]:
    command = [sys.executable, '-m', 'pytest', '-x', '-q', '--tb=no', '-p', 'no:cacheprovider']
    environment = dict(
        os.environ,
        PYTHONPATH=str(folder),
        PYTHONDONTWRITEBYTECODE='1',
        HYPOTHESIS_STORAGE_DIRECTORY=str(folder / 'hypothesis'),
        CI='1',
    )
    try:
        done = subprocess.run(
            [*command, '-m', 'not slow', *suite],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Fate.HUNG, ''
    fates = {0: Fate.SURVIVED, 1: Fate.KILLED}
    return fates.get(done.returncode, Fate.UNFIT), done.stdout

"""The mutants of `make mutants` still fit the code, and the page tells of each. Whether the tests
notice them is for that command to say: it takes minutes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'reference' / 'mutants.md'

sys.path.insert(0, str(ROOT / 'tools'))

from mutants.catalogue import MUTANTS, Mutant  # noqa: E402
from mutants.trial import Fate, flaw_in, try_out  # noqa: E402


@pytest.mark.parametrize('mutant', MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_code(mutant: Mutant) -> None:
    assert flaw_in(mutant) == ''


def test_names_tell_mutants_apart() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_the_page_tells_of_each() -> None:
    rows = [line for line in PAGE.read_text(encoding='utf-8').splitlines() if line[:3] != '|--']
    told = [line.split(' | ')[0].removeprefix('| ') for line in rows if line.startswith('| ')]
    assert told[1:] == [mutant.name for mutant in MUTANTS]


def test_a_fault_that_cannot_be_planted_is_no_success() -> None:
    verdict = try_out(Mutant('is not there', 'core/raft/log.py', 'no such words', ''))
    assert verdict.fate is Fate.UNFIT
    assert not verdict.is_noticed
    assert 'occurs 0 times' in verdict.remark


@pytest.mark.slow
def test_a_fault_that_changes_nothing_survives() -> None:
    verdict = try_out(
        Mutant(
            'says the same in other words',
            'core/raft/log.py',
            '"""The log of one member, in memory',
            '"""The log of a member, in memory',
            ('tests/core/raft/test_late_messages.py',),
        )
    )
    assert verdict.fate is Fate.SURVIVED

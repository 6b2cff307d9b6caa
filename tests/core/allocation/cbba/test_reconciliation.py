"""A leader is back: what was done alone is told, what another robot is at is dropped."""

from __future__ import annotations

import math

import pytest

from muster.core.allocation.consensus_bundle import Claim, Reconciliation
from muster.core.allocation.consensus_bundle.messages import TAKEN_BACK, done_by
from muster.core.allocation.consensus_bundle.reconciliation import reconcile


def test_whoever_knows_tells_what_was_done_and_is_still_waited_for() -> None:
    claims = {
        'mine': done_by('me'),
        'theirs': done_by('other'),
        'known': done_by('me'),
        'back': TAKEN_BACK,
        'won': Claim('me', 3.0),
    }
    open_tasks = dict.fromkeys(('mine', 'theirs', 'back', 'won', 'new'), '')
    assert reconcile('me', (), claims, open_tasks) == Reconciliation(
        {'mine': 'me', 'theirs': 'other'}, keep=(), drop=()
    )


@pytest.mark.parametrize(
    ('open_tasks', 'is_kept'),
    [({'task': ''}, True), ({'task': 'me'}, True), ({'task': 'other'}, False), ({}, False)],
)
def test_an_attempt_goes_on_unless_it_is_of_no_use(
    open_tasks: dict[str, str], is_kept: bool
) -> None:
    found = reconcile('me', {'task'}, {'task': Claim('me', math.inf)}, open_tasks)
    assert (found.keep, found.drop) == ((('task',), ()) if is_kept else ((), ('task',)))

"""Beliefs that change, told in parts over links that lose messages.

A robot keeps its beliefs in a `Journal`, where every change has a version; a hearer keeps what it
knows of them in a `Mirror`. A message carries changes from a version that the hearers have said to
hold. A mirror takes only what joins on to what it has, so it is at any time what the journal was,
but for later changes that are still to come; it is fit for use when it has caught up.
"""

from __future__ import annotations

import itertools
import zlib

import msgspec

from muster.core.allocation.consensus_bundle.messages import NOBODY, Change, Claim, Standings
from muster.core.types import TaskId

MAX_AHEAD = 16
"""Parts that wait for one that is missing."""
_ENCODER = msgspec.msgpack.Encoder()


class Journal:
    """A robot's own beliefs, ordered by their last change."""

    def __init__(self, version: int) -> None:
        self.origin = version
        """Nothing had changed at this version."""
        self.version = version
        self.claims: dict[TaskId, Claim] = {}
        self._changed: dict[TaskId, int] = {}
        self._view = (version, 0)

    @property
    def view(self) -> int:
        """A digest: equal where equal things are believed, and hardly ever else."""
        if self._view[0] != self.version:
            believed = sorted(one for one in self.claims.items() if one[1] != NOBODY)
            self._view = (self.version, zlib.crc32(_ENCODER.encode(believed)))
        return self._view[1]

    def get(self, task_id: TaskId) -> Claim:
        return self.claims.get(task_id, NOBODY)

    def put(self, task_id: TaskId, claim: Claim) -> bool:
        """Believe something; returns whether that is a change."""
        if self.get(task_id) == claim:
            return False
        self.version += 1
        self.claims[task_id] = claim
        self._changed.pop(task_id, None)
        self._changed[task_id] = self.version
        return True

    def changes(self, since: int, limit: int) -> tuple[tuple[Change, ...], int]:
        """The oldest changes after a version, and the version up to which they reach."""
        newest_first = itertools.takewhile(
            lambda one: one[1] > since, reversed(self._changed.items())
        )
        later = list(newest_first)[::-1]
        sent = later[:limit]
        up_to = sent[-1][1] if len(sent) < len(later) else self.version
        return tuple(Change(task_id, self.claims[task_id]) for task_id, _ in sent), up_to


class Mirror:
    """What is known of one neighbour's journal."""

    def __init__(self) -> None:
        self.claims: dict[TaskId, Claim] = {}
        self.stamp = 0
        """Of the newest message."""
        self.held = 0
        """The version up to which every change is known."""
        self.my_version_held = 0
        """What the neighbour says that it knows of this robot's journal."""
        self.heard_at = 0.0
        """[s] this robot's steady clock."""
        self._version = 0
        self._ahead: list[Standings] = []

    @property
    def is_current(self) -> bool:
        """Nothing is missing of what the neighbour believed when it sent its newest message."""
        return self.held >= self._version

    def take(self, message: Standings) -> None:
        """Take what a message tells of changes, in whatever order messages come. What starts
        beyond what is held waits for what is missing; its sender will repeat that."""
        if message.stamp > self.stamp:
            self.stamp = message.stamp
            self._version = message.version
        self._ahead.append(message)
        is_stuck = False
        while not is_stuck:
            self._ahead = [one for one in self._ahead if one.up_to > self.held][-MAX_AHEAD:]
            fitting = next((one for one in self._ahead if one.since <= self.held), None)
            if fitting is not None:
                self._apply(fitting)
            is_stuck = fitting is None

    def _apply(self, message: Standings) -> None:
        if not message.since:
            self.claims.clear()
        for change in message.changes:
            self.claims[change.task_id] = change.claim
        self.held = message.up_to

    def get(self, task_id: TaskId) -> Claim:
        return self.claims.get(task_id, NOBODY)

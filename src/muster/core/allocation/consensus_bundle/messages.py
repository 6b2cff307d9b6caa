"""What robots without a leader tell each other: what they believe, and how fresh that is."""

from __future__ import annotations

import math

import msgspec

from muster.core.types import RobotId, TaskId


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """One robot's belief about a task: who wins it, for what bid."""

    winner: RobotId = ''
    """Empty: nobody."""
    bid: float = 0.0
    """Score, larger is better; `inf` from the moment at which the winner begins the task."""
    is_over: bool = False
    """The winner has done it (nobody: an operator has taken it back). That is final."""

    def outbids(self, other: Claim) -> bool:
        """Whether this beats another; equal bids go to the robot that sorts first."""
        if not self.winner or not other.winner:
            return bool(self.winner)
        if self.bid != other.bid:
            return self.bid > other.bid
        return self.winner < other.winner


NOBODY = Claim()
TAKEN_BACK = Claim('', 0.0, True)


def done_by(robot: RobotId) -> Claim:
    return Claim(robot, math.inf, True)


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A belief that has changed."""

    task_id: TaskId
    claim: Claim


class Word(msgspec.Struct, frozen=True, array_like=True):
    """The newest that is known of a robot, at first hand or not."""

    stamp: int = 0
    """Of its message: the time stamps `s` of the algorithm."""
    view: int = 0
    """A digest of all that it believed then."""


class Standings(msgspec.Struct, frozen=True, kw_only=True):
    """A robot's beliefs, as changes on top of what its hearers already know.

    Stamps and versions are counters of the robot that they are about, and only grow: nothing
    depends on the clocks of two robots being alike.
    """

    stamp: int
    """Of this message; one more than that of the sender's last."""
    since: int
    """`changes` are all that happened to the sender's beliefs after this version (0: ever) ..."""
    up_to: int
    """... until this one ..."""
    version: int
    """... of these. When `up_to` is less, more will follow."""
    changes: tuple[Change, ...]
    heard: dict[RobotId, Word]
    """The newest word of each robot on which these beliefs rest, the sender's own included."""
    holds: dict[RobotId, int]
    """The version of each neighbour's beliefs that the sender knows in full."""

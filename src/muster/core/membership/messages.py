"""A robot's heartbeat to its leader, and the leader's grant of authority in return."""

from __future__ import annotations

import msgspec

from muster.core.types import Outlook, RobotReport


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Sent every `report_s` to the leader that the robot follows."""

    sent_at: float
    """[s] the sender's steady clock, before sending; the grant carries it back."""
    report: RobotReport
    outlook: Outlook = Outlook()


class Grant(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The leader's answer, given only while a quorum stands behind it."""

    term: int
    heard_at: float
    """`Heartbeat.sent_at`, carried back."""
    commit_index: int
    """The grant counts once the robot has applied the ledger up to here: a robot must not go on
    with work that the ledger has taken from it."""
    settled_trade: int = 0
    """Trades of this term up to this number are over; what came of them is in the ledger up to
    `commit_index`."""

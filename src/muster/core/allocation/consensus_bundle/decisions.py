"""Whom to believe: the decision table of the consensus phase.

Table 1 of Choi, Brunet and How (2009). A receiver `i` hears from a sender `k` whom `k` believes to
win a task, compares that with its own belief, and updates (takes over the sender's), resets
(believes in nobody) or leaves it. What decides is the bids, and which of the two has the newer
word of the robots they believe in. Time stamps here are counters kept by the robot they are about,
so they are exact, and equal ones are common: where the paper asks for newer word of both winners,
equal word of the sender's will do, since the sender then knows all that the receiver does.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeAlias

from muster.core.allocation.consensus_bundle.messages import NOBODY, Claim, Word
from muster.core.types import RobotId


class Action(enum.Enum):
    UPDATE = 'update'
    RESET = 'reset'
    LEAVE = 'leave'


class Whom(enum.Enum):
    """Who is believed to win, seen from the two that talk."""

    SENDER = 'sender'
    RECEIVER = 'receiver'
    OTHER = 'a third robot'
    SAME = 'that third robot'
    """Only as the receiver's belief."""
    NOBODY = 'nobody'


class If(enum.Flag):
    """What may hold when a message is judged. `THEIRS` is the winner that the sender believes in,
    `MINE` the receiver's; news is of the sender's word compared with the receiver's."""

    ALWAYS = 0
    OUTBIDS = enum.auto()
    NEWS_OF_THEIRS = enum.auto()
    NO_OLDER_OF_THEIRS = enum.auto()
    OLDER_OF_THEIRS = enum.auto()
    NEWS_OF_MINE = enum.auto()


Rules: TypeAlias = tuple[tuple[If, Action], ...]

UNHEARD = Word()

_UPDATE, _RESET = Action.UPDATE, Action.RESET

TABLE: Mapping[tuple[Whom, Whom], Rules] = {
    (Whom.SENDER, Whom.RECEIVER): ((If.OUTBIDS, _UPDATE),),
    (Whom.SENDER, Whom.SENDER): ((If.ALWAYS, _UPDATE),),
    (Whom.SENDER, Whom.OTHER): ((If.NEWS_OF_MINE, _UPDATE), (If.OUTBIDS, _UPDATE)),
    (Whom.SENDER, Whom.NOBODY): ((If.ALWAYS, _UPDATE),),
    (Whom.RECEIVER, Whom.RECEIVER): (),
    (Whom.RECEIVER, Whom.SENDER): ((If.ALWAYS, _RESET),),
    (Whom.RECEIVER, Whom.OTHER): ((If.NEWS_OF_MINE, _RESET),),
    (Whom.RECEIVER, Whom.NOBODY): (),
    (Whom.OTHER, Whom.RECEIVER): ((If.NEWS_OF_THEIRS | If.OUTBIDS, _UPDATE),),
    (Whom.OTHER, Whom.SENDER): ((If.NEWS_OF_THEIRS, _UPDATE), (If.ALWAYS, _RESET)),
    (Whom.OTHER, Whom.SAME): ((If.NEWS_OF_THEIRS, _UPDATE),),
    (Whom.OTHER, Whom.OTHER): (
        (If.NO_OLDER_OF_THEIRS | If.NEWS_OF_MINE, _UPDATE),
        (If.NEWS_OF_THEIRS | If.OUTBIDS, _UPDATE),
        (If.OLDER_OF_THEIRS | If.NEWS_OF_MINE, _RESET),
    ),
    (Whom.OTHER, Whom.NOBODY): ((If.NEWS_OF_THEIRS, _UPDATE),),
    (Whom.NOBODY, Whom.RECEIVER): (),
    (Whom.NOBODY, Whom.SENDER): ((If.ALWAYS, _UPDATE),),
    (Whom.NOBODY, Whom.OTHER): ((If.NEWS_OF_MINE, _UPDATE),),
    (Whom.NOBODY, Whom.NOBODY): (),
}
"""By whom the sender, then whom the receiver believes in: the first rule whose conditions all hold
decides; when none does, the receiver leaves its belief as it is."""


def decide(
    sender: RobotId,
    receiver: RobotId,
    theirs: Claim,
    mine: Claim,
    sender_heard: Mapping[RobotId, Word],
    receiver_heard: Mapping[RobotId, Word],
) -> Action:
    """What the receiver makes of the sender's belief about one task that is not over.

    Parameters
    ----------
    sender_heard, receiver_heard : newest word that either has of each robot.
    """
    they_believe = _whom(theirs, sender, receiver)
    i_believe = _whom(mine, sender, receiver)
    if they_believe is i_believe is Whom.OTHER and theirs.winner == mine.winner:
        i_believe = Whom.SAME
    rules = TABLE[they_believe, i_believe]
    if not rules:
        return Action.LEAVE
    holds = If.ALWAYS
    if theirs.outbids(mine):
        holds |= If.OUTBIDS
    news_of_theirs = _news(theirs.winner, sender_heard, receiver_heard)
    if news_of_theirs >= 0:
        holds |= If.NO_OLDER_OF_THEIRS
    if news_of_theirs > 0:
        holds |= If.NEWS_OF_THEIRS
    if news_of_theirs < 0:
        holds |= If.OLDER_OF_THEIRS
    if _news(mine.winner, sender_heard, receiver_heard) > 0:
        holds |= If.NEWS_OF_MINE
    for conditions, action in rules:
        if conditions & holds == conditions:
            return action
    return Action.LEAVE


def outcome(action: Action, theirs: Claim, mine: Claim) -> Claim:
    """The receiver's belief after an action."""
    return {Action.UPDATE: theirs, Action.RESET: NOBODY, Action.LEAVE: mine}[action]


def _whom(claim: Claim, sender: RobotId, receiver: RobotId) -> Whom:
    if not claim.winner:
        return Whom.NOBODY
    return {sender: Whom.SENDER, receiver: Whom.RECEIVER}.get(claim.winner, Whom.OTHER)


def _news(robot: RobotId, theirs: Mapping[RobotId, Word], mine: Mapping[RobotId, Word]) -> int:
    """Positive when they have the newer word of a robot, negative when I have."""
    return theirs.get(robot, UNHEARD).stamp - mine.get(robot, UNHEARD).stamp

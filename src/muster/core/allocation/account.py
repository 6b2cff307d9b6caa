"""The account of an award: who offered what, and what ruled the others out.

It is kept in the ledger with the award, so that any robot can answer "why this robot?" long after
the leader of that moment is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from muster.core.allocation.costs import Term
from muster.core.allocation.messages import CENT, Bid
from muster.core.types import ProtocolError, RobotId

TOP_OFFERS = 4
"""Offers kept, the winners' beside them."""


class Offer(msgspec.Struct, frozen=True, array_like=True):
    """What a robot offered to do a task for."""

    robot: RobotId
    terms: tuple[int, ...]
    """[cents of a cost unit] by `Term`."""
    extra: dict[str, float] = {}
    """[cost units] terms that only the robot knew of, by name."""

    @property
    def cost(self) -> float:
        """[cost units]"""
        return CENT * sum(self.terms)

    def named_terms(self) -> dict[str, float]:
        """[cost units] the terms that are not 0, by name; the robot's own by their own names."""
        named = {
            Term(number).name.lower(): CENT * cents
            for number, cents in enumerate(self.terms)
            if cents and not (Term(number) is Term.PRIVATE and self.extra)
        }
        return {**named, **self.extra}


class Account(msgspec.Struct, frozen=True, array_like=True):
    """How a task came to be awarded."""

    how: str
    """'auction', 'trade' or 'backup'."""
    number: int
    """Of the auction or trade, in its leader's term."""
    term: int
    offers: tuple[Offer, ...] = ()
    """The winners' first, then the cheapest others."""
    refusals: dict[RobotId, str] = {}
    """Why robots made no offer."""
    silent: tuple[RobotId, ...] = ()
    """Robots that were asked and had not answered in time."""
    gain: float = 0.0
    """[cost units] that a trade saves the team, all its tasks taken together."""
    obstacle: str = ''
    """Of a task that went to nobody: why none of the offers could be taken."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Account)


def encode_account(account: Account) -> bytes:
    return _ENCODER.encode(account)


def decode_account(data: bytes) -> Account:
    """Raises ProtocolError when the bytes are no account."""
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f'not an account of an award: {error}') from error


def offers_of(bids: Mapping[RobotId, Bid], winners: Sequence[RobotId]) -> tuple[Offer, ...]:
    """The winners' offers and the cheapest others, ties by name."""
    able = [robot for robot, bid in bids.items() if not bid.refusal and robot not in winners]
    able.sort(key=lambda robot: (bids[robot].cost, robot))
    shown = [robot for robot in winners if robot in bids] + able[:TOP_OFFERS]
    return tuple(Offer(robot, bids[robot].terms, bids[robot].extra) for robot in shown)


def sentence(winner: RobotId, offers: Sequence[Offer], free_in_s: float, held: int) -> str:
    """Why this robot, in words that an operator can check."""
    mine = next((one for one in offers if one.robot == winner), None)
    state = f'after {held} other{"s" * (held > 1)}' if held or free_in_s else 'free'
    if mine is None:
        return f'{state}; for the good of the whole team'
    others = [one for one in offers if one.robot != winner]
    text = f'{state}; cost {mine.cost:.0f}'
    if not others:
        return f'{text}, the only one able'
    rival = min(others, key=lambda one: (one.cost, one.robot))
    text += f' against {rival.cost:.0f} for {rival.robot}'
    if rival.cost < mine.cost:
        text += ', whose schedule gains more by other tasks'
    return text

"""How an auction takes bids, and when it is over."""

from __future__ import annotations

from muster.core.allocation.auction import Answer, Auction
from muster.core.allocation.messages import Bid, Bids
from muster.core.types import Outlook


def auction() -> Auction:
    return Auction(3, ('x', 'y'), frozenset({'a', 'b'}), closes_at=10.0)


def bids(*costs: float | str, number: int = 3) -> Bids:
    """Prices, or refusals in words."""
    return Bids(
        auction=number,
        term=1,
        outlook=Outlook(),
        bids=tuple(
            Bid(refusal=cost) if isinstance(cost, str) else Bid(terms=(round(100 * cost),))
            for cost in costs
        ),
    )


def test_it_is_over_as_soon_as_all_who_live_have_answered() -> None:
    one = auction()
    assert not one.is_over({'a', 'b'}, now=0.0)
    one.answer('a', bids(1.0, 2.0))
    assert not one.is_over({'a', 'b'}, now=0.0)
    assert one.is_over({'a'}, now=0.0), 'nobody waits for a robot that is not heard'
    one.answer('b', bids(1.0, 2.0))
    assert one.is_over({'a', 'b'}, now=0.0)


def test_it_is_over_when_its_time_is() -> None:
    assert auction().is_over({'a', 'b'}, now=10.0)
    assert auction().silent == ('a', 'b')


def test_the_first_word_of_a_robot_stands() -> None:
    one = auction()
    assert one.answer('a', bids(1.0, 2.0)) is Answer.TAKEN
    assert one.answer('a', bids(7.0, 8.0)) is Answer.DOUBLE
    assert one.doubles == 1
    assert one.bids_on('y')['a'].cost == 2.0


def test_answers_that_do_not_belong_to_it_are_strays() -> None:
    one = auction()
    assert one.answer('z', bids(1.0, 2.0)) is Answer.STRAY
    assert one.answer('a', bids(1.0, 2.0, number=2)) is Answer.STRAY
    assert one.answer('a', bids(1.0)) is Answer.STRAY, 'it leaves a lot without an answer'
    assert one.answers == {}


def test_refusals_are_told_by_lot() -> None:
    one = auction()
    one.answer('a', bids(1.0, 'lacks arms'))
    one.answer('b', bids('battery low', 2.0))
    assert one.refusals('x') == {'b': 'battery low'}
    assert one.refusals('y') == {'a': 'lacks arms'}

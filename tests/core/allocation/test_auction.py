"""Who wins what, and why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from muster.core.allocation.auction import Auction, Winner, resolve
from muster.core.allocation.messages import Bid, Bids, Lot
from muster.core.types import TaskSpec


def lot(name: str, priority: int = 100) -> Lot:
    return Lot(name, TaskSpec(kind='go_to', priority=priority))


def offers(**by_robot: dict[str, float | str]) -> dict[str, dict[str, Bid]]:
    """Prices, or refusals in words."""
    return {
        robot: {
            task: Bid(task_id=task, refusal=price)
            if isinstance(price, str)
            else Bid(task_id=task, cost=price, finish_s=price, travel_m=2.0)
            for task, price in prices.items()
        }
        for robot, prices in by_robot.items()
    }


def pairs(winners: tuple[Winner, ...]) -> dict[str, str]:
    return {winner.task_id: winner.robot for winner in winners}


def test_the_cheapest_pair_goes_first() -> None:
    bids = offers(a={'x': 5.0, 'y': 1.0}, b={'x': 6.0, 'y': 2.0})
    assert pairs(resolve((lot('x'), lot('y')), bids)) == {'y': 'a', 'x': 'b'}


def test_urgent_work_goes_before_cheap_work() -> None:
    bids = offers(a={'x': 50.0, 'y': 1.0})
    assert pairs(resolve((lot('y', 100), lot('x', 200)), bids)) == {'x': 'a'}


def test_each_robot_wins_at_most_one() -> None:
    bids = offers(a={'x': 1.0, 'y': 1.0, 'z': 1.0})
    assert pairs(resolve((lot('x'), lot('y'), lot('z')), bids)) == {'x': 'a'}


def test_ties_go_to_the_older_task_and_then_to_the_robot_that_sorts_first() -> None:
    bids = offers(b={'x': 1.0, 'y': 1.0}, a={'x': 1.0, 'y': 1.0})
    assert pairs(resolve((lot('y'), lot('x')), bids)) == {'y': 'a', 'x': 'b'}


def test_who_refuses_wins_nothing() -> None:
    bids = offers(a={'x': 'lacks arms'}, b={'x': 9.0})
    assert pairs(resolve((lot('x'),), bids)) == {'x': 'b'}
    assert resolve((lot('x'),), offers(a={'x': 'lacks arms'})) == ()
    assert resolve((lot('x'),), {}) == ()


def test_a_bid_on_what_was_not_offered_is_ignored() -> None:
    assert resolve((lot('x'),), offers(a={'other': 1.0})) == ()


def test_the_reason_is_in_words_with_the_next_best() -> None:
    bids = offers(a={'x': 31.4}, b={'x': 45.0}, c={'x': 'schedule is full'})
    (winner,) = resolve((lot('x'),), bids)
    assert winner.reason == 'done in 31 s (2.0 m away, free); cost 31 against 45 for b'
    (alone,) = resolve((lot('x'),), offers(a={'x': 31.4}))
    assert alone.reason.endswith('cost 31, the only one able')
    queued = {'a': {'x': Bid(task_id='x', cost=9.0, finish_s=9.0, travel_m=1.0, queued=2)}}
    (later,) = resolve((lot('x'),), queued)
    assert '(1.0 m away, after 2 other)' in later.reason


prices = st.one_of(st.integers(0, 5).map(float), st.just('no'))
names = st.sampled_from('abcd')
tasks = st.sampled_from('wxyz')


@given(
    st.dictionaries(names, st.dictionaries(tasks, prices)),
    st.lists(st.tuples(tasks, st.sampled_from([50, 100])), unique_by=lambda one: one[0]),
    st.randoms(use_true_random=False),
)
def test_the_result_depends_on_the_bids_alone_and_leaves_no_pair_that_wants_each_other(
    by_robot: dict[str, dict[str, float | str]],
    urgencies: list[tuple[str, int]],
    rng: object,
) -> None:
    lots = tuple(lot(task, priority) for task, priority in urgencies)
    bids = offers(**by_robot)
    winners = resolve(lots, bids)
    shuffled = list(bids.items())
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolve(lots, dict(shuffled)) == winners
    robots = [winner.robot for winner in winners]
    assert len(set(robots)) == len(robots)
    assert len(pairs(winners)) == len(winners)
    idle = set(bids) - set(robots)
    for left in {one.task_id for one in lots} - set(pairs(winners)):
        for robot in idle:
            assert left not in bids[robot] or bids[robot][left].refusal


def auction() -> Auction:
    return Auction(7, (lot('x'),), frozenset({'a', 'b'}), closes_at=10.0)


def answer(number: int = 7, cost: float = 1.0) -> Bids:
    return Bids(auction=number, term=1, bids=(Bid(task_id='x', cost=cost),))


def test_an_auction_is_over_when_all_who_live_have_answered() -> None:
    one = auction()
    one.answer('a', answer())
    assert not one.is_over({'a', 'b'}, now=1.0)
    assert one.is_over({'a'}, now=1.0), 'b has died meanwhile'
    one.answer('b', answer())
    assert one.is_over({'a', 'b'}, now=1.0)


def test_an_auction_is_over_when_its_time_is() -> None:
    assert not auction().is_over({'a', 'b'}, now=9.9)
    assert auction().is_over({'a', 'b'}, now=10.0)


def test_only_the_first_answer_of_an_invited_robot_to_this_call_counts() -> None:
    one = auction()
    one.answer('stranger', answer())
    one.answer('a', answer(number=6))
    assert one.answers == {}
    one.answer('a', answer(cost=3.0))
    one.answer('a', answer(cost=1.0))
    assert one.winners()[0].cost == 3.0


def test_refusals_are_told_by_robot() -> None:
    one = auction()
    one.answer('b', Bids(auction=7, term=1, bids=(Bid(task_id='x', refusal='lacks arms'),)))
    one.answer('a', answer())
    assert one.refusals('x') == {'b': 'lacks arms'}

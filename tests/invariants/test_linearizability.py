"""The checker accepts what one copy of the state could have done, and nothing else."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, permutations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from muster.invariants.linearizability import UNKNOWN, Anomaly, Operation, find_anomaly
from muster.invariants.registers import (
    REGISTER,
    Append,
    CompareAndSet,
    Read,
    RegisterRequest,
    Write,
)


class Story:
    """A history, told line by line."""

    def __init__(self) -> None:
        self.history: list[Operation] = []

    def told(
        self,
        client: str,
        request: RegisterRequest,
        answer: object,
        begin: float,
        end: float = math.inf,
        key: str = 'x',
    ) -> Story:
        self.history.append(Operation(client, key, request, answer, begin, end))
        return self

    @property
    def anomaly(self) -> Anomaly | None:
        return find_anomaly(self.history, REGISTER)


# Good histories


def test_an_empty_history_is_linearizable() -> None:
    assert Story().anomaly is None


def test_operations_one_after_the_other() -> None:
    story = (
        Story()
        .told('a', Read(), '', 0, 1)
        .told('a', Write('1'), True, 2, 3)
        .told('b', Read(), '1', 4, 5)
        .told('b', CompareAndSet('1', '2'), '1', 6, 7)
        .told('a', CompareAndSet('1', '3'), '2', 8, 9)
        .told('a', Append('4'), '2', 10, 11)
        .told('b', Read(), '24', 12, 13)
    )
    assert story.anomaly is None


def test_a_read_during_a_write_may_see_either_value() -> None:
    for seen in ('', '1'):
        story = Story().told('a', Write('1'), True, 0, 10).told('b', Read(), seen, 1, 2)
        assert story.anomaly is None


def test_the_order_of_moments_need_not_be_that_of_ends() -> None:
    story = (
        Story()
        .told('a', Write('1'), True, 0, 10)
        .told('b', Write('2'), True, 1, 5)
        .told('c', Read(), '2', 6, 7)
        .told('c', Read(), '1', 8, 9)
    )
    assert story.anomaly is None


def test_what_was_given_up_may_take_effect_much_later_or_never() -> None:
    for seen in ('', '1'):
        story = (
            Story()
            .told('a', Write('1'), UNKNOWN, 0)
            .told('b', Read(), '', 5, 6)
            .told('b', Read(), seen, 50, 60)
        )
        assert story.anomaly is None


def test_what_was_given_up_may_take_effect_until_its_end() -> None:
    story = (
        Story()
        .told('a', Write('1'), UNKNOWN, 0, 10)
        .told('b', Read(), '', 5, 6)
        .told('b', Read(), '1', 50, 60)
    )
    assert story.anomaly is None


def test_operations_that_meet_in_one_instant_overlap() -> None:
    story = Story().told('a', Write('1'), True, 0, 1).told('b', Read(), '', 1, 2)
    assert story.anomaly is None


def test_keys_do_not_touch() -> None:
    story = Story().told('a', Write('1'), True, 0, 1, key='x').told('a', Read(), '', 2, 3, key='y')
    assert story.anomaly is None


# Bad histories


def test_a_stale_read_is_found() -> None:
    story = (
        Story()
        .told('a', Write('1'), True, 0, 1)
        .told('a', Write('2'), True, 2, 3)
        .told('b', Read(), '1', 4, 5)
    )
    assert story.anomaly is not None
    assert story.anomaly.culprit == story.history[-1]


def test_a_lost_update_is_found() -> None:
    story = (
        Story()
        .told('a', CompareAndSet('', '1'), '', 0, 10)
        .told('b', CompareAndSet('', '2'), '', 1, 11)
    )
    assert story.anomaly is not None


def test_a_read_of_what_is_written_only_later_is_found() -> None:
    story = Story().told('b', Read(), '1', 0, 1).told('a', Write('1'), True, 2, 3)
    assert story.anomaly is not None
    assert story.anomaly.operations == (story.history[0],)


def test_a_read_of_what_nobody_wrote_is_found() -> None:
    assert Story().told('b', Read(), '7', 0, 1).anomaly is not None


def test_an_append_that_was_applied_twice_is_found() -> None:
    story = Story().told('a', Append('1'), '', 0, 1).told('b', Read(), '11', 2, 3)
    assert story.anomaly is not None


def test_an_append_that_was_given_up_and_applied_twice_is_found() -> None:
    story = Story().told('a', Append('1'), UNKNOWN, 0).told('b', Read(), '11', 2, 3)
    assert story.anomaly is not None


def test_two_observers_who_see_two_writes_in_opposite_orders_are_found() -> None:
    story = (
        Story()
        .told('a', Write('1'), True, 0, 20)
        .told('b', Write('2'), True, 0, 20)
        .told('c', Read(), '1', 1, 2)
        .told('c', Read(), '2', 3, 4)
        .told('d', Read(), '2', 1, 2)
        .told('d', Read(), '1', 3, 4)
    )
    assert story.anomaly is not None


def test_a_value_that_was_seen_cannot_go_away_again() -> None:
    story = (
        Story()
        .told('a', Write('1'), UNKNOWN, 0)
        .told('b', Read(), '1', 1, 2)
        .told('b', Read(), '', 3, 4)
    )
    assert story.anomaly is not None


def test_a_write_that_was_definitely_refused_must_never_be_seen() -> None:
    """It is no part of the history then."""
    story = (
        Story()
        .told('a', Write('1'), True, 0, 1)
        .told('b', Read(), '1', 2, 3)
        .told('b', Read(), 'refused', 4, 5)
    )
    assert story.anomaly is not None


def test_what_was_given_up_cannot_take_effect_after_its_end() -> None:
    story = (
        Story()
        .told('a', Write('1'), UNKNOWN, 0, 10)
        .told('b', Read(), '', 11, 12)
        .told('b', Read(), '1', 50, 60)
    )
    assert story.anomaly is not None


def test_a_failed_comparison_is_evidence_too() -> None:
    story = Story().told('a', Write('1'), True, 0, 1).told('b', CompareAndSet('1', '2'), '', 2, 3)
    assert story.anomaly is not None


# What is told about it


def test_the_shortest_impossible_beginning_is_told() -> None:
    story = (
        Story()
        .told('a', Write('1'), True, 0, 1)
        .told('b', Write('2'), True, 2, 9)
        .told('c', Read(), '1', 3, 4)
        .told('d', Read(), 'odd', 5, 6)
        .told('c', Read(), 'odder', 10, 11)
        .told('a', Read(), 'fine', 0, 1, key='y')
        .told('a', Write('fine'), True, 0, 1, key='y')
    )
    anomaly = story.anomaly
    assert anomaly is not None
    assert anomaly.key == 'x'
    assert anomaly.culprit == story.history[3]
    assert [one.client for one in anomaly.operations] == ['a', 'b', 'c', 'd']
    assert anomaly.operations[1].answer is UNKNOWN, 'it was not answered by then'
    assert [one.client for one in anomaly.explained] == ['a', 'c']
    assert anomaly.state == '1'
    assert str(anomaly) == (
        "key 'x' is not linearizable: no order explains the answer to\n"
        "    [5.0000, 6.0000] d: read -> 'odd'\n"
        '  among what was asked until then:\n'
        "    [0.0000, 1.0000] a: write '1' -> True\n"
        "    [2.0000, never] b: write '2' -> ?\n"
        "    [3.0000, 4.0000] c: read -> '1'\n"
        "    [5.0000, 6.0000] d: read -> 'odd'\n"
        '  The longest order that goes:\n'
        "    [0.0000, 1.0000] a: write '1' -> True\n"
        "    [3.0000, 4.0000] c: read -> '1'\n"
        "  which makes the state '1'."
    )


def test_of_several_keys_the_one_that_fails_first_is_told() -> None:
    story = (
        Story()
        .told('a', Read(), 'late', 8, 9, key='x')
        .told('a', Read(), 'early', 0, 1, key='y')
        .told('a', Read(), '', 0, 1, key='z')
    )
    assert story.anomaly is not None
    assert story.anomaly.key == 'y'


# Against all orders there are


def orders(history: list[Operation]) -> Iterator[tuple[Operation, ...]]:
    """Every order of the certain operations and any of the others."""
    certain = [one for one in history if one.is_certain]
    others = [one for one in history if not one.is_certain]
    subsets = chain.from_iterable(combinations(others, n) for n in range(len(others) + 1))
    for some in subsets:
        yield from permutations([*certain, *some])


def is_explained_by(order: tuple[Operation, ...]) -> bool:
    value = ''
    for place, one in enumerate(order):
        if any(later.returned < one.invoked for later in order[place + 1 :]):
            return False
        is_right, value = REGISTER.step(value, one.request, one.answer)
        if not is_right:
            return False
    return True


moments = st.integers(0, 12)
texts = st.sampled_from(['', '1', '2'])
asked = st.one_of(
    st.tuples(st.just(Read()), texts),
    st.tuples(st.builds(Write, texts), st.just(True)),
    st.tuples(st.builds(CompareAndSet, texts, texts), texts),
    st.tuples(st.builds(Append, texts), texts),
)


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    request, answer = draw(asked)
    begin, length = draw(moments), draw(moments)
    end: float = begin + length
    if draw(st.integers(0, 3)) == 0:
        answer, end = UNKNOWN, draw(st.sampled_from([end, math.inf]))
    return Operation('c', 'x', request, answer, begin, end)


@settings(max_examples=400, deadline=None)
@given(st.lists(operations(), max_size=5))
def test_it_agrees_with_trying_all_orders(history: list[Operation]) -> None:
    is_linearizable = any(map(is_explained_by, orders(history)))
    event(f'linearizable: {is_linearizable}')
    anomaly = find_anomaly(history, REGISTER)
    assert (anomaly is None) == is_linearizable
    if anomaly is not None:
        shorter = [
            one
            if one.returned < anomaly.culprit.returned
            else replace(one, answer=UNKNOWN, returned=math.inf)
            for one in history
            if one.invoked <= anomaly.culprit.returned
        ]
        assert any(map(is_explained_by, orders(shorter))), 'a shorter beginning is impossible'
        assert is_explained_by(anomaly.explained)


# Large histories


def atomic_history(seed: int, clients: int, count: int) -> list[Operation]:
    """What clients of a single copy of the state see; some give up."""
    rng = random.Random(seed)
    value = ''
    free_at = [0.0] * clients
    history = []
    moment = 0.0
    for number in range(count):
        moment += rng.expovariate(10.0)
        client = rng.randrange(clients)
        begin = max(free_at[client], moment - rng.uniform(0.0, 0.5))
        moment = max(moment, begin)
        request = rng.choice(
            [Read(), Write(f'{number}'), CompareAndSet(value, f'{number}'), Append(f'.{number}')]
        )
        answer: object
        if rng.random() < 0.1:
            answer, end = UNKNOWN, rng.choice([moment + 1.0, math.inf])
            free_at[client] = moment + 0.5
            if rng.random() < 0.5:
                value = REGISTER.step(value, request, UNKNOWN)[1]  # type: ignore[assignment]
        else:
            answer = answer_to(value, request)
            value = REGISTER.step(value, request, answer)[1]  # type: ignore[assignment]
            end = free_at[client] = moment + rng.uniform(0.0, 0.5)
        history.append(Operation(f'c{client}', 'x', request, answer, begin, end))
    return history


def answer_to(value: str, request: RegisterRequest) -> object:
    match request:
        case Write():
            return True
        case _:
            return value


def test_histories_of_a_single_copy_are_accepted_and_a_stale_read_in_them_is_found() -> None:
    for seed in range(10):
        history = atomic_history(seed, 6, 250)
        assert find_anomaly(history, REGISTER) is None
        reads = [
            number
            for number, one in enumerate(history)
            if isinstance(one.request, Read) and one.is_certain and number > 200
        ]
        wrong = list(history)
        wrong[reads[0]] = replace(wrong[reads[0]], answer='0')
        anomaly = find_anomaly(wrong, REGISTER)
        assert anomaly is not None
        assert anomaly.culprit == wrong[reads[0]]

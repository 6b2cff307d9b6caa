"""Commands take effect once, whatever becomes of their proposals and answers."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.raft import (
    CommandApplied,
    CommandRefused,
    Done,
    Entry,
    EntryKind,
    NoSessionError,
    NotDone,
    OpenSession,
    Refusal,
    SessionClient,
    SessionCommand,
    SessionEntry,
    SessionOpened,
    SessionOutcome,
    Sessions,
    Unknown,
    encode_session_entry,
)
from muster.core.raft import client as client_side
from muster.core.raft import sessions as table
from muster.core.types import ProtocolError


class Tally:
    """Appends every command to a list, and answers with its length."""

    def __init__(self) -> None:
        self.commands: list[bytes] = []

    def apply(self, command: bytes) -> bytes:
        self.commands.append(command)
        return b'%d' % len(self.commands)

    def encode(self) -> bytes:
        return msgspec.msgpack.encode(self.commands)

    def restore(self, data: bytes) -> None:
        self.commands = msgspec.msgpack.decode(data, type=list[bytes])


class Log:
    """Sessions over a tally, fed entry by entry."""

    def __init__(self, limit: int = 8) -> None:
        self.tally = Tally()
        self.sessions = Sessions(self.tally, limit)
        self.index = 0

    def take(self, data: bytes, kind: EntryKind = EntryKind.COMMAND) -> SessionOutcome | None:
        self.index += 1
        return self.sessions.apply(Entry(self.index, 1, data, kind))

    def open(self, client: str = 'someone') -> int:
        outcome = self.take(encode_session_entry(OpenSession(client)))
        assert outcome == SessionOpened(client, self.index)
        return self.index

    def command(
        self, session: int, number: int, data: bytes = b'x', awaited_from: int = 1
    ) -> SessionOutcome | None:
        return self.take(encode_session_entry(SessionCommand(session, number, awaited_from, data)))


# The table


def test_a_session_is_named_by_the_index_of_its_entry() -> None:
    log = Log()
    log.take(b'')
    assert [log.open('a'), log.open('a')] == [2, 3]


def test_a_repeated_command_is_answered_from_memory() -> None:
    log = Log()
    session = log.open()
    assert log.command(session, 1, b'lift') == CommandApplied(session, 1, b'1')
    assert log.command(session, 2, b'carry') == CommandApplied(session, 2, b'2')
    assert log.command(session, 1, b'lift') == CommandApplied(session, 1, b'1', is_repeat=True)
    assert log.tally.commands == [b'lift', b'carry']


def test_equal_numbers_of_different_sessions_are_different_commands() -> None:
    log = Log()
    for session in (log.open(), log.open()):
        assert isinstance(log.command(session, 1), CommandApplied)
    assert len(log.tally.commands) == 2


def test_commands_under_way_together_may_arrive_in_any_order() -> None:
    log = Log()
    session = log.open()
    for number in (3, 1, 2):
        assert isinstance(log.command(session, number), CommandApplied)


def test_what_is_awaited_no_more_is_forgotten_and_never_applied() -> None:
    log = Log()
    session = log.open()
    log.command(session, 1)
    log.command(session, 4, awaited_from=3)
    for given_up in (1, 2):
        assert log.command(session, given_up) == CommandRefused(
            session, given_up, Refusal.GIVEN_UP
        )
        assert log.sessions.recall(session, given_up) == CommandRefused(
            session, given_up, Refusal.GIVEN_UP
        )
    assert isinstance(log.command(session, 3), CommandApplied)
    assert len(log.tally.commands) == 3


def test_the_session_that_was_not_used_for_longest_makes_room() -> None:
    log = Log(limit=2)
    first, second = log.open(), log.open()
    log.command(first, 1)
    third = log.open()
    assert log.command(second, 1) == CommandRefused(second, 1, Refusal.ENDED)
    assert log.command(first, 1) == CommandApplied(first, 1, b'1', is_repeat=True)
    assert isinstance(log.command(third, 1), CommandApplied)
    assert len(log.sessions) == 2


def test_a_command_of_no_session_is_refused() -> None:
    log = Log()
    log.take(b'')
    assert log.command(1, 1) == CommandRefused(1, 1, Refusal.ENDED)
    assert log.sessions.recall(1, 1) == CommandRefused(1, 1, Refusal.ENDED)


def test_a_member_that_lags_does_not_take_a_session_it_has_not_seen_for_ended() -> None:
    log = Log()
    log.open()
    assert log.sessions.recall(2, 1) is None


def test_more_commands_than_the_window_are_refused_by_the_entry_alone() -> None:
    log = Log()
    session = log.open()
    ahead = table.WINDOW + 1
    assert log.command(session, ahead) == CommandRefused(session, ahead, Refusal.TOO_MANY)
    log.command(session, ahead, awaited_from=2)
    assert log.command(session, ahead + 5) == CommandRefused(session, ahead + 5, Refusal.TOO_MANY)
    assert len(log.tally.commands) == 1


def test_entries_without_a_command_are_passed_over() -> None:
    log = Log()
    assert log.take(b'') is None
    assert log.take(b'anything', EntryKind.MEMBERSHIP) is None


def test_what_no_session_proposed_is_refused_without_a_change() -> None:
    log = Log()
    session = log.open()
    before = log.sessions.encode()
    for nonsense in (b'\xc1', b'\x01', msgspec.msgpack.encode({'type': 'command'})):
        with pytest.raises(ProtocolError, match='not a session'):
            log.take(nonsense)
    with pytest.raises(ProtocolError):
        log.command(session, 0)
    assert log.sessions.encode() == before


def test_a_snapshot_holds_the_table_and_its_order() -> None:
    log = Log(limit=2)
    first, second = log.open(), log.open()
    log.command(first, 1, b'lift')
    other = Log(limit=2)
    other.sessions.restore(log.sessions.encode())
    other.index = log.index
    assert other.tally.commands == [b'lift']
    assert other.command(first, 1) == CommandApplied(first, 1, b'1', is_repeat=True)
    assert other.sessions.recall(first, 1) == CommandApplied(first, 1, b'1', is_repeat=True)
    assert other.sessions.recall(second, 1) is None
    other.open()
    assert other.command(second, 1) == CommandRefused(second, 1, Refusal.ENDED)


def test_a_snapshot_that_is_none_or_of_another_limit_is_refused_without_a_change() -> None:
    log = Log(limit=2)
    log.open()
    before = log.sessions.encode()
    with pytest.raises(ProtocolError, match='not a table'):
        log.sessions.restore(b'\x00')
    with pytest.raises(ProtocolError, match='room for 3 sessions'):
        log.sessions.restore(Sessions(Tally(), 3).encode())
    assert log.sessions.encode() == before


def test_there_must_be_room_for_a_session() -> None:
    with pytest.raises(ValueError, match='limit is 0'):
        Sessions(Tally(), 0)


requests = st.lists(
    st.one_of(
        st.builds(OpenSession, st.sampled_from('ab')),
        st.builds(
            SessionCommand,
            st.integers(0, 12),
            st.integers(1, 5),
            st.integers(1, 5),
            st.binary(max_size=2),
        ),
    ),
    max_size=40,
)


@given(requests, st.integers(0, 40))
def test_any_log_makes_the_same_table_with_and_without_a_snapshot_on_the_way(
    entries: list[SessionEntry], pause: int
) -> None:
    straight, resumed = Log(limit=3), Log(limit=3)
    for index, entry in enumerate(entries):
        if index == pause:
            fresh = Log(limit=3)
            fresh.sessions.restore(resumed.sessions.encode())
            fresh.index = resumed.index
            resumed = fresh
        data = encode_session_entry(entry)
        assert straight.take(data) == resumed.take(data)
        assert straight.sessions.encode() == resumed.sessions.encode()
        assert len(straight.sessions) <= 3


@given(requests)
def test_no_command_is_applied_twice_and_its_answer_never_changes(
    entries: list[SessionEntry],
) -> None:
    log = Log(limit=3)
    results: dict[tuple[int, int], bytes] = {}
    for entry in entries:
        outcome = log.take(encode_session_entry(entry))
        if isinstance(outcome, CommandApplied):
            key = (outcome.session, outcome.number)
            assert (key in results) == outcome.is_repeat
            assert results.setdefault(key, outcome.result) == outcome.result
    assert len(log.tally.commands) == len(results)


# The client


def opened(log: Log, name: str = 'a') -> SessionClient:
    client = SessionClient(name)
    outcome = log.take(client.open())
    assert outcome is not None
    assert client.take(outcome) == ()
    return client


def test_a_client_learns_what_became_of_its_commands() -> None:
    log = Log()
    client = opened(log)
    number, entry = client.command(b'lift')
    assert client.awaited == (number,)
    outcome = log.take(entry)
    assert outcome is not None
    assert client.take(outcome) == (Done(number, b'1'),)
    assert client.awaited == ()
    assert client.take(outcome) == (), 'the same answer again'


def test_a_repetition_tells_what_is_awaited_by_now() -> None:
    client = opened(Log())
    first, _ = client.command(b'lift')
    second, _ = client.command(b'carry')
    assert client.give_up(first) == Unknown(first, 'no answer in time')
    assert table.decode_session_entry(client.repeat(second)) == SessionCommand(
        client.session, second, second, b'carry'
    )


def test_without_a_session_or_room_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoSessionError, match='open one first'):
        SessionClient('a').command(b'x')
    monkeypatch.setattr(client_side, 'WINDOW', 2)
    client = opened(Log())
    client.command(b'x')
    client.command(b'x')
    with pytest.raises(NoSessionError, match='give up'):
        client.command(b'x')


def test_when_the_session_ends_what_was_watched_has_definitely_failed() -> None:
    log = Log(limit=1)
    client = opened(log)
    unwatched, _ = client.command(b'lift')
    client.missed_outcomes()
    watched, entry = client.command(b'carry')
    log.open('another')
    refused = log.take(entry)
    assert isinstance(refused, CommandRefused)
    reason = f'session {refused.session} has ended'
    assert client.take(refused) == (Unknown(unwatched, reason), NotDone(watched, reason))
    assert client.session == 0
    assert log.tally.commands == []


def test_the_first_answer_to_the_latest_opening_counts() -> None:
    log = Log()
    client = SessionClient('a')
    entry = client.open()
    for _ in range(2):
        outcome = log.take(entry)
        assert outcome is not None
        client.take(outcome)
        assert client.session == 1
    client = SessionClient('b')
    late = log.take(client.open())
    assert late is not None
    client.open()
    client.take(late)
    assert client.session == 0


def test_a_member_that_restarts_does_not_bring_an_ended_session_back() -> None:
    """Its old answers would be taken for those to new commands with the same numbers."""
    log = Log(limit=1)
    client = SessionClient('a')
    entries = [client.open()]
    before = [log.take(entries[0])]
    assert before[0] is not None
    client.take(before[0])
    before.append(log.take(client.command(b'lift')[1]))
    log.open('another')
    before.append(log.take(client.repeat(1)))
    for outcome in before:
        assert outcome is not None
        client.take(outcome)
    assert client.session == 0
    for outcome in before:
        assert outcome is not None
        assert client.take(outcome) == ()
    assert client.session == 0


@pytest.mark.parametrize('seed', range(60))
def test_conclusions_are_true_whatever_becomes_of_entries_and_answers(seed: int) -> None:
    """Entries are lost, doubled and late, outcomes are missed, sessions end of disuse."""
    rng = random.Random(seed)
    log = Log(limit=2)
    clients = [SessionClient(name) for name in 'abc']
    under_way: list[bytes] = []
    concluded: dict[bytes, list[object]] = {}
    names: dict[tuple[str, int, int], bytes] = {}
    for step in range(400):
        client = rng.choice(clients)
        label = f'{clients.index(client)}'
        match rng.randrange(6):
            case 0 if not client.session:
                under_way.append(client.open())
            case 1 if client.session and len(client.awaited) < 3:
                data = b'%d' % step
                number, entry = client.command(data)
                names[label, client.session, number] = data
                under_way.append(entry)
            case 2 if client.awaited:
                under_way.append(client.repeat(rng.choice(client.awaited)))
            case 3 if client.awaited and rng.random() < 0.3:
                number = rng.choice(client.awaited)
                data = names[label, client.session, number]
                concluded.setdefault(data, []).append(client.give_up(number))
            case _ if under_way:
                entry = rng.choice(under_way)
                if rng.random() < 0.7:
                    under_way.remove(entry)
                outcome = log.take(entry)
                assert outcome is not None
                for one in clients:
                    if rng.random() < 0.2:
                        one.missed_outcomes()
                        continue
                    session = one.session
                    for conclusion in one.take(outcome):
                        data = names[f'{clients.index(one)}', session, conclusion.number]
                        concluded.setdefault(data, []).append(conclusion)
    for entry in under_way:
        log.take(entry)
    assert len(concluded) > 5
    for data, conclusions in concluded.items():
        assert len(conclusions) == 1
        times = log.tally.commands.count(data)
        match conclusions[0]:
            case Done(result=result):
                assert times == 1
                assert log.tally.commands[int(result) - 1] == data
            case NotDone():
                assert times == 0
            case Unknown():
                assert times <= 1

"""Expectations on the group as a whole: who leads, what was said, what came of a request."""

from __future__ import annotations

from collections.abc import Iterable

from muster.core.raft import Append, SnapshotChunk

from .expectations import OPERATORS, MismatchError, compare, expectation
from .harness import Parcel
from .post import Filter, kind_of
from .script import ScriptError, Words, unquoted
from .stage import Stage


@expectation('leader OP MEMBER')
def leader(stage: Stage, words: Words) -> None:
    compare(' and '.join(stage.group.leaders), words)


@expectation('up OP MEMBER ...')
def up(stage: Stage, words: Words) -> None:
    compare(tuple(stage.group.up), words)


def _chosen(parcels: Iterable[Parcel], stage: Stage, words: Words) -> tuple[list[Parcel], Words]:
    concerns = Filter.parse(Words(tuple(words.until(*OPERATORS))), stage.members)
    return [parcel for parcel in parcels if concerns(parcel)], words


@expectation('sent FILTER OP NUMBER')
def sent(stage: Stage, words: Words) -> None:
    found, words = _chosen(stage.sent, stage, words)
    compare(len(found), words, _by_kind(found))


@expectation('waiting FILTER OP NUMBER')
def waiting(stage: Stage, words: Words) -> None:
    found, words = _chosen(stage.group.mail, stage, words)
    compare(len(found), words, _by_kind(found))


def _by_kind(parcels: list[Parcel]) -> str:
    kinds = [kind_of(parcel) for parcel in parcels]
    listed = ', '.join(f'{kinds.count(kind)} {kind}' for kind in dict.fromkeys(kinds))
    return f'{listed}: ' if listed else ''


@expectation('entries FILTER OP NUMBER')
def entries(stage: Stage, words: Words) -> None:
    found, words = _chosen(stage.sent, stage, words)
    compare(sum(len(_entries(parcel)) for parcel in found), words)


@expectation('largest FILTER OP NUMBER')
def largest(stage: Stage, words: Words) -> None:
    found, words = _chosen(stage.sent, stage, words)
    if not found:
        raise MismatchError('no such message was sent')
    compare(max(_payload_bytes(parcel) for parcel in found), words)


def _entries(parcel: Parcel) -> tuple[object, ...]:
    return parcel.message.entries if isinstance(parcel.message, Append) else ()


def _payload_bytes(parcel: Parcel) -> int:
    message = parcel.message
    if isinstance(message, SnapshotChunk):
        return len(message.data)
    return sum(len(one.data) for one in message.entries) if isinstance(message, Append) else 0


@expectation('pace MEMBER OP PACE')
def pace(stage: Stage, words: Words) -> None:
    name = stage.member(words)
    compare(stage.group.progress(stage.leader(), name).pace.value, words)


@expectation('match MEMBER OP INDEX')
def match(stage: Stage, words: Words) -> None:
    name = stage.member(words)
    compare(stage.group.progress(stage.leader(), name).match_index, words)


@expectation('read MEMBER N OP INDEX|failed|none')
def read(stage: Stage, words: Words) -> None:
    name, number = stage.member(words), words.number('the number of the read')
    index = stage.group.members[name].reads.get(number)
    compare('' if index is None else 'failed' if index < 0 else str(index), words)


@expectation('accepted')
def accepted(stage: Stage, words: Words) -> None:
    words.end()
    if stage.refusals:
        raise MismatchError(f'refused: {stage.refusals[0]}')


@expectation('refused "WORDS"')
def refused(stage: Stage, words: Words) -> None:
    wanted = unquoted(words.next('a part of the reason')).decode()
    if not wanted:
        raise ScriptError('the reason is empty')
    if not any(wanted in str(refusal) for refusal in stage.refusals):
        raise MismatchError('; '.join(map(str, stage.refusals)) or 'it was accepted')
    stage.refusals = []

"""Commands of time and of messages."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from muster.core.raft import SnapshotChunk

from .commands import command
from .post import Filter
from .script import ScriptError, Words
from .stage import Stage


@command('run DURATION')
def run(stage: Stage, words: Words) -> None:
    stage.group.run(words.seconds())


@command('wait DURATION')
def wait(stage: Stage, words: Words) -> None:
    stage.group.now += words.seconds()


@command('tick [MEMBER ...]')
def tick(stage: Stage, words: Words) -> None:
    names = stage.members(words.until()) if words else tuple(stage.group.awake)
    for name in names:
        stage.group.tick(stage.running(Words((name,))))


@command('elect MEMBER')
def elect(stage: Stage, words: Words) -> None:
    stage.group.elect(stage.running(words))


@command('settle')
def settle(stage: Stage, words: Words) -> None:
    stage.group.settle()


@command('partition MEMBER ... | MEMBER ... [| ...]')
def partition(stage: Stage, words: Words) -> None:
    sides = [stage.members(words.until('|'))]
    while words.take('|'):
        sides.append(stage.members(words.until('|')))
    side_of = {name: number for number, side in enumerate(sides) for name in side}
    if len(sides) < 2 or len(side_of) != sum(map(len, sides)):
        raise ScriptError('a partition has two sides or more, with every member on one')
    stage.part(side_of)


@command('lose FILTER')
def lose(stage: Stage, words: Words) -> None:
    stage.lose(Filter.parse(words, stage.members))


@command('heal')
def heal(stage: Stage, words: Words) -> None:
    stage.heal()


@command('hold FILTER')
def hold(stage: Stage, words: Words) -> None:
    stage.hold(Filter.parse(words, stage.members))


@command('release')
def release(stage: Stage, words: Words) -> None:
    stage.release()


@command('deliver [N] FILTER')
def deliver(stage: Stage, words: Words) -> None:
    count = _count(words)
    for parcel in stage.under_way(Filter.parse(words, stage.members))[:count]:
        stage.group.mail.remove(parcel)
        stage.group.deliver(parcel)
        stage.let_disks_work()


@command('drop [N] FILTER')
def drop(stage: Stage, words: Words) -> None:
    count = _count(words)
    for parcel in stage.under_way(Filter.parse(words, stage.members))[:count]:
        stage.group.mail.remove(parcel)


@command('double FILTER')
def double(stage: Stage, words: Words) -> None:
    stage.group.mail += stage.under_way(Filter.parse(words, stage.members))


@command('reverse FILTER')
def reverse(stage: Stage, words: Words) -> None:
    concerned = stage.under_way(Filter.parse(words, stage.members))
    if len(concerned) < 2:
        raise ScriptError('one message alone has no order')
    places = [place for place, one in enumerate(stage.group.mail) if one in concerned]
    for place, parcel in zip(places, reversed(concerned), strict=True):
        stage.group.mail[place] = parcel


@command('damage FILTER')
def damage(stage: Stage, words: Words) -> None:
    """Spoil the last byte of snapshot pieces."""
    for parcel in stage.under_way(Filter.parse(words, stage.members)):
        if not isinstance(parcel.message, SnapshotChunk) or not parcel.message.data:
            raise ScriptError('only pieces of snapshots can be damaged')
        data = parcel.message.data[:-1] + bytes([parcel.message.data[-1] ^ 0xFF])
        spoilt = msgspec.structs.replace(parcel.message, data=data)
        stage.group.mail[stage.group.mail.index(parcel)] = replace(parcel, message=spoilt)


@command('replay first|last FILTER')
def replay(stage: Stage, words: Words) -> None:
    """Deliver a message of old again."""
    which = words.take('first', 'last')
    concerns = Filter.parse(words, stage.members)
    found = [parcel for parcel in stage.group.sent if concerns(parcel)]
    if not which or not found:
        raise ScriptError('say first or last, and of a message that was sent')
    stage.group.deliver(found[0 if which == 'first' else -1])


def _count(words: Words) -> int | None:
    number = words.take(*map(str, range(1, 100)))
    return int(number) if number else None

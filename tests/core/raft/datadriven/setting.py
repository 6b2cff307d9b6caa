"""Commands that set the stage: who is in the group, and what is on their disks and clocks."""

from __future__ import annotations

from dataclasses import fields

from muster.core.raft import Entry, HardState, RaftConfig

from .commands import command
from .harness import Group, Patience
from .script import ScriptError, Words
from .stage import Stage

_LIMITS = {one.name for one in fields(RaftConfig)} - {'me', 'voters'}


@command('cluster MEMBER ... [leader=MEMBER] [seed=N] [LIMIT=VALUE ...]')
def cluster(stage: Stage, words: Words) -> None:
    given = words.until()
    names = [word for word in given if '=' not in word]
    options = dict(word.split('=', 1) for word in given if '=' in word)
    if not names or any(len(name) != 1 for name in names):
        raise ScriptError('a group has members with names of one letter')
    leader, seed = options.pop('leader', ''), options.pop('seed', None)
    if unknown := set(options) - _LIMITS:
        raise ScriptError(f'{min(unknown)!r} is no limit; there are {", ".join(sorted(_LIMITS))}')
    stage.limits = {name: _number(value) for name, value in options.items()}
    group = Group(''.join(names), None if seed is None else int(seed), **stage.limits)
    stage.begin(group)
    if leader:
        stage.members([leader])
        group.elect(leader)
        group.tick(leader)
        group.settle()
        if group.leaders != [leader]:
            raise ScriptError(f'{leader} was not elected')


def _number(text: str) -> float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise ScriptError(f'{text!r} is no number') from None


@command('join MEMBER')
def join(stage: Stage, words: Words) -> None:
    name = words.next('a member')
    if name in stage.group.members or len(name) != 1:
        raise ScriptError(f'{name!r} is here already, or not one letter')
    stage.group.join(name)


@command('log MEMBER TERM ...')
def log(stage: Stage, words: Words) -> None:
    """Lay a log on the disk of a member: entry 2 of term 3 holds the command "2:3"."""
    name = stage.member(words)
    terms = []
    while words:
        terms.append(words.number('a term'))
    member = stage.group.members[name]
    entries = [Entry(i, term, f'{i}:{term}'.encode()) for i, term in enumerate(terms, start=1)]
    member.disk = [HardState(max(terms, default=0), ''), *entries]
    stage.group.start(name)


@command('term MEMBER TERM [vote MEMBER]')
def term(stage: Stage, words: Words) -> None:
    """Lay a term and a vote on the disk of a member."""
    name, number = stage.member(words), words.number('a term')
    vote = stage.member(words) if words.take('vote') else ''
    stage.group.members[name].disk.append(HardState(number, vote))
    stage.group.start(name)


@command('forget MEMBER N')
def forget(stage: Stage, words: Words) -> None:
    """Take the last entries from a disk, and let its owner know that promises are lost."""
    name, count = stage.member(words), words.number('a number of entries')
    member = stage.group.members[name]
    kept, hard = member.entries, member.hard_state
    if name in stage.group.up or not 0 < count <= len(kept):
        raise ScriptError(f'{name} must be down, and have had {count} entries')
    member.disk = [HardState(hard.term, '', hard.term), *kept[: len(kept) - count]]


@command('patience MEMBER SHARE')
def patience(stage: Stage, words: Words) -> None:
    name, share = stage.member(words), _number(words.next('a share'))
    rng = stage.group.members[name].rng
    if not isinstance(rng, Patience) or not 0 <= share <= 1:
        raise ScriptError('patience is a share from 0 to 1, of members without a seed')
    rng.share = share


@command('clock MEMBER RATE')
def clock(stage: Stage, words: Words) -> None:
    name, rate = stage.member(words), _number(words.next('a rate'))
    stage.group.members[name].clock.change_rate(rate, stage.group.now)

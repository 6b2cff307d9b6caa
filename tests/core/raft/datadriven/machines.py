"""Commands that do something to a member's disk or process."""

from __future__ import annotations

from .commands import command
from .script import ScriptError, Words
from .stage import Stage


@command('slow MEMBER ...')
def slow(stage: Stage, words: Words) -> None:
    for name in stage.members(words.until()):
        stage.group.members[name].is_disk_slow = True


@command('sync MEMBER [N]')
def sync(stage: Stage, words: Words) -> None:
    """Let a slow disk answer: for all that it was given, or for the N oldest writes."""
    name = stage.running(words)
    count = words.number('a number of writes') if words else None
    if len(stage.group.members[name].writes) < (count or 1):
        raise ScriptError(f'{name} has not so much to write')
    stage.group.sync(name, count)


@command('quick MEMBER ...')
def quick(stage: Stage, words: Words) -> None:
    for name in stage.members(words.until()):
        stage.group.members[name].is_disk_slow = False


@command('crash MEMBER ... [keeping N]')
def crash(stage: Stage, words: Words) -> None:
    """Kill processes; of the records that each was writing, the first N survive."""
    names = stage.members(words.until('keeping'))
    kept = words.number('a number of records') if words.take('keeping') else 0
    for name in names:
        if name not in stage.group.up:
            raise ScriptError(f'{name} is down already')
        if kept > sum(len(records) for _, records, _ in stage.group.members[name].writes):
            raise ScriptError(f'{name} was not writing {kept} records')
        stage.group.crash(name, kept)


@command('restart MEMBER ...')
def restart(stage: Stage, words: Words) -> None:
    for name in stage.members(words.until()):
        if name in stage.group.up:
            raise ScriptError(f'{name} runs already')
        stage.group.start(name)
        stage.group.tick(name)


@command('pause MEMBER ...')
def pause(stage: Stage, words: Words) -> None:
    stage.group.paused.update(stage.members(words.until()))


@command('resume MEMBER ...')
def resume(stage: Stage, words: Words) -> None:
    for name in stage.members(words.until()):
        if name not in stage.group.paused:
            raise ScriptError(f'{name} does not pause')
        stage.group.paused.discard(name)


@command('compact MEMBER ... [keep N]')
def compact(stage: Stage, words: Words) -> None:
    """Have members take snapshots of all that they have applied."""
    names = stage.members(words.until('keep'))
    keep = words.number('a number of entries') if words.take('keep') else 0
    for name in names:
        if stage.group[name].log.snapshot.index >= len(stage.group.members[name].applied):
            raise ScriptError(f'{name} has applied nothing since its last snapshot')
        stage.group.compact(name, keep)

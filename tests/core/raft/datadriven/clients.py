"""Commands of those who use the group: proposals, reads, changes of leader and members."""

from __future__ import annotations

from .commands import command
from .script import ScriptError, Words
from .stage import Stage


@command('propose MEMBER "DATA" ...')
def propose(stage: Stage, words: Words) -> None:
    name, data = stage.running(words), words.data()
    if not data:
        raise ScriptError('what is to be proposed?')
    stage.group.propose(name, *data)


@command('fill MEMBER N [bytes N]')
def fill(stage: Stage, words: Words) -> None:
    """Propose the commands "1" to "N", each for itself, blown up to a size."""
    name, count = stage.running(words), words.number('a number of commands')
    size = words.number('a number of bytes') if words.take('bytes') else 0
    for number in range(1, count + 1):
        stage.group.propose(name, str(number).encode().ljust(size, b'.'))


@command('forward MEMBER "DATA" ...')
def forward(stage: Stage, words: Words) -> None:
    name, data = stage.running(words), words.data()
    if not data:
        raise ScriptError('what is to be forwarded?')
    stage.group.forward(name, *data)


@command('read MEMBER N')
def read(stage: Stage, words: Words) -> None:
    stage.group.read(stage.running(words), words.number('the number of the read'))


@command('transfer MEMBER to MEMBER')
def transfer(stage: Stage, words: Words) -> None:
    name = stage.running(words)
    if not words.take('to'):
        raise ScriptError('to whom?')
    stage.group.transfer(name, stage.member(words))


@command('change MEMBER voters [MEMBER ...] [learners MEMBER ...]')
def change(stage: Stage, words: Words) -> None:
    """Have a leader exchange the members of the group; they need not run."""
    name = stage.running(words)
    if not words.take('voters'):
        raise ScriptError('who are the voters?')
    voters = words.until('learners')
    learners = words.until() if words.take('learners') else []
    stage.group.change(name, ''.join(voters), ''.join(learners))

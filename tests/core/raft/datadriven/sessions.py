"""Commands and expectations of client sessions, which make commands take effect once."""

from __future__ import annotations

from muster.core.raft import Conclusion, Done, NotDone, SessionClient, Unknown

from .commands import command
from .effects import Client, Effects, outcomes_of
from .expectations import compare, expectation
from .script import ScriptError, Words
from .stage import Stage

NAMES: dict[type[Conclusion], str] = {Done: 'done', NotDone: 'not-done', Unknown: 'unknown'}


@command('session MEMBER CLIENT')
def session(stage: Stage, words: Words) -> None:
    """Have a leader take the entry that opens a session."""
    name, client = stage.running(words), words.next('the name of a client')
    side = SessionClient(client)
    stage.clients[client] = Client(side)
    stage.group.propose(name, side.open())


@command('submit MEMBER CLIENT "DATA"')
def submit(stage: Stage, words: Words) -> None:
    """Have a leader take the next command of a session; it must be open."""
    name, client = stage.running(words), _client(stage, words)
    data = words.data()
    if len(data) != 1 or not client.side.session:
        raise ScriptError('one text, by a client that has heard of its session')
    stage.group.propose(name, client.side.command(data[0])[1])


@command('repeat MEMBER CLIENT N')
def repeat(stage: Stage, words: Words) -> None:
    """Have a leader take a command of which the client has heard nothing once more."""
    name, client = stage.running(words), _client(stage, words)
    number = words.number('the number of a command')
    if number not in client.side.awaited:
        raise ScriptError(f'command {number} is not awaited')
    stage.group.propose(name, client.side.repeat(number))


@command('hear MEMBER CLIENT')
def hear(stage: Stage, words: Words) -> None:
    """Tell a client what became of the entries that a member has applied."""
    name, client = stage.running(words), _client(stage, words)
    entries = stage.group.members[name].applied
    for entry, outcome in zip(entries, outcomes_of(entries, Effects()), strict=True):
        if outcome is not None and entry.index > client.heard_up_to:
            client.heard_up_to = entry.index
            found = client.side.take(outcome)
            client.conclusions |= {conclusion.number: conclusion for conclusion in found}


@expectation('concluded CLIENT N OP done|not-done|unknown|none')
def concluded(stage: Stage, words: Words) -> None:
    client, number = _client(stage, words), words.number('the number of a command')
    conclusion = client.conclusions.get(number)
    compare('' if conclusion is None else NAMES[type(conclusion)], words)


def _client(stage: Stage, words: Words) -> Client:
    name = words.next('the name of a client')
    if name not in stage.clients:
        raise ScriptError(f'{name!r} has no session: begin with `session MEMBER {name}`')
    return stage.clients[name]

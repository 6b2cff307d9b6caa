"""Expectations on what single members are, know and hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from muster.core.raft import EntryKind

from .effects import effects_of
from .expectations import OPERATORS, Found, MismatchError, compare, expectation, shown
from .harness import Group, node_log
from .script import ScriptError, Words
from .stage import Stage


def _quoted(data: list[bytes]) -> tuple[str, ...]:
    return tuple(f'"{one.decode()}"' for one in data)


def _log(group: Group, name: str) -> tuple[str, ...]:
    return tuple(str(entry.term) for entry in node_log(group.members[name]))


def _disk(group: Group, name: str) -> tuple[str, ...]:
    return tuple(str(entry.term) for entry in group.members[name].entries)


def _data(group: Group, name: str) -> tuple[str, ...]:
    entries = node_log(group.members[name])
    return _quoted([one.data for one in entries if one.data and one.kind is EntryKind.COMMAND])


def _cause(group: Group, name: str) -> str:
    changes = group.members[name].changes
    return f'"{changes[-1].cause}"' if changes else ''


MEASURES: dict[str, tuple[str, Callable[[Group, str], Found]]] = {
    'role': ('ROLE', lambda group, name: group[name].role.value),
    'term': ('NUMBER', lambda group, name: group[name].term),
    'vote': ('MEMBER', lambda group, name: group[name].voted_for),
    'follows': ('MEMBER', lambda group, name: group[name].leader),
    'cause': ('"WORDS"', _cause),
    'elections': ('NUMBER', lambda group, name: group[name].elections),
    'log': ('TERM ...', _log),
    'data': ('"DATA" ...', _data),
    'last': ('INDEX', lambda group, name: group[name].log.last_index),
    'commit': ('INDEX', lambda group, name: group[name].commit_index),
    'applied': ('"DATA" ...', lambda group, name: _quoted(group.data(name))),
    'effects': (
        '"DATA" ...',
        lambda group, name: _quoted(effects_of(group.members[name].applied)),
    ),
    'durable': ('INDEX', lambda group, name: group[name].durable_index),
    'disk': ('TERM ...', _disk),
    'writes': ('NUMBER', lambda group, name: len(group.members[name].writes)),
    'snapshot': ('INDEX', lambda group, name: group[name].log.snapshot.index),
    'base': ('INDEX', lambda group, name: group[name].log.base_index),
    'voters': ('MEMBER ...', lambda group, name: group[name].membership.voters),
    'outgoing': ('MEMBER ...', lambda group, name: group[name].membership.outgoing),
    'learners': ('MEMBER ...', lambda group, name: group[name].membership.learners),
}


def _check_measure(measure: Callable[[Group, str], Found], stage: Stage, words: Words) -> None:
    """Of the members named, or of all that run."""
    names = words.until(*OPERATORS)
    rest = tuple(words.until())
    chosen = stage.members(names) if names else tuple(stage.group.up)
    if not chosen:
        raise ScriptError('no member runs')
    for name in chosen:
        if stage.group.members[name].node is None:
            raise MismatchError(f'{name} is down')
        compare(measure(stage.group, name), Words(rest), f'{name}: ')


for _noun, (_value, _measure) in MEASURES.items():
    expectation(f'{_noun} [MEMBER ...] OP {_value}')(partial(_check_measure, _measure))


@expectation('same MEASURE [MEMBER ...]')
def same(stage: Stage, words: Words) -> None:
    noun = words.next('a measure')
    if noun not in MEASURES:
        raise ScriptError(f'{noun!r} is no measure; there are {", ".join(MEASURES)}')
    names = stage.members(words.until()) if words else tuple(stage.group.up)
    found = {name: MEASURES[noun][1](stage.group, name) for name in names}
    if len(found) < 2:
        raise ScriptError('to be the same, there must be two')
    if len(set(found.values())) > 1:
        raise MismatchError('; '.join(f'{name}: {shown(one)}' for name, one in found.items()))

"""Shows where every member stands, for the report of a scenario that fails."""

from __future__ import annotations

from itertools import groupby

from .harness import Group, Member, node_log


def state_of(group: Group) -> str:
    """One line for each member: what it is, what it holds, as index:term, and what it knows."""
    return '\n'.join(f'  {name}  {_member(group, name)}' for name in group.members)


def _member(group: Group, name: str) -> str:
    member = group.members[name]
    if member.node is None:
        return f'down, with log {_ranges([one.term for one in member.entries])} on disk'
    node = member.node
    parts = [
        node.role.value + (' (paused)' if name in group.paused else ''),
        f'term {node.term}',
        f'vote {node.voted_for or "-"}',
        f'follows {node.leader or "-"}',
        f'log {_ranges([one.term for one in node_log(member)])}',
        f'commit {node.commit_index}',
        f'durable {node.durable_index}',
    ]
    if node.log.snapshot.index:
        parts.append(f'snapshot {node.log.snapshot.index}')
    return ', '.join([*parts, _membership(member)])


def _membership(member: Member) -> str:
    assert member.node is not None
    membership = member.node.membership
    text = 'voters ' + ' '.join(membership.voters)
    if membership.outgoing:
        text += ', outgoing ' + ' '.join(membership.outgoing)
    if membership.learners:
        text += ', learners ' + ' '.join(membership.learners)
    return text


def _ranges(terms: list[int]) -> str:
    """`1-3:1 4:2` for the terms 1 1 1 2."""
    shown = []
    for term, run in groupby(enumerate(terms, start=1), key=lambda one: one[1]):
        indices = [index for index, _ in run]
        span = str(indices[0]) if len(indices) == 1 else f'{indices[0]}-{indices[-1]}'
        shown.append(f'{span}:{term}')
    return ' '.join(shown) or 'empty'

"""I5, agreement: Raft's five safety properties (Ongaro 2014, figure 3.2), judged as members act.

What has changed is checked after every step, so the cost of a step does not grow with the length
of the log:

- *election safety*: a term has one leader;
- *leader append-only*: what stood at the end of a leader's log still stands there;
- *log matching*: index and term decide an entry and the term of the one before it, by which, step
  by step, they decide all before it;
- *leader completeness*: a new leader's log holds the newest entry that was committed in an earlier
  term, and by log matching all before it;
- *state machine safety*: what one member has called committed at an index, all call committed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from muster.core.raft import Entry, RaftNode
from muster.core.types import RobotId


@dataclass
class _Seen:
    """What was last seen of one member's process."""

    node: RaftNode
    term: int = 0
    was_leader: bool = False
    last_index: int = 0
    last_term: int = 0
    committed: int = 0


class Agreement:
    """Judges one group.

    Parameters
    ----------
    fail : raises, with what was broken.
    """

    def __init__(self, fail: Callable[[str], NoReturn]) -> None:
        self.committed: dict[int, Entry] = {}
        """The log of the group, as far as any member has ever called it committed."""
        self.leaders: dict[int, RobotId] = {}
        """By term."""
        self._fail = fail
        self._seen: dict[RobotId, _Seen] = {}
        self._committed_at: list[int] = []
        """Indices of `committed`, in their order."""
        self._committed_in: list[int] = []
        """Term of the member that was first seen to call each entry committed: it was at the
        latest then."""
        self._written: dict[tuple[int, int], tuple[int, bytes]] = {}

    @property
    def committed_index(self) -> int:
        """As far as any member has ever called the log committed."""
        return self._committed_at[-1] if self._committed_at else 0

    def booted(self, member: RobotId, node: RaftNode) -> None:
        self._seen[member] = _Seen(node)

    def crashed(self, member: RobotId) -> None:
        del self._seen[member]

    def writes(self, member: RobotId, records: Iterable[object]) -> None:
        """Log matching, for entries on their way to the disk."""
        log = self._seen[member].node.log
        for record in records:
            if not isinstance(record, Entry):
                continue
            fact = (log.term_at(record.index - 1), record.data)
            if log.term_at(record.index) != record.term or fact[0] < 0:
                continue  # replaced or compacted in the same step
            if self._written.setdefault((record.index, record.term), fact) != fact:
                self._fail(f'{member} has another entry {record.index} of term {record.term}')

    def observe(self, member: RobotId) -> list[Entry]:
        """Look at a member that has just done something; returns the entries that nobody had
        called committed before."""
        seen = self._seen[member]
        node = seen.node
        if node.is_leader:
            self._check_leader(member, seen)
        seen.was_leader = node.is_leader
        seen.term = node.term
        seen.last_index, seen.last_term = node.log.last_index, node.log.last_term
        return self._check_committed(member, seen) if node.commit_index > seen.committed else []

    def _check_leader(self, member: RobotId, seen: _Seen) -> None:
        node = seen.node
        if seen.was_leader and seen.term == node.term:
            if node.log.term_at(seen.last_index) != seen.last_term:
                self._fail(f'{member} has shortened its log while it led term {node.term}')
            return
        elected = self.leaders.setdefault(node.term, member)
        if elected != member:
            self._fail(f'{member} and {elected} both lead term {node.term}')
        self._check_completeness(member, node)

    def _check_completeness(self, member: RobotId, node: RaftNode) -> None:
        """It may have been elected late: only earlier terms count."""
        earlier = bisect_left(self._committed_in, node.term)
        if not earlier:
            return
        index = self._committed_at[earlier - 1]
        is_compacted = index < node.log.base_index
        if not is_compacted and node.log.term_at(index) != self.committed[index].term:
            self._fail(
                f'{member} leads term {node.term} without entry {index} of term '
                f'{self.committed[index].term}, committed in term '
                f'{self._committed_in[earlier - 1]}',
            )

    def _check_committed(self, member: RobotId, seen: _Seen) -> list[Entry]:
        node, news = seen.node, []
        first = max(seen.committed, node.log.base_index) + 1
        for entry in node.log.slice(first, node.commit_index + 1):
            if self.committed.setdefault(entry.index, entry) != entry:
                self._fail(f'{member} has committed another entry {entry.index} than others')
            if not self._committed_at or entry.index > self._committed_at[-1]:
                before = self._committed_in[-1] if self._committed_in else 0
                self._committed_at.append(entry.index)
                self._committed_in.append(max(before, node.term))
                news.append(entry)
        seen.committed = node.commit_index
        return news

"""Taking entries and snapshots from a leader.

Acknowledgements of entries wait for the disk; heartbeats are answered at once, because they
promise nothing that is not durable yet.
"""

from __future__ import annotations

from muster.core.raft.log import decode_membership
from muster.core.raft.messages import (
    NO_ROUND,
    Append,
    AppendReply,
    EntryKind,
    RaftRole,
    Snapshot,
    SnapshotChunk,
    SnapshotReply,
)
from muster.core.raft.snapshots import Intake
from muster.core.raft.state import MemberState
from muster.core.types import ProtocolError, RobotId


class Follower:
    """The following side of one member."""

    def __init__(self, state: MemberState) -> None:
        self.intake = Intake()
        self.snapshots_installed = 0
        self._state = state

    # Entries

    def check(self, sender: RobotId, message: Append) -> None:
        """Raise ProtocolError for what a correct leader cannot send to this member."""
        state = self._state
        if state.role is RaftRole.LEADER and message.term == state.term:
            me = state.config.me
            raise ProtocolError(f'{sender} claims to lead term {message.term}, which {me} leads')
        if message.prev_index < 0:
            raise ProtocolError(f'there is no entry {message.prev_index}')
        term = message.prev_term
        for index, entry in enumerate(message.entries, message.prev_index + 1):
            if entry.index != index or not term <= entry.term <= message.term:
                raise ProtocolError(f'entry {entry.index} of term {entry.term} is out of order')
            is_known = state.log.base_index < index <= state.commit_index
            is_replaced = is_known and state.log.term_at(index) != entry.term
            if is_replaced and message.term >= state.term:  # a former leader may not know of it
                raise ProtocolError(f'entry {index} is committed, and not of term {entry.term}')
            if entry.kind is EntryKind.MEMBERSHIP:
                decode_membership(entry.data)
            term = entry.term

    def append(self, sender: RobotId, message: Append) -> None:
        """Take the entries of this term's leader."""
        state = self._state
        prev_index, entries = message.prev_index, message.entries
        if prev_index < state.commit_index:
            # What is committed is the same everywhere, though it may be compacted here.
            skipped = min(state.commit_index - prev_index, len(entries))
            prev_index += skipped
            entries = entries[skipped:]
        elif state.log.term_at(prev_index) != message.prev_term:
            self.refuse(sender, message)
            return
        fresh = state.log.merge(entries, state.commit_index)
        if fresh:
            state.durability.replaced(fresh)
        last_new = prev_index + len(entries)
        state.commit(min(message.commit_index, last_new))
        if message.entries:
            state.promise(sender, self._acceptance(message.round, last_new))
        else:
            durable = min(last_new, state.durability.index)
            state.send(sender, self._acceptance(message.round, durable))

    def _acceptance(self, round: int, match_index: int) -> AppendReply:
        term = self._state.term
        return AppendReply(term=term, round=round, is_accepted=True, match_index=match_index)

    def refuse(self, sender: RobotId, message: Append) -> None:
        """Tell where the logs may still agree, or that the sender leads no more."""
        state = self._state
        hint = state.log.last_not_after(message.prev_index, message.prev_term)
        reply = AppendReply(
            term=state.term,
            round=self._round_of(message),
            is_accepted=False,
            prev_index=message.prev_index,
            hint_index=hint,
            hint_term=max(0, state.log.term_at(hint)),
        )
        state.send(sender, reply)

    def _round_of(self, message: Append | SnapshotChunk) -> int:
        """What an answer carries back. The sender of an old message may lead again by now, and
        counts its rounds anew: an old one would prove what never was."""
        return message.round if message.term == self._state.term else NO_ROUND

    # Snapshots

    def take_chunk(self, sender: RobotId, chunk: SnapshotChunk) -> Snapshot | None:
        """Take a piece of a snapshot from this term's leader; the whole when it was the last."""
        state = self._state
        if chunk.index <= state.commit_index:
            self.reply_to_chunk(sender, chunk, is_installed=True)
            return None
        snapshot = self.intake.take(chunk)
        if snapshot is None:
            self.reply_to_chunk(sender, chunk, is_installed=False)
            return None
        if state.log.term_at(snapshot.index) != snapshot.term:
            state.durability.log_discarded()
        state.log.install(snapshot)
        state.durability.snapshot_taken(snapshot)
        state.commit_index = snapshot.index
        self.snapshots_installed += 1
        self.reply_to_chunk(sender, chunk, is_installed=True)
        return snapshot

    def reply_to_chunk(self, sender: RobotId, chunk: SnapshotChunk, is_installed: bool) -> None:
        state = self._state
        reply = SnapshotReply(
            term=state.term,
            round=self._round_of(chunk),
            index=chunk.index,
            offset=self.intake.offset,
            is_installed=is_installed,
        )
        if is_installed:
            state.promise(sender, reply)
        else:
            state.send(sender, reply)

"""What Raft members say to one another, and what they write to disk.

None of these can be part of a cycle, so the garbage collector need not look at them (`gc=False`).
"""

from __future__ import annotations

import enum
from typing import Annotated, TypeAlias

import msgspec

from muster.core.raft.membership import Membership
from muster.core.types import RobotId

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Terms, indices and rounds. Bounded on the wire: a term at the end of the integers could never be
followed by another."""


NO_ROUND = 0
"""In an answer to a message of an older term: evidence of nothing. Rounds count from 1."""


class EntryKind(enum.IntEnum):
    COMMAND = 0
    """For the state machine; a leader's first entry of a term is an empty one."""
    MEMBERSHIP = 1
    """For the group itself: an encoded `Membership`."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One position of the log. The data of commands is opaque here. Written as an array: there are
    many of them."""

    index: Count
    term: Count
    data: bytes = b''
    kind: EntryKind = EntryKind.COMMAND


class HardState(msgspec.Struct, frozen=True, tag='hard_state', gc=False):
    """What a member must never forget: the newest term it knows, and whom it voted for in it."""

    term: Count = 0
    voted_for: RobotId = ''
    forgot_until: Count = 0
    """It may have made promises in terms up to this one that its disk has lost. Until its log has
    an entry of a later term it neither votes nor stands for election."""


class Snapshot(msgspec.Struct, frozen=True, tag='snapshot'):
    """The state machine after the entry at `index`; stands for all entries up to it."""

    index: Count
    term: Count
    membership: Membership
    data: bytes


Record: TypeAlias = Entry | HardState | Snapshot
"""On disk an entry replaces whatever stood at its index and after it; a snapshot replaces all
records before it."""


class Vote(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A candidate asks for a vote; with `is_poll` it only asks whether it would get one
    (pre-vote)."""

    term: Count
    last_index: Count
    last_term: Count
    is_poll: bool = False
    is_handover: bool = False
    """The leader itself wants this election: nobody need wait for its silence."""


class VoteReply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    term: Count
    """Of the vote when granted, otherwise the voter's own."""
    is_granted: bool
    is_poll: bool = False


class Append(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A leader's entries after `prev_index`; without entries, its heartbeat."""

    term: Count
    prev_index: Count
    prev_term: Count
    commit_index: Count
    round: Count
    """Counts the leader's sends; the reply carries it back as evidence that it still leads."""
    entries: tuple[Entry, ...] = ()


class AppendReply(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    term: Count
    round: Count
    is_accepted: bool
    match_index: Count = 0
    """When accepted: the log equals the leader's up to here, durably."""
    prev_index: Count = 0
    """When refused: the position that did not match."""
    hint_index: Count = 0
    """When refused: the last position that may match."""
    hint_term: Count = 0


class SnapshotChunk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A piece of a snapshot, for a follower that lacks what the leader's log no longer holds."""

    term: Count
    round: Count
    index: Count
    snapshot_term: Count
    membership: Membership
    offset: Count
    size: Count
    """Of the whole snapshot."""
    checksum: Count
    """CRC-32 of the whole snapshot."""
    data: bytes


class SnapshotReply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    term: Count
    round: Count
    index: Count
    """Of the snapshot."""
    offset: Count
    """How much of it has arrived: where the leader goes on."""
    is_installed: bool = False
    """All of it has arrived and is durable, or was not needed."""


class Propose(msgspec.Struct, frozen=True, gc=False):
    """A follower passes commands on to the leader. They may be lost."""

    data: tuple[bytes, ...]


class ReadRequest(msgspec.Struct, frozen=True, gc=False):
    """A follower asks up to where it must have applied the log to answer a read."""

    context: Count


class ReadReply(msgspec.Struct, frozen=True, gc=False):
    context: Count
    index: int
    """-1: the leader cannot say."""


class TakeOver(msgspec.Struct, frozen=True, gc=False):
    """The leader wants this member to stand for election at once."""

    term: Count


Message: TypeAlias = (
    Vote
    | VoteReply
    | Append
    | AppendReply
    | SnapshotChunk
    | SnapshotReply
    | Propose
    | ReadRequest
    | ReadReply
    | TakeOver
)


class RaftRole(enum.Enum):
    FOLLOWER = 'follower'
    POLLING = 'polling'
    """Asks whether an election could be won; has not touched its term."""
    CANDIDATE = 'candidate'
    LEADER = 'leader'


class StateChange(msgspec.Struct, frozen=True):
    """A member has taken a role, or heard of another leader."""

    term: int
    role: RaftRole
    leader: RobotId
    """Whom it follows now; empty when nobody."""
    cause: str


class ReadResult(msgspec.Struct, frozen=True):
    """The answer to `RaftNode.read`."""

    context: int
    index: int
    """Once the log is applied up to here, the state is fresh enough; -1: ask again."""


class Ready(msgspec.Struct, frozen=True, gc=False):
    """What the caller must do, in this order (see the package docstring)."""

    records: tuple[Record, ...]
    sequence: int
    """Number by which to report `records` as durable; 0 when there are none."""
    is_checkpoint: bool
    """`records` hold everything: older ones may be deleted once these are durable."""
    messages: tuple[tuple[RobotId, Message], ...]
    snapshot: Snapshot | None
    """Replace the state machine by this one, before applying `committed`."""
    committed: tuple[Entry, ...]
    reads: tuple[ReadResult, ...]
    changes: tuple[StateChange, ...] = ()
    """What this member has become, with the causes, for the log that people read."""

    @property
    def is_empty(self) -> bool:
        return not (
            self.records
            or self.messages
            or self.snapshot
            or self.committed
            or self.reads
            or self.changes
        )

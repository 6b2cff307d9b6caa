"""Raft: a group of robots agrees on one ordered log (Ongaro, *Consensus: Bridging Theory and
Practice*, 2014).

The machine does no I/O. Its caller has these duties:

1. Give every message received to `RaftNode.step`, call `RaftNode.tick` when time passes, and
   `RaftNode.propose` for new commands; then take `RaftNode.ready`, always, and act on it:
2. start writing `Ready.records` to disk, in order, after all earlier ones; when they are durable,
   say so with `RaftNode.persisted(Ready.sequence)` and take `ready` again. A checkpoint holds
   everything: when it is durable, what was written before it may be deleted;
3. send `Ready.messages` (each may be lost, doubled or late). What must wait for the disk is not
   among them until the disk has answered, so writing may take its time on another thread;
4. if there is a `Ready.snapshot`, replace the state machine by it;
5. apply `Ready.committed`, in order. Each entry is given exactly once in the life of the machine;
6. answer reads for which `Ready.reads` says up to where the log must be applied.

Elections poll before they vote (section 9.6), a member that hears from a leader votes for nobody
else (4.2.3), and a leader that a quorum no longer answers steps down (6.2). Members change through
joint consensus (4.3), leadership can be handed over (3.10), reads are proven by a lease or by a
round of heartbeats (6.4). Replication is pipelined with flow control; a follower that lags is
found by term (section 5.3 of the extended paper), and gets a snapshot in chunks if the log no
longer reaches back to it (chapter 5).

A proposal may be lost, or done without its proposer hearing of it. `Sessions` stands between the
log and a state machine and makes commands safe to repeat (6.3); `SessionClient` is the other side.
"""

from muster.core.raft.client import (
    Conclusion,
    Done,
    NoSessionError,
    NotDone,
    SessionClient,
    Unknown,
)
from muster.core.raft.config import RaftConfig
from muster.core.raft.groups import Groups, Packet
from muster.core.raft.leader import MembershipRefusedError, TransferRefusedError
from muster.core.raft.membership import Membership
from muster.core.raft.messages import (
    Append,
    AppendReply,
    Entry,
    EntryKind,
    HardState,
    Message,
    Propose,
    RaftRole,
    ReadReply,
    ReadRequest,
    ReadResult,
    Ready,
    Record,
    Snapshot,
    SnapshotChunk,
    SnapshotReply,
    StateChange,
    TakeOver,
    Vote,
    VoteReply,
)
from muster.core.raft.metrics import GroupMetrics, LatencyWindow
from muster.core.raft.node import NotLeaderError, RaftNode
from muster.core.raft.sessions import (
    CommandApplied,
    CommandRefused,
    OpenSession,
    Refusal,
    SessionCommand,
    SessionEntry,
    SessionOpened,
    SessionOutcome,
    Sessions,
    StateMachine,
    decode_session_entry,
    encode_session_entry,
)

__all__ = [
    'Append',
    'AppendReply',
    'CommandApplied',
    'CommandRefused',
    'Conclusion',
    'Done',
    'Entry',
    'EntryKind',
    'GroupMetrics',
    'Groups',
    'HardState',
    'LatencyWindow',
    'Membership',
    'MembershipRefusedError',
    'Message',
    'NoSessionError',
    'NotDone',
    'NotLeaderError',
    'OpenSession',
    'Packet',
    'Propose',
    'RaftConfig',
    'RaftNode',
    'RaftRole',
    'ReadReply',
    'ReadRequest',
    'ReadResult',
    'Ready',
    'Record',
    'Refusal',
    'SessionClient',
    'SessionCommand',
    'SessionEntry',
    'SessionOpened',
    'SessionOutcome',
    'Sessions',
    'Snapshot',
    'SnapshotChunk',
    'SnapshotReply',
    'StateChange',
    'StateMachine',
    'TakeOver',
    'TransferRefusedError',
    'Unknown',
    'Vote',
    'VoteReply',
    'decode_session_entry',
    'encode_session_entry',
]

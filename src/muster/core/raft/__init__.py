"""Raft: a group of robots agrees on one ordered log (Ongaro, *Consensus: Bridging Theory and
Practice*, 2014).

The machine does no I/O. Its caller has these duties:

1. Give every message received to `RaftNode.step`, call `RaftNode.tick` when time passes, and
   `RaftNode.propose` for new entries; then take `RaftNode.ready`, always, and act on it:
2. start writing `Ready.records` to disk, in order, after all earlier ones; when they are durable,
   say so with `RaftNode.persisted(Ready.sequence)` and take `ready` again;
3. send `Ready.messages` (each may be lost, doubled or late). What must wait for the disk is not
   among them until the disk has answered, so writing may take its time on another thread;
4. apply `Ready.committed`, in order. Each entry is given exactly once in the life of the machine.

Elections poll before they vote (section 9.6), a member that hears from a leader votes for nobody
else (4.2.3), and a leader that a quorum no longer answers steps down (6.2). Replication is
pipelined; a follower that lags is found by term (section 5.3 of the extended paper). Snapshots and
membership change are not here yet.
"""

from muster.core.raft.config import RaftConfig
from muster.core.raft.messages import (
    Append,
    AppendReply,
    Entry,
    HardState,
    Message,
    Ready,
    Record,
    Vote,
    VoteReply,
)
from muster.core.raft.node import NotLeaderError, RaftNode, RaftRole

__all__ = [
    'Append',
    'AppendReply',
    'Entry',
    'HardState',
    'Message',
    'NotLeaderError',
    'RaftConfig',
    'RaftNode',
    'RaftRole',
    'Ready',
    'Record',
    'Vote',
    'VoteReply',
]

"""What one member knows and decides in whatever role it is, and how it speaks.

The roles (`elections`, `follower`, `leader`) share one `MemberState`; `node` decides which of them
a message or a moment belongs to.
"""

from __future__ import annotations

from muster.core.raft.config import RaftConfig
from muster.core.raft.durability import Durability
from muster.core.raft.log import Log
from muster.core.raft.messages import HardState, Message, RaftRole, StateChange
from muster.core.types import RobotId


class MemberState:
    """Term, vote, role, log and commit index of one member, and its messages on their way out.

    Parameters
    ----------
    hard : as last written.
    log : as on disk.
    """

    def __init__(self, config: RaftConfig, hard: HardState, log: Log) -> None:
        self.config = config
        self.log = log
        self.durability = Durability(hard, log.last_index)
        self.term = hard.term
        self.voted_for = hard.voted_for
        self._forgot_until = hard.forgot_until
        self.role = RaftRole.FOLLOWER
        self.leader: RobotId = ''
        self.commit_index = log.snapshot.index
        self.outbox: list[tuple[RobotId, Message]] = []
        self.changes: list[StateChange] = []
        """Not told yet."""

    @property
    def hard(self) -> HardState:
        return HardState(self.term, self.voted_for, self._forgot_until)

    @property
    def is_forgetful(self) -> bool:
        """It may have made promises that it does not know, and that still count.

        They count until a leader that was elected without it, in a term in which it cannot have
        voted, has given it all that was committed before: what it had acknowledged is part of
        that, or will never be committed.
        """
        return self._forgot_until > 0 and self.log.last_term <= self._forgot_until

    @property
    def may_stand(self) -> bool:
        """For election: as a voter, or as one until the change that ended this is known to be
        committed. A leader that removes itself may be the only one with all entries (section
        4.2.2)."""
        possible = self.log.memberships_from(self.commit_index)
        is_voter = any(one.is_voter(self.config.me) for one in possible)
        return is_voter and not self.is_forgetful

    def enter(self, role: RaftRole, leader: RobotId, cause: str, term: int = 0) -> None:
        """Take a role; a newer term brings a new vote."""
        before = (self.term, self.role, self.leader)
        if term > self.term:
            self.term = term
            self.voted_for = ''
        self.role = role
        self.leader = leader
        if (self.term, role, leader) != before:
            self.changes.append(StateChange(self.term, role, leader, cause))

    def commit(self, index: int) -> None:
        self.commit_index = max(self.commit_index, index)

    def send(self, peer: RobotId, message: Message) -> None:
        self.outbox.append((peer, message))

    def promise(self, peer: RobotId, message: Message) -> None:
        """Send once all that was decided before is durable."""
        if not self.durability.promise(self.hard, peer, message):
            self.outbox.append((peer, message))

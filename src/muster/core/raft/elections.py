"""Who leads next: polls, votes and the patience of one member.

A member that has lost patience first polls (pre-vote, section 9.6), which binds nobody; only with
a quorum behind it does it raise its term and ask for votes. A member that hears from a leader
supports nobody else (section 4.2.3). Two members that poll in the same instant would split the
vote, so the one with less in its log, or the smaller name, gives way at once.
"""

from __future__ import annotations

import enum
import random

from muster.core.raft.messages import RaftRole, Vote, VoteReply
from muster.core.raft.state import MemberState
from muster.core.types import RobotId


class Outcome(enum.Enum):
    """What the votes so far mean."""

    OPEN = 'open'
    POLL_WON = 'poll won'
    ELECTED = 'elected'


class Elections:
    """One member's part in the elections of its group.

    Parameters
    ----------
    rng : source of election timeouts.
    now : a member that has just started votes for nobody for `election_min_s`, as if it had heard
        from a leader: before its crash it may have.
    """

    def __init__(self, state: MemberState, rng: random.Random, now: float) -> None:
        self.stood = 0
        """Elections that this member has stood for."""
        self.due = 0.0
        """When patience ends [s, steady]."""
        self._state = state
        self._rng = rng
        self._leader_heard_at = now
        self._ballot: dict[RobotId, bool] = {}
        self.be_patient(now)

    def be_patient(self, now: float) -> None:
        """Wait for another timeout, drawn anew."""
        config = self._state.config
        self.due = now + self._rng.uniform(config.election_min_s, config.election_max_s)

    def leader_heard(self, now: float) -> None:
        self._leader_heard_at = now

    # Standing

    def poll(self, now: float, cause: str) -> Outcome:
        """Ask whether an election could be won, without disturbing anyone."""
        self.be_patient(now)
        state = self._state
        state.enter(RaftRole.POLLING, '', cause)
        self._ballot = {}
        self._request_votes(self._vote(state.term + 1, is_poll=True))
        return self._count(state.config.me, True)

    def campaign(self, now: float, cause: str, is_handover: bool = False) -> None:
        """Stand for election in a new term; the own vote counts once it is durable."""
        self.be_patient(now)
        state = self._state
        state.enter(RaftRole.CANDIDATE, '', cause, term=state.term + 1)
        state.voted_for = state.config.me
        self.stood += 1
        self._ballot = {}
        self._request_votes(self._vote(state.term, is_handover=is_handover))

    def own_vote_durable(self) -> Outcome:
        """A candidate's vote for itself has reached the disk."""
        return self._count(self._state.config.me, True)

    def _vote(self, term: int, is_poll: bool = False, is_handover: bool = False) -> Vote:
        log = self._state.log
        return Vote(
            term=term,
            last_index=log.last_index,
            last_term=log.last_term,
            is_poll=is_poll,
            is_handover=is_handover,
        )

    def _request_votes(self, request: Vote) -> None:
        state = self._state
        for peer in state.log.membership.everyone:
            if peer != state.config.me and state.log.membership.is_voter(peer):
                state.promise(peer, request)

    # Voting

    def is_disturbance(self, sender: RobotId, request: Vote, now: float) -> bool:
        """The group has a leader whom the sender may just not hear."""
        state = self._state
        hears_leader = (
            state.role is RaftRole.LEADER
            or now - self._leader_heard_at < state.config.election_min_s
        ) and sender != state.leader
        return hears_leader and request.term > state.term and not request.is_handover

    def refuse(self, sender: RobotId, request: Vote) -> None:
        state = self._state
        state.promise(
            sender, VoteReply(term=state.term, is_granted=False, is_poll=request.is_poll)
        )

    def answer(self, sender: RobotId, request: Vote, now: float) -> None:
        """Grant or refuse; the term of a request for a vote has been taken on already."""
        state = self._state
        is_current = (
            request.term > state.term
            if request.is_poll
            else request.term == state.term and state.voted_for in ('', sender)
        )
        log = state.log
        is_current = is_current and not state.is_forgetful
        if not is_current or not log.is_up_to_date(request.last_index, request.last_term):
            self.refuse(sender, request)
            return
        if request.is_poll:
            self._give_way(sender, request, now)
        else:
            state.voted_for = sender
            self.be_patient(now)
        reply = VoteReply(term=request.term, is_granted=True, is_poll=request.is_poll)
        state.promise(sender, reply)

    def _give_way(self, sender: RobotId, request: Vote, now: float) -> None:
        """Let a poll that this member supports come to its end before polling itself."""
        state = self._state
        self.due = max(self.due, now + state.config.heartbeat_s)
        theirs = (request.last_term, request.last_index, sender)
        if state.role is RaftRole.POLLING and theirs > (
            state.log.last_term,
            state.log.last_index,
            state.config.me,
        ):
            state.enter(RaftRole.FOLLOWER, '', f'{sender} polls too')

    def on_reply(self, sender: RobotId, reply: VoteReply) -> Outcome:
        """Count an answer of this member's own term or poll; others mean nothing."""
        state = self._state
        if reply.is_poll:
            is_mine = state.role is RaftRole.POLLING and (
                not reply.is_granted or reply.term == state.term + 1
            )
        else:
            is_mine = state.role is RaftRole.CANDIDATE and reply.term == state.term
        return self._count(sender, reply.is_granted) if is_mine else Outcome.OPEN

    def _count(self, voter: RobotId, is_granted: bool) -> Outcome:
        state = self._state
        self._ballot.setdefault(voter, is_granted)
        supporters = {robot for robot, granted in self._ballot.items() if granted}
        if not state.log.membership.has_quorum(supporters):
            return Outcome.OPEN
        if state.role is RaftRole.POLLING:
            return Outcome.POLL_WON
        return Outcome.ELECTED if state.config.me in self._ballot else Outcome.OPEN

"""One robot's coordinator: events in, effects out (sans-I/O; the driver owns clock, disk and
transport).

Every robot runs the same machine. It is a member of the Raft group that keeps the ledger
(`Replica`), it performs the tasks that the ledger gives to it (`Performer`), and it serves the
team while it is elected (`Leadership`). Nothing here blocks, and nothing but the arguments tells
it the time.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Sequence

from muster.core.allocation.consensus_bundle import Standings
from muster.core.allocation.messages import Bids, Call, TradeAsk, TradeReply
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import Effect, Warn
from muster.core.coordinator.events import (
    BodySensed,
    EnvelopeReceived,
    Event,
    Persisted,
    RequestReceived,
    SearchEnded,
    SkillEnded,
    SkillProgressed,
    StorageFailed,
)
from muster.core.coordinator.explanation import Explanation, explain
from muster.core.coordinator.intake import flaw_in_form
from muster.core.coordinator.leadership import Leadership
from muster.core.coordinator.mailroom import Mailroom
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.performer import Performer
from muster.core.coordinator.portrait import draw_group, draw_robot, draw_team
from muster.core.coordinator.replica import Replica
from muster.core.coordinator.views import DiskView, GroupView, RobotView, TeamView
from muster.core.coordinator.wire import (
    ClaimMade,
    PeerMessage,
    RaftMessage,
    RequestForwarded,
    decode_message,
)
from muster.core.ledger.ledger import Applied, Ledger
from muster.core.ledger.task import Task
from muster.core.membership.messages import Grant, Heartbeat
from muster.core.types import Instant, ProtocolError, Request, RobotId, Severity, TaskId

NO_LEADER_S = 5.0
"""Without a leader for this long, operators are alerted."""


class Coordinator:
    """The machine of one robot, from the start of its process to its end.

    Parameters
    ----------
    config : the robot and its team.
    records : all that earlier incarnations persisted, oldest first.
    rng : source of election timeouts; robots must not share a seed.
    now : the moment of the start.

    Raises
    ------
    StorageError
        `records` are not those of this version of muster.
    """

    def __init__(
        self,
        config: CoordinatorConfig,
        records: Iterable[bytes],
        rng: random.Random,
        now: Instant,
    ) -> None:
        roadmap = config.roadmap.copy()
        config = dataclasses.replace(config, roadmap=roadmap)
        self.config = config
        """With a roadmap of this robot's own: it follows the lanes that the ledger closes."""
        self.revision = 0
        """Grows whenever the ledger or the leader changes: what is worth publishing has
        changed."""
        self._now = now
        self._outbox = Outbox(config.me)
        self._replica = Replica(
            config.raft, records, rng, now.steady, self._outbox, self._on_applied
        )
        self._performer = Performer(config, self._replica, self._outbox, now.steady)
        self._mailroom = Mailroom(config.me, self._outbox)
        self._leadership: Leadership | None = None
        self._lives: dict[RobotId, int] = {}
        self._leader: RobotId = ''
        self._led_by_anyone_at = now.steady
        self._warned_of_no_leader = False

    # What drivers call

    @property
    def incarnation(self) -> int:
        return self._replica.incarnation

    @property
    def ledger(self) -> Ledger:
        """This robot's copy, to be read only."""
        return self._replica.ledger

    @property
    def replica(self) -> Replica:
        """For invariant checkers."""
        return self._replica

    def start(self) -> tuple[Effect, ...]:
        """Call once, before anything else."""
        self._replica.boot()
        return self._outbox.drain()

    def step(self, event: Event, now: Instant) -> tuple[Effect, ...]:
        """Take one event.

        Raises
        ------
        ProtocolError
            the envelope is not one that a correct peer sends; it has changed nothing. Count it.
        """
        self._now = now
        match event:
            case EnvelopeReceived():
                self._on_envelope(event, now)
            case Persisted(sequence=sequence):
                self._replica.persisted(sequence, now.steady)
            case BodySensed(report=report):
                self._performer.sensed(report)
            case SkillProgressed():
                self._performer.progressed(event)
            case SkillEnded():
                self._performer.ended(event, now.steady)
            case RequestReceived(request=request):
                self._on_request(request, now)
            case SearchEnded():
                if self._leadership is not None:
                    self._leadership.searched(event, now)
            case StorageFailed(reason=reason):
                self._replica.leave('storage_failed', f'{reason}; mend the disk')
        return self._finish(now)

    def tick(self, now: Instant) -> tuple[Effect, ...]:
        """Let time pass. Early and repeated calls do no harm."""
        self._now = now
        self._replica.tick(now.steady)
        self._mailroom.tick(self._leader, self.ledger, now.steady)
        self._watch_for_leader(now)
        return self._finish(now)

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed, if nothing else happens."""
        if not self._replica.is_awake:
            return min(self._now.steady + NO_LEADER_S, self._performer.next_tick())
        return min(
            self._replica.next_tick(),
            self._performer.next_tick(),
            self._mailroom.next_tick(self._leader),
        )

    def robot_view(self, now: Instant) -> RobotView:
        """This robot's state."""
        return draw_robot(self.config, self._replica, self._performer, now)

    def group_views(self, now: Instant, disk: DiskView) -> tuple[GroupView, ...]:
        """How this robot fares in its consensus groups. Sorts some thousand durations: not for
        every tick."""
        return (draw_group(self.config, self._replica, disk, now),)

    def team_view(self, now: Instant) -> TeamView | None:
        """The team's state; None unless this robot leads."""
        if self._leadership is None:
            return None
        return draw_team(self.config, self._replica, self._leadership.watch, now)

    def tasks(self) -> Sequence[Task]:
        """All tasks of the ledger, oldest first."""
        return tuple(self.ledger.tasks.values())

    def explain(self, task_id: TaskId) -> Explanation | None:
        """Why a task is with those who have it, or why nobody has it; None when there is no such
        task."""
        unplaced = self._leadership.unplaced(task_id) if self._leadership is not None else None
        return explain(self.ledger, task_id, self._now.node, unplaced)

    # Events

    def _on_envelope(self, event: EnvelopeReceived, now: Instant) -> None:
        if not self._replica.is_awake:
            return
        message = decode_message(event.kind, event.payload)
        if event.sender not in self.config.squads or event.sender == self.config.me:
            raise ProtocolError(f'{event.sender!r} is no other robot of this team')
        if event.incarnation < self._newest_life(event.sender):
            return
        self._deliver(event.sender, event.incarnation, message, now)
        self._lives[event.sender] = event.incarnation

    def _newest_life(self, robot: RobotId) -> int:
        """The newest incarnation that was heard, or that the ledger knows: a robot whose memory
        was wiped counts from 1 again, and knows nothing of what it has promised."""
        known = self.ledger.roster.get(robot)
        return max(self._lives.get(robot, 0), known.incarnation if known else 0)

    def _deliver(
        self, sender: RobotId, incarnation: int, message: PeerMessage, now: Instant
    ) -> None:
        leadership = self._leadership
        match message:
            case Heartbeat():
                if leadership is not None:
                    leadership.heard(sender, incarnation, message, now)
            case Grant():
                if sender == self._leader:
                    self._performer.granted(message, now.steady)
            case Call():
                if sender == self._leader:
                    self._performer.called(message)
            case Bids():
                if leadership is not None:
                    leadership.bids(sender, message)
            case TradeAsk():
                if sender == self._leader:
                    self._performer.asked(message)
            case TradeReply():
                if leadership is not None:
                    leadership.trade_replied(sender, message, now)
            case Standings():
                self._performer.alone.heard(sender, message, now.steady)
            case ClaimMade(claim=claim):
                if leadership is not None:
                    leadership.claimed(sender, claim, now)
            case RequestForwarded(request=request):
                if leadership is not None:
                    leadership.requested(request, now)
            case _:
                self._on_raft(sender, message, now)

    def _on_raft(self, sender: RobotId, message: RaftMessage, now: Instant) -> None:
        self._replica.step(sender, message, now.steady)
        self._note_leader(now)

    def _on_request(self, request: Request, now: Instant) -> None:
        if self._leadership is not None:
            self._leadership.requested(request, now)
        elif not flaw_in_form(request):
            self._mailroom.keep(request, now.steady)

    def _on_applied(self, result: Applied, is_news: bool) -> None:
        self.revision += 1
        if self.ledger.closed_lanes != self.config.roadmap.closed:
            self.config.roadmap.set_closed(self.ledger.closed_lanes)
        if result.response is not None:
            self._mailroom.settled(result.response.request_id)
        if self._leadership is not None and is_news:
            self._leadership.applied(result)

    # The end of a step

    def _finish(self, now: Instant) -> tuple[Effect, ...]:
        """Follow up until nothing is left to do, then hand out the effects."""
        is_busy = True
        while is_busy:
            self._note_leader(now)
            if self._leadership is not None:
                self._leadership.tick(now)
            is_busy = self._replica.flush(now.steady)
            self._performer.tick(now)
            for message in self._outbox.take_own():
                is_busy = True
                self._deliver(self.config.me, self.incarnation, message, now)
        return self._outbox.drain()

    def _note_leader(self, now: Instant) -> None:
        replica = self._replica
        if not replica.is_leader:
            self._leadership = None
        elif self._leadership is None:
            self._leadership = Leadership(self.config, replica, self._outbox, now)
            for request in self._mailroom.take_all():
                self._leadership.requested(request, now)
        if replica.leader != self._leader:
            self._tell_of_leader(self._leader, replica.leader)
            self._leader = replica.leader
            self.revision += 1

    def _tell_of_leader(self, before: RobotId, after: RobotId) -> None:
        term = self._replica.raft.term
        if after == self.config.me:
            self._outbox.report(
                'leader_elected',
                subject=after,
                detail=f'leads term {term}',
                data={'term': term},
            )
        elif not after:
            cause = 'is silent'
            if self._replica.has_left:
                cause = f'is followed no more: {self.config.me} has left the team'
            elif before == self.config.me:
                cause = f'stepped down: {self._replica.raft.stepped_down_because}'
            self._outbox.report(
                'leader_lost',
                severity=Severity.WARNING,
                subject=before,
                detail=f'{before} {cause}',
                data={'term': term},
            )

    def _watch_for_leader(self, now: Instant) -> None:
        if self._leader:
            self._led_by_anyone_at = now.steady
        is_missing = now.steady - self._led_by_anyone_at > NO_LEADER_S
        if is_missing != self._warned_of_no_leader:
            self._warned_of_no_leader = is_missing
            membership = self._replica.raft.membership
            quorum, size = membership.quorum, len(membership.voters)
            text = f'no leader: {quorum} of the {size} robots must be able to talk to each other'
            self._outbox.warn(Warn('no_leader', is_missing, text if is_missing else 'led again'))

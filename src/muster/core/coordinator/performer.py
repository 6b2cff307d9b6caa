"""A robot's own work: which task its body is at, by what authority, and what it tells the leader
of it.

The body is at one attempt at a time. It may be at an exclusive one only while the ledger says that
the attempt is this robot's and the authority lease runs (invariants I1 and I6); when either ends,
the body is told to stop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from muster.core.allocation.bidder import bid
from muster.core.allocation.messages import Bids, Call
from muster.core.allocation.schedule import Planned, Planner, Situation
from muster.core.coordinator.claims import Claims
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.coordinator.events import SkillEnded, SkillProgressed
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.replica import Replica
from muster.core.coordinator.rest import Rest
from muster.core.ledger.commands import BeginTask, EndTask
from muster.core.ledger.ledger import RosterEntry
from muster.core.ledger.task import Task
from muster.core.membership.lease import AuthorityLease
from muster.core.membership.messages import Grant, Heartbeat
from muster.core.types import Instant, Outcome, RobotId, RobotReport, Severity, TaskId, TaskSpec

NOT_SENSED = 'nothing has been heard from its body yet'


@dataclass
class Running:
    """The attempt that the body is at."""

    task_id: TaskId
    attempt: int
    spec: TaskSpec
    progress: float = 0.0
    activity: str = 'starting'
    has_begun: bool = False
    stopping_because: str = ''


class Performer:
    """One robot's schedule and its execution."""

    def __init__(
        self, config: CoordinatorConfig, replica: Replica, outbox: Outbox, now: float
    ) -> None:
        self.report = RobotReport(is_fit=False, unfit_reason=NOT_SENSED)
        self.running: Running | None = None
        self.lease = AuthorityLease(config.membership)
        self.schedule: tuple[Task, ...] = ()
        """Awarded tasks that the body is not at, in the order in which they will be done."""
        self._config = config
        self._replica = replica
        self._outbox = outbox
        self._claims = Claims(config.me, replica.ledger, outbox)
        self._planner = Planner(config.roadmap, config.motion, config.skills, config.auction)
        self._leader: RobotId = ''
        self._report_due = -math.inf
        self._silent_until = now + config.membership.grace_s if replica.incarnation > 1 else now
        self._call: Call | None = None
        self._rest = Rest()
        self._had_lease = False

    # What comes in

    def sensed(self, report: RobotReport) -> None:
        """The body has reported; word of a change of fitness goes to the leader at once."""
        if report.is_fit != self.report.is_fit:
            self._report_due = -math.inf
            self._rest.forget()
            self._outbox.report(
                'robot_fit' if report.is_fit else 'robot_unfit',
                severity=Severity.INFO if report.is_fit else Severity.WARNING,
                subject=self._config.me,
                detail=report.unfit_reason,
            )
        self.report = report

    def progressed(self, event: SkillProgressed) -> None:
        running = self._matching(event.task_id, event.attempt)
        if running is not None:
            running.progress = event.progress
            running.activity = event.activity
            if not running.has_begun:
                running.has_begun = True
                self._claims.make(BeginTask(event.task_id, event.attempt, self._config.me))

    def ended(self, event: SkillEnded, now: float) -> None:
        """The body has stopped working on an attempt."""
        running = self._matching(event.task_id, event.attempt)
        if running is None:
            return
        self.running = None
        self._rest.ended(event.outcome, now)
        outcome, detail = event.outcome, event.detail
        if outcome is Outcome.STOPPED and running.stopping_because:
            detail = running.stopping_because
        self._claims.make(EndTask(event.task_id, event.attempt, self._config.me, outcome, detail))

    def granted(self, grant: Grant, now: float) -> None:
        """The leader lets this robot work on."""
        if grant.term == self._replica.raft.term:
            self.lease.granted(grant, self._replica.applied_index, now)

    def called(self, call: Call) -> None:
        """The leader asks for bids; they are sent when the ledger is as far as the call says."""
        if call.term == self._replica.raft.term:
            self._call = call

    # What follows from it

    def tick(self, now: Instant) -> None:
        """Bring body, schedule and leader in line with ledger, lease and time."""
        leader = self._replica.leader
        if leader != self._leader:
            self._leader = leader
            self._report_due = -math.inf
            self._claims.hurry()
        self.lease.applied(self._replica.applied_index)
        self._note_lease(now)
        self._see_to_the_body(now)
        self._answer_call(now)
        self._claims.tick(leader, now.steady)
        if leader and now.steady >= max(self._report_due, self._silent_until):
            self._report_due = now.steady + self._config.membership.report_s
            self._outbox.send(leader, Heartbeat(sent_at=now.steady, report=self.report))

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed."""
        due = math.inf
        if self._leader:
            report_due = max(self._report_due, self._silent_until)
            due = min(report_due, self._claims.next_tick())
        return min(due, self.lease.expires_at()) if self._had_lease else due

    # The body

    def _see_to_the_body(self, now: Instant) -> None:
        mine = self._mine()
        running = self.running
        if running is not None and not running.stopping_because:
            reason = self._reason_to_stop(running, now)
            if reason:
                running.stopping_because = reason
                running.activity = f'stopping: {reason}'
                self._outbox.stop(StopTask(running.task_id, running.attempt, reason))
        if not self.report.is_fit:
            self._give_back(mine)
        self.schedule = self._in_order(mine, now)
        if self.running is None and self.report.is_fit:
            self._start_next(now)

    def _reason_to_stop(self, running: Running, now: Instant) -> str:
        if not self._replica.ledger.holds(self._config.me, running.task_id, running.attempt):
            return 'the ledger has taken it back'
        if running.spec.exclusive and not self.lease.remaining(now.steady):
            return 'its authority has lapsed: no leader with a quorum answers'
        if not self.report.is_fit:
            return f'robot is unfit: {self.report.unfit_reason}'
        return ''

    def _start_next(self, now: Instant) -> None:
        for task in self.schedule:
            if task.spec.exclusive and not self.lease.remaining(now.steady):
                continue
            if task.spec.earliest_start_s > now.node:
                continue
            self.running = Running(task.id, task.attempt, task.spec)
            self.schedule = tuple(one for one in self.schedule if one is not task)
            self._outbox.start(StartTask(task.id, task.attempt, task.spec))
            return

    def _give_back(self, mine: list[Task]) -> None:
        """An unfit robot lets others have what it has not begun; what it is at, the skill ends."""
        for task in mine:
            if self.running is None or task.id != self.running.task_id:
                reason = f'robot is unfit: {self.report.unfit_reason}'
                end = EndTask(task.id, task.attempt, self._config.me, Outcome.ROBOT_FAILED, reason)
                self._claims.make(end)

    def _mine(self) -> list[Task]:
        """Tasks that the ledger gives to this life of this robot, and that are not over here."""
        ledger = self._replica.ledger
        present = RosterEntry(self._replica.incarnation, is_present=True)
        if ledger.roster.get(self._config.me) != present:
            return []
        return [
            task
            for task in ledger.held_by(self._config.me)
            if not self._claims.has_ended(task.id, task.attempt)
        ]

    def _in_order(self, mine: list[Task], now: Instant) -> tuple[Task, ...]:
        """Tasks not under way: known ones keep their order, new ones go where they cost least."""
        waiting = {
            (task.id, task.attempt): task
            for task in mine
            if self.running is None
            or (task.id, task.attempt) != (self.running.task_id, self.running.attempt)
        }
        known = [(task.id, task.attempt) for task in self.schedule]
        ordered = [waiting.pop(key) for key in known if key in waiting]
        for task in waiting.values():
            path = tuple(Planned(one.id, one.spec) for one in ordered)
            found = self._planner.insert(
                path, Planned(task.id, task.spec), self._situation(now.node)
            )
            position = len(ordered) if isinstance(found, str) else found.position
            ordered.insert(position, task)
        return tuple(ordered)

    def _matching(self, task_id: TaskId, attempt: int) -> Running | None:
        running = self.running
        if running is None or (running.task_id, running.attempt) != (task_id, attempt):
            return None
        return running

    # Bids and lease

    def _answer_call(self, now: Instant) -> None:
        call = self._call
        if call is None or self._replica.applied_index < call.commit_index:
            return
        self._call = None
        if call.term != self._replica.raft.term or not self._leader:
            return
        path = tuple(Planned(task.id, task.spec) for task in self.schedule)
        situation = self._situation(call.at)
        unfit_reason = '' if self.report.is_fit else self.report.unfit_reason
        bids = tuple(
            bid(
                self._config.me,
                lot,
                skill=self._config.skills.get(lot.spec.kind),
                capabilities=self._config.capabilities[self._config.me],
                unfit_reason=unfit_reason or self._rest.reason(now.steady),
                path=path,
                capacity=self._config.auction.schedule_capacity,
                planner=self._planner,
                situation=situation,
            )
            for lot in call.lots
        )
        self._outbox.send(self._leader, Bids(auction=call.auction, term=call.term, bids=bids))

    def _situation(self, at: float) -> Situation:
        if self.running is None:
            return Situation(self.report.pose, self.report.battery, at)
        left_s, left_j, end = self._planner.remaining(
            self.running.spec, self.report.pose, self.running.progress
        )
        return Situation(self.report.pose, self.report.battery, at, left_s, end, left_j)

    def _note_lease(self, now: Instant) -> None:
        has_lease = self.lease.remaining(now.steady) > 0
        if has_lease != self._had_lease:
            self._had_lease = has_lease
            self._outbox.report(
                'lease_restored' if has_lease else 'lease_lapsed',
                severity=Severity.INFO if has_lease else Severity.WARNING,
                subject=self._config.me,
                detail=''
                if has_lease
                else 'no leader with a quorum answers: exclusive work stops',
            )

"""A robot's own work: which task its body is at, by what authority, and what it tells the leader
of it.

The body is at one attempt at a time. It may be at an exclusive one only while the ledger says that
the attempt is this robot's and the authority lease runs (invariants I1 and I6); when either ends,
the body is told to stop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from muster.core.allocation.consensus_bundle import Price
from muster.core.allocation.messages import Bid, Bids, Call, RobotModel, TradeAsk, TradeReply
from muster.core.coordinator.alone import Alone
from muster.core.coordinator.alone_prices import price_alone
from muster.core.coordinator.charging import Charging, Prospect
from muster.core.coordinator.claims import Claims
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import StartTask, StopTask
from muster.core.coordinator.events import SkillEnded, SkillProgressed
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.own_costs import OwnCosts
from muster.core.coordinator.planner import Planner
from muster.core.coordinator.pledges import Pledges
from muster.core.coordinator.replica import Replica
from muster.core.coordinator.rest import Rest
from muster.core.coordinator.running import Running
from muster.core.coordinator.together import next_together
from muster.core.ledger.commands import BeginTask, EndTask, ReadyForTask
from muster.core.ledger.ledger import RosterEntry
from muster.core.ledger.task import Task
from muster.core.membership.lease import AuthorityLease
from muster.core.membership.messages import Grant, Heartbeat
from muster.core.types import (
    Instant,
    Outcome,
    Outlook,
    RobotId,
    RobotReport,
    Severity,
    TaskId,
    TaskState,
)

NOT_SENSED = 'nothing has been heard from its body yet'


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
        self.alone = Alone(config, replica, outbox, self._claims, self._price_alone, now)
        self._planner = Planner(config, replica.ledger, OwnCosts(config, outbox))
        self._charging = Charging(config, replica.ledger, self._claims, self._planner, outbox)
        self._pledges = Pledges()
        self._leader: RobotId = ''
        self._report_due = -math.inf
        self._silent_until = now + config.membership.grace_s if replica.incarnation > 1 else now
        self._call: Call | None = None
        self._asks: list[TradeAsk] = []
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
            if not running.has_begun and not (running.is_alone or running.is_charging):
                running.has_begun = True
                self._claims.make(BeginTask(event.task_id, event.attempt, self._config.me))

    def ended(self, event: SkillEnded, now: float) -> None:
        """The body has stopped working on an attempt."""
        running = self._matching(event.task_id, event.attempt)
        if running is None:
            return
        self.running = None
        outcome, detail = event.outcome, event.detail
        if outcome is Outcome.STOPPED and running.stopping_because:
            detail = running.stopping_because
        if running.is_charging:
            self._charging.ended(running, outcome, detail, now)
            return
        self._rest.ended(outcome, now)
        if running.is_alone:
            self.alone.ended(event.task_id, outcome, detail, now)
        else:
            me = self._config.me
            self._claims.make(EndTask(event.task_id, event.attempt, me, outcome, detail))

    def granted(self, grant: Grant, now: float) -> None:
        """The leader lets this robot work on."""
        if grant.term == self._replica.raft.term:
            self.lease.granted(grant, self._replica.applied_index, now)
            self._pledges.granted(grant)

    def called(self, call: Call) -> None:
        """The leader asks for bids; they are sent when the ledger is as far as the call says."""
        if call.term == self._replica.raft.term:
            self._call = call

    def asked(self, ask: TradeAsk) -> None:
        """The leader asks whether tasks may change hands; answered likewise."""
        if ask.term == self._replica.raft.term:
            self._asks = [one for one in self._asks if one.term == ask.term] + [ask]

    # What follows from it

    def tick(self, now: Instant) -> None:
        """Bring body, schedule and leader in line with ledger, lease and time."""
        leader = self._replica.leader
        if leader != self._leader:
            self._leader = leader
            self._report_due = -math.inf
            self._claims.hurry()
        self.lease.applied(self._replica.applied_index)
        self._pledges.applied(self._replica.applied_index, self._replica.applied_term)
        self._note_lease(now)
        self.alone.tick(now, is_willing=not self._unwilling(now))
        self._see_to_the_body(now)
        self._answer_asks(now)
        self._answer_call(now)
        self._claims.tick(leader, now.steady)
        if leader and now.steady >= max(self._report_due, self._silent_until):
            self._report_due = now.steady + self._config.membership.report_s
            beat = Heartbeat(sent_at=now.steady, report=self.report, outlook=self._outlook())
            self._outbox.send(leader, beat)

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed."""
        due = math.inf
        if self._leader:
            report_due = max(self._report_due, self._silent_until)
            due = min(report_due, self._claims.next_tick())
        due = min(due, self.alone.next_tick(), self._charging.next_tick())
        return min(due, self.lease.expires_at()) if self._had_lease else due

    # The body

    def _see_to_the_body(self, now: Instant) -> None:
        mine = self._mine()
        running = self.running
        if running is not None and running.is_alone and any(map(self._is_running, mine)):
            running.is_alone = False
        self.schedule = tuple(task for task in mine if not self._is_running(task))
        self._charging.consider(self.report, running, self.schedule, now)
        for task in self.schedule:
            self._give_back_if_hopeless(task)
        willing = [task for task in self.schedule if not self._reason_to_wait(task, now)]
        able = [task for task in willing if self._lasts_for(task)]
        has_promised = any(map(self._is_ready, willing))
        together = next_together(self._replica.ledger, willing)
        if (
            together is not None
            and together not in able
            and (has_promised or not self._charging.could_help(together))
        ):
            reason = 'its battery has sunk too far for what it and others were to do'
            self._give_back(together, Outcome.ROBOT_FAILED, reason)
        chosen = self._choose(able, together, has_promised)
        due = together or next(iter(willing), None)
        prospect = Prospect(
            has_work=chosen is not None,
            due=due.id if due is not None and chosen is None else '',
            is_promised=has_promised or any(map(_has_set_out, able)),
        )
        if running is not None and not running.stopping_because:
            reason = self._reason_to_stop(running, prospect, now)
            if reason:
                running.stopping_because = reason
                running.activity = f'stopping: {reason}'
                self._outbox.stop(StopTask(running.task_id, running.attempt, reason))
        self._see_to_charging(prospect, now)
        if self.running is None and self.report.is_fit and chosen is not None:
            self._begin_or_stand_ready(chosen)
        if self.running is None and self.report.is_fit:
            self._start_alone(now)

    def _see_to_charging(self, prospect: Prospect, now: Instant) -> None:
        """Queue for a dock, and go there when it is this robot's turn."""
        if not self._is_present():
            return
        self._charging.seek(self.report, self.running, prospect, now)
        is_free = self.running is None and self.report.is_fit
        if is_free and self.lease.remaining(now.steady):
            self.running = running = self._charging.begin(self.report, prospect, now)
            if running is not None:
                start = StartTask(running.task_id, running.attempt, running.spec)
                self._outbox.start(start)

    def _reason_to_stop(self, running: Running, prospect: Prospect, now: Instant) -> str:
        ledger = self._replica.ledger
        if running.is_alone:
            reason = self.alone.reason_to_stop(running.task_id, running.spec)
            return reason or self._reason_to_rest()
        if running.is_charging:
            reason = self._charging.reason_to_stop(self.report, prospect.has_work)
            return reason or self._reason_without_authority(now) or self._reason_to_rest()
        if not ledger.holds(self._config.me, running.task_id, running.attempt):
            return 'the ledger has taken it back'
        if ledger.tasks[running.task_id].trouble:
            return ledger.tasks[running.task_id].trouble
        reason = self._reason_without_authority(now) if running.spec.exclusive else ''
        return reason or self._reason_to_rest()

    def _reason_without_authority(self, now: Instant) -> str:
        if self.lease.remaining(now.steady):
            return ''
        return 'its authority has lapsed: no leader with a quorum answers'

    def _reason_to_rest(self) -> str:
        return '' if self.report.is_fit else f'robot is unfit: {self.report.unfit_reason}'

    def _start_alone(self, now: Instant) -> None:
        """Begin what was won where nobody leads."""
        found = self.alone.next_task(now)
        if found is not None:
            task, attempt = found
            self.running = Running(task.id, attempt, task.spec, is_alone=True)
            self._outbox.start(StartTask(task.id, attempt, task.spec))
            self.alone.began(task.id, attempt, now.steady)

    def _price_alone(
        self, path: Sequence[Task], lots: Sequence[Task], at: float
    ) -> list[Price | None]:
        held = [task for task in self.schedule if not task.spec.exclusive]
        return price_alone(self._planner, self._model(), held, path, lots, at)

    def _choose(
        self, able: Sequence[Task], together: Task | None, has_promised: bool
    ) -> Task | None:
        """The first task of the schedule that can be begun, or that the robot should stand ready
        for.

        What the others have set out for comes before everything else. A robot that has to charge
        for the task that it should stand ready for stands ready for no other: those who wait for
        it there may be those whom it would wait for here.
        """
        set_out = [task for task in able if _has_set_out(task)]
        first = next(iter(set_out or able), None)
        if first is None or set_out:
            return first
        if together in able and (has_promised or first.sets_out_together):
            return together
        return next((task for task in able if not task.sets_out_together), None)

    def _begin_or_stand_ready(self, task: Task) -> None:
        if task.sets_out_together and not _has_set_out(task):
            self._claims.make(ReadyForTask(task.id, task.attempt, self._config.me))
            return
        self.running = Running(task.id, task.attempt, task.spec)
        self.schedule = tuple(one for one in self.schedule if one is not task)
        self._outbox.start(StartTask(task.id, task.attempt, task.spec))

    def _reason_to_wait(self, task: Task, now: Instant) -> str:
        """Why the body must not begin a task yet; empty when it may."""
        ledger = self._replica.ledger
        spec = task.spec
        is_done = self.alone.has_done(task.id)
        if is_done or task.trouble or self._claims.has_ended(task.id, task.attempt):
            return 'it is over'
        if self._pledges.binds(task.id, task.attempt):
            return 'it may be about to change hands'
        if spec.exclusive and not self.lease.remaining(now.steady):
            return 'no authority'
        if spec.earliest_start_s > now.node:
            return 'too early'
        if any(ledger.tasks[one].state is not TaskState.DONE for one in spec.predecessors):
            return 'a predecessor is not done'
        return ''

    def _lasts_for(self, task: Task) -> bool:
        """The battery does, without charging first; what others have begun is not left to
        them."""
        return _has_set_out(task) or not self._charging.reason_to_wait(task)

    def _is_ready(self, task: Task) -> bool:
        """This robot has promised to wait for the others."""
        me = self._config.me
        return me in task.ready or self._claims.is_getting_ready(task.id, task.attempt)

    def _give_back_if_hopeless(self, task: Task) -> None:
        """Let others have what this robot has not begun and will not do."""
        reason = task.trouble
        if not reason and self.alone.has_tried(task.id, task.attempt):
            reason = 'its number was used for an attempt made without a leader'
        for one in task.spec.predecessors:
            state = self._replica.ledger.tasks[one].state
            if state in (TaskState.FAILED, TaskState.CANCELLED):
                reason = reason or f'its predecessor {one} is {state.name}'
        unable = (
            self._reason_to_rest()
            or self._charging.reason_to_give_back(task)
            or self._planner.shortcoming(self.report, task)
        )
        if reason:
            self._give_back(task, Outcome.STOPPED, reason)
        elif unable:
            self._give_back(task, Outcome.ROBOT_FAILED, unable)

    def _give_back(self, task: Task, outcome: Outcome, reason: str) -> None:
        self._claims.make(EndTask(task.id, task.attempt, self._config.me, outcome, reason))

    def _mine(self) -> list[Task]:
        """Tasks that the ledger gives to this life of this robot, and that are not over here."""
        if not self._is_present():
            return []
        return [
            task
            for task in self._replica.ledger.held_by(self._config.me)
            if not self._claims.has_ended(task.id, task.attempt)
        ]

    def _is_present(self) -> bool:
        """The ledger knows this life of this robot."""
        present = RosterEntry(self._replica.incarnation, is_present=True)
        return self._replica.ledger.roster.get(self._config.me) == present

    def _is_running(self, task: Task) -> bool:
        return self._matching(task.id, task.attempt) is not None

    def _matching(self, task_id: TaskId, attempt: int) -> Running | None:
        running = self.running
        if running is None or (running.task_id, running.attempt) != (task_id, attempt):
            return None
        return running

    # Bids, trades and lease

    def _answer_call(self, now: Instant) -> None:
        call = self._call
        if call is None or self._replica.applied_index < call.commit_index:
            return
        self._call = None
        if call.term != self._replica.raft.term or not self._leader:
            return
        answer = Bids(
            auction=call.auction,
            term=call.term,
            outlook=self._outlook(),
            bids=self._bids(call, now),
        )
        self._outbox.send(self._leader, answer)

    def _bids(self, call: Call, now: Instant) -> tuple[Bid, ...]:
        unwilling = self._unwilling(now)
        if unwilling:
            return (Bid(refusal=unwilling),) * len(call.lots)
        return self._planner.bids(self._model(), self.schedule, call.lots, call.at)

    def _outlook(self) -> Outlook:
        if self.running is not None and self.running.is_charging:
            return self._charging.outlook(self.report)
        return self._planner.outlook(self.report, self.running)

    def _model(self) -> RobotModel:
        return RobotModel(robot=self._config.me, report=self.report, outlook=self._outlook())

    def _unwilling(self, now: Instant) -> str:
        """Why this robot takes nothing new; empty when it does."""
        if not self.report.is_fit:
            return self.report.unfit_reason
        return self._rest.reason(now.steady)

    def _answer_asks(self, now: Instant) -> None:
        replica = self._replica
        due = [ask for ask in self._asks if replica.applied_index >= ask.commit_index]
        self._asks = [ask for ask in self._asks if replica.applied_index < ask.commit_index]
        for ask in due:
            if ask.term == replica.raft.term and self._leader:
                self._outbox.send(self._leader, self._answer(ask, now.node))

    def _answer(self, ask: TradeAsk, at: float) -> TradeReply:
        refusal = '' if self.report.is_fit else self.report.unfit_reason
        for task_id, attempt in ask.gives:
            refusal = refusal or self._reason_to_keep(task_id, attempt)
        me = self._model()
        private = {
            task_id: self._planner.private_cost(me, task_id, at) for task_id, _ in ask.takes
        }
        for task_id, assumed in ask.takes:
            if not refusal and private[task_id] > assumed + self._config.auction.stability_s:
                refusal = f'{task_id} costs it {private[task_id]:.0f} more than the leader knows'
        if not refusal:
            self._pledges.give(ask.term, ask.trade, ask.gives)
        return TradeReply(
            trade=ask.trade, term=ask.term, refusal=refusal, private=tuple(private.items())
        )

    def _reason_to_keep(self, task_id: TaskId, attempt: int) -> str:
        """Why an attempt cannot change hands any more; empty when it can."""
        if not self._replica.ledger.holds(self._config.me, task_id, attempt):
            return f'{task_id} is not its own any more'
        if self._matching(task_id, attempt) is not None:
            return f'{task_id} is under way'
        if self._claims.has_ended(task_id, attempt):
            return f'{task_id} is over'
        return ''

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


def _has_set_out(task: Task) -> bool:
    """The others of a task have begun it, and count on this robot."""
    return task.sets_out_together and task.state is TaskState.EXECUTING

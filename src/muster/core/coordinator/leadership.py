"""What a robot does besides its own work while it leads: answer requests, keep the roster, grant
leases, hold auctions.

An object of this class lives from an election to its end. It starts from the ledger and from
nothing else: whatever a former leader had under way, and had not committed, is forgotten, and
robots and operators repeat it.
"""

from __future__ import annotations

import math

import msgspec

from muster.core import types
from muster.core.allocation.account import Account
from muster.core.allocation.bidder import missing_capabilities
from muster.core.allocation.messages import Bids, TradeReply
from muster.core.coordinator.amendment import reason_to_refuse_change
from muster.core.coordinator.auctioneer import Auctioneer
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.events import SearchEnded
from muster.core.coordinator.intake import flaw_in_form, reason_to_refuse
from muster.core.coordinator.lanes import reason_to_refuse_lane
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.planner import Planner
from muster.core.coordinator.private_costs import PrivateCosts
from muster.core.coordinator.replica import Replica
from muster.core.coordinator.trader import Trader
from muster.core.ledger.commands import (
    AmendTask,
    CancelTask,
    Claim,
    Command,
    CreditTask,
    EndTask,
    FailTask,
    JoinRobot,
    LeaveDock,
    LoseRobot,
    QueueForDock,
    RefuseRequest,
    SetLane,
    SubmitTask,
    TakeBackTask,
)
from muster.core.ledger.ledger import Applied, RosterEntry
from muster.core.membership.messages import Grant, Heartbeat
from muster.core.membership.watch import Watch
from muster.core.types import (
    Amend,
    Cancel,
    Instant,
    Pose2D,
    Request,
    RequestId,
    Response,
    RobotId,
    RobotReport,
    Severity,
    Submit,
    TakeBack,
    TaskId,
    TaskSpec,
    TaskState,
)

HOUSEKEEPING_S = 0.05
"""How often the roster and the deadlines are looked through."""
HANDOVER_RETRY_S = 5.0
"""Between attempts to have a healthier robot lead: nothing is proposed during one."""
MAX_DETAIL_LENGTH = 500
"""Of what a skill says about an attempt: the ledger keeps it for ever."""


class Leadership:
    """The duties of one leader in one term."""

    def __init__(
        self, config: CoordinatorConfig, replica: Replica, outbox: Outbox, now: Instant
    ) -> None:
        self.watch = Watch(config.membership, now.steady)
        self._config = config
        self._replica = replica
        self._raft = replica.raft
        self._ledger = replica.ledger
        self._outbox = outbox
        parts = (config, replica, self.watch, outbox)
        planner, private = Planner(config, replica.ledger), PrivateCosts()
        self._auctioneer = Auctioneer(*parts, planner, private)
        self._trader = Trader(*parts, planner, private)
        self._waiting: dict[RequestId, Request] = {}
        self._house_kept_at = -math.inf
        self._handover_due = -math.inf

    # What comes in

    def heard(self, robot: RobotId, incarnation: int, beat: Heartbeat, now: Instant) -> None:
        """A robot lives: note it, and let it work on if a quorum stands behind this leader."""
        if robot not in self._config.squads:
            return
        before = self.watch.sighting(robot)
        if not self.watch.heard(robot, incarnation, beat, now.steady):
            return
        if before is None or _mode(before.report) != _mode(beat.report):
            self._wake()
        if self._may_grant(robot, incarnation, now):
            grant = Grant(
                term=self._raft.term,
                heard_at=beat.sent_at,
                commit_index=self._raft.commit_index,
                settled_trade=self._trader.settled,
            )
            self._outbox.send(robot, grant)

    def unplaced(self, task_id: TaskId) -> Account | None:
        """Why a waiting task went to nobody when it was last offered."""
        return self._auctioneer.unplaced(task_id)

    def bids(self, robot: RobotId, bids: Bids) -> None:
        self._auctioneer.bids(robot, bids)

    def trade_replied(self, robot: RobotId, reply: TradeReply, now: Instant) -> None:
        self._trader.replied(robot, reply, now)

    def searched(self, event: SearchEnded, now: Instant) -> None:
        self._trader.searched(event, now)

    def claimed(self, robot: RobotId, claim: Claim, now: Instant) -> None:
        """A robot says what became of its attempt; whether it still counts is for the ledger to
        say."""
        is_own = claim.robot == robot or isinstance(claim, CreditTask)
        if not is_own or not self._raft.is_settled:
            return
        claim = msgspec.structs.replace(claim, at=now.node)
        match claim:
            case QueueForDock(dock=dock) | LeaveDock(dock=dock):
                subject = f'{dock} {robot}'
            case CreditTask(task_id=task_id):
                subject = task_id
            case _:
                if not self._ledger.holds(robot, claim.task_id, claim.attempt):
                    return
                subject = f'{claim.task_id} {claim.attempt} {robot}'
        if isinstance(claim, EndTask):
            claim = msgspec.structs.replace(claim, detail=claim.detail[:MAX_DETAIL_LENGTH])
        self._replica.propose(f'{type(claim).__name__} {subject}', claim)

    def requested(self, request: Request, now: Instant) -> None:
        """Answer an operator: from the ledger if it knows, else when it does."""
        flaw = flaw_in_form(request)
        if flaw:
            self._refuse_unrecorded(request.request_id, flaw)
        elif not self._raft.is_settled:
            self._waiting.setdefault(request.request_id, request)
        elif (known := self._ledger.requests.get(request.request_id)) is not None:
            self._outbox.reply(known)
        else:
            self._consider(request, now)

    def applied(self, result: Applied) -> None:
        """A command took effect: tell the world, answer the operator, and see whether there is
        work to award."""
        for change in result.changes:
            self._outbox.report(
                change.kind,
                severity=_SEVERITIES.get(change.kind, Severity.INFO),
                task_id=change.task_id,
                attempt=change.attempt,
                subject=change.robot,
                detail=change.detail,
                data=change.data,
            )
        if result.response is not None:
            self._outbox.reply(result.response)
        if result.changes:
            self._wake()

    def tick(self, now: Instant) -> None:
        """See to everything that depends on time or on what has just been committed."""
        if not self._raft.is_settled:
            return
        waiting, self._waiting = self._waiting, {}
        for request in waiting.values():
            self.requested(request, now)
        if now.steady - self._house_kept_at >= HOUSEKEEPING_S:
            self._house_kept_at = now.steady
            self._hand_over_if_ailing(now)
            self._keep_roster(now)
            self._drop_hopeless(now)
        self._auctioneer.tick(now)
        self._trader.tick(now, is_calm=not self._auctioneer.is_open)

    def _wake(self) -> None:
        self._auctioneer.wake()
        self._trader.wake()

    # Membership

    def _may_grant(self, robot: RobotId, incarnation: int, now: Instant) -> bool:
        """Whether the robot may rely on the ledger for another lease (invariants I1 and I6)."""
        raft = self._raft
        window = self._config.membership.quorum_window_s
        return (
            raft.is_settled
            and now.steady - raft.quorum_heard_at(now.steady) <= window
            and self._ledger.roster.get(robot) == RosterEntry(incarnation, is_present=True)
            and not self._replica.is_under_way(_lose_key(robot))
        )

    def _keep_roster(self, now: Instant) -> None:
        for robot in self._config.squads:
            entry = self._ledger.roster.get(robot)
            seen = self.watch.sighting(robot)
            if seen is not None and self.watch.is_alive(robot, now.steady):
                if entry is None or not entry.is_present or entry.incarnation < seen.incarnation:
                    join = JoinRobot(robot, seen.incarnation, now.node)
                    self._replica.propose(f'join {robot} {seen.incarnation}', join)
            elif (
                entry is not None
                and entry.is_present
                and self.watch.may_be_released(robot, now.steady)
            ):
                reason = f'not heard for {self.watch.silence(robot, now.steady):.1f} s'
                lose = LoseRobot(robot, entry.incarnation, reason, now.node)
                self._replica.propose(_lose_key(robot), lose)

    # Succession

    def _hand_over_if_ailing(self, now: Instant) -> None:
        """A leader whose robot is in a bad way lets a healthy one lead before it fails itself."""
        ailment = self._ailment(self._config.me)
        if not ailment or now.steady < self._handover_due:
            return
        healthy = [
            robot
            for robot in self._config.squads
            if self.watch.is_alive(robot, now.steady) and not self._ailment(robot)
        ]
        successor = self._raft.hand_over(healthy, now.steady)
        if successor:
            self._handover_due = now.steady + HANDOVER_RETRY_S
            self._outbox.report(
                'leader_hands_over',
                subject=successor,
                detail=f'{self._config.me} {ailment}',
                data={'term': self._raft.term},
            )

    def _ailment(self, robot: RobotId) -> str:
        """Why a robot should rather not lead, as it last told; empty when nothing is wrong."""
        seen = self.watch.sighting(robot)
        if seen is None:
            return ''
        if not seen.report.is_fit:
            return f'is not fit: {seen.report.unfit_reason}'
        if seen.report.battery < self._config.motion.battery_reserve:
            return f'has {100 * seen.report.battery:.0f} % of its battery left'
        return ''

    # Requests

    def _consider(self, request: Request, now: Instant) -> None:
        reason = self._reason_to_refuse(request, now)
        command: Command
        if reason:
            command = RefuseRequest(request.request_id, reason, now.node)
        else:
            command = self._command_for(request, now)
        self._replica.propose(f'request {request.request_id}', command)

    def _reason_to_refuse(self, request: Request, now: Instant) -> str:
        match request:
            case Submit(spec=spec) | Amend(spec=spec):
                at = self._where_capable_robots_are(spec)
                asked = Submit(request.request_id, spec)
                reason = reason_to_refuse(asked, self._config, self._ledger, at, now.node)
                if isinstance(request, Amend):
                    reason = reason or reason_to_refuse_change(request, self._ledger)
                return reason
            case types.SetLane(a=a, b=b):
                return reason_to_refuse_lane(a, b, self._config)
        return ''

    def _command_for(self, request: Request, now: Instant) -> Command:
        match request:
            case Submit(request_id=request_id, spec=spec):
                return SubmitTask(request_id, spec, now.node)
            case Cancel(request_id=request_id, task_id=task_id):
                return CancelTask(request_id, task_id, now.node)
            case Amend(request_id=request_id, task_id=task_id, spec=spec):
                return AmendTask(request_id, task_id, spec, now.node)
            case TakeBack(request_id=request_id, task_id=task_id):
                return TakeBackTask(request_id, task_id, now.node)
            case types.SetLane(request_id=request_id, a=a, b=b, is_closed=is_closed):
                return SetLane(request_id, a, b, is_closed, now.node)

    def _where_capable_robots_are(self, spec: TaskSpec) -> tuple[Pose2D, ...]:
        """Empty unless it is known of all of them: a refusal is for ever."""
        skill = self._config.skills.get(spec.kind)
        poses = []
        for robot, has in self._config.capabilities.items():
            if skill is None or missing_capabilities(spec, skill, has):
                continue
            seen = self.watch.sighting(robot)
            if seen is None or not seen.report.is_fit:
                return ()
            poses.append(seen.report.pose)
        return tuple(poses)

    def _refuse_unrecorded(self, request_id: RequestId, reason: str) -> None:
        """Any leader would refuse this for its form alone, so the ledger need not remember it."""
        self._outbox.report(
            'request_refused',
            severity=Severity.WARNING,
            detail=reason,
            data={'request_id': request_id[:64]},
        )
        self._outbox.reply(Response(request_id, False, reason=reason))

    def _drop_hopeless(self, now: Instant) -> None:
        """Fail pending tasks that can no longer be done."""
        for task in self._ledger.waiting_tasks():
            reason = ''
            is_late = task.spec.deadline_s and now.node > task.spec.deadline_s
            if is_late and not task.spec.deadline_is_soft:
                reason = 'its deadline passed while it waited for a robot'
            for predecessor in task.spec.predecessors:
                state = self._ledger.tasks[predecessor].state
                if state in (TaskState.FAILED, TaskState.CANCELLED):
                    reason = f'its predecessor {predecessor} is {state.name}'
            if reason:
                fail = FailTask(task.id, task.attempt, reason, now.node)
                self._replica.propose(f'fail {task.id} {task.attempt}', fail)


_SEVERITIES = {
    'task_failed': Severity.ERROR,
    'task_released': Severity.WARNING,
    'task_troubled': Severity.WARNING,
    'trade_void': Severity.DEBUG,
    'lane_closed': Severity.WARNING,
    'request_refused': Severity.WARNING,
    'robot_lost': Severity.WARNING,
}


def _mode(report: RobotReport) -> tuple[object, ...]:
    """What a robot can do, as far as its report says."""
    return (report.is_fit, report.lost_capabilities, report.limits, report.speed_factor)


def _lose_key(robot: RobotId) -> str:
    return f'lose {robot}'

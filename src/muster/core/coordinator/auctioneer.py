"""When to hold an auction, whom to ask, and what to do with its result.

One auction runs at a time. It is called when there is work that somebody could take and something
has changed since the last one; when nobody would take what is left, it is tried again every
`retry_s`.
"""

from __future__ import annotations

import math

import msgspec

from muster.core.allocation.auction import Auction
from muster.core.allocation.messages import Bids, Call, Lot
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.replica import Replica
from muster.core.ledger.commands import Award, AwardTasks
from muster.core.ledger.task import Task
from muster.core.membership.watch import Watch
from muster.core.types import Instant, RobotId, Severity, TaskId, TaskState

_KEY = 'award'


class Auctioneer:
    """Auctions of one leader in one term."""

    def __init__(
        self, config: CoordinatorConfig, replica: Replica, watch: Watch, outbox: Outbox
    ) -> None:
        self._config = config
        self._replica = replica
        self._ledger = replica.ledger
        self._watch = watch
        self._outbox = outbox
        self._auction: Auction | None = None
        self._called_at = 0.0
        self._number = 0
        self._next_at = -math.inf
        self._declined: set[TaskId] = set()
        """Refused by all when last offered: where a call cannot hold all tasks, the others go
        first."""

    def wake(self) -> None:
        """Something has changed: do not wait for the next try."""
        self._next_at = -math.inf

    def bids(self, robot: RobotId, bids: Bids) -> None:
        """A robot's answer to a call of this leader's term; others are out of date."""
        if self._auction is not None and bids.term == self._replica.raft.term:
            self._auction.answer(robot, bids)

    def tick(self, now: Instant) -> None:
        if self._auction is not None:
            if self._auction.is_over(self._alive(now), now.steady):
                self._close(self._auction, now)
        elif now.steady >= self._next_at and not self._replica.is_under_way(_KEY):
            self._open(now)

    def _open(self, now: Instant) -> None:
        self._next_at = now.steady + self._config.auction.retry_s
        invited = frozenset(filter(self._has_room, self._alive(now)))
        lots = tuple(
            Lot(task.id, msgspec.structs.replace(task.spec, parameters=''), task.failed_on)
            for task in self._on_offer(self._waiting(now))
        )
        if not invited or not lots:
            return
        self._number += 1
        self._called_at = now.steady
        closes_at = now.steady + self._config.auction.bid_timeout_s
        self._auction = Auction(self._number, lots, invited, closes_at)
        call = Call(
            auction=self._number,
            term=self._replica.raft.term,
            at=now.node,
            commit_index=self._replica.applied_index,
            lots=lots,
        )
        for robot in sorted(invited):
            self._outbox.send(robot, call)

    def _close(self, auction: Auction, now: Instant) -> None:
        self._auction = None
        winners = auction.winners()
        awards = tuple(
            Award(
                winner.task_id,
                self._ledger.tasks[winner.task_id].attempt + 1,
                winner.robot,
                winner.cost,
                winner.reason,
            )
            for winner in winners
            if self._ledger.tasks[winner.task_id].state is TaskState.PENDING
        )
        if awards:
            self._replica.propose(_KEY, AwardTasks(awards, now.node))
            self.wake()
        open_lots = [
            lot for lot in auction.lots if lot.task_id not in {w.task_id for w in winners}
        ]
        self._declined.update(
            lot.task_id
            for lot in open_lots
            if len(auction.refusals(lot.task_id)) == len(auction.answers)
        )
        self._outbox.report(
            'auction_closed',
            severity=Severity.INFO if awards else Severity.DEBUG,
            detail=f'{len(awards)} of {len(auction.lots)} tasks awarded',
            data={
                'auction': auction.number,
                'tasks': len(auction.lots),
                'invited': sorted(auction.invited),
                'answered': sorted(auction.answers),
                'awarded': {winner.task_id: winner.robot for winner in winners},
                'refusals': {lot.task_id: auction.refusals(lot.task_id) for lot in open_lots[:4]},
                'took_s': round(now.steady - self._called_at, 4),
            },
        )

    def _alive(self, now: Instant) -> list[RobotId]:
        return [
            robot
            for robot in self._config.squads
            if self._ledger.is_present(robot) and self._watch.is_alive(robot, now.steady)
        ]

    def _has_room(self, robot: RobotId) -> bool:
        """The robot could take one more: one under way, the rest in its schedule."""
        seen = self._watch.sighting(robot)
        is_fit = seen is not None and seen.report.is_fit
        return (
            is_fit and len(self._ledger.held_by(robot)) <= self._config.auction.schedule_capacity
        )

    def _waiting(self, now: Instant) -> list[Task]:
        """Tasks that may be awarded now, the most urgent first, then the oldest."""
        horizon = now.node + self._config.auction.lookahead_s
        ready = [
            task
            for task in self._ledger.open_tasks()
            if task.state is TaskState.PENDING
            and task.spec.earliest_start_s <= horizon
            and all(
                self._ledger.tasks[one].state is TaskState.DONE for one in task.spec.predecessors
            )
        ]
        return sorted(ready, key=lambda task: -task.spec.priority)

    def _on_offer(self, waiting: list[Task]) -> list[Task]:
        """As many tasks as one call holds. All get their turn, however many urgent ones there are
        that nobody can take."""
        self._declined.intersection_update(task.id for task in waiting)
        if len(self._declined) == len(waiting):
            self._declined.clear()
        by_turn = sorted(waiting, key=lambda task: task.id in self._declined)
        chosen = {task.id for task in by_turn[: self._config.auction.tasks_per_call]}
        return [task for task in waiting if task.id in chosen]

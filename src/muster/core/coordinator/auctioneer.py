"""When to hold an auction, whom to ask, and what to do with its result.

One auction runs at a time. It is called when there is work that somebody could take and something
has changed since the last one; when nobody would take what is left, it is tried again every
`retry_s`. All that an auction needs is in the ledger and in the bids, so a new leader just holds
the next one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby

from muster.core.allocation.account import Account, encode_account, offers_of, sentence
from muster.core.allocation.auction import Answer, Auction
from muster.core.allocation.bidder import REFUSALS
from muster.core.allocation.companies import place_companies
from muster.core.allocation.costs import Reason
from muster.core.allocation.formulation import Formulation, shortcoming
from muster.core.allocation.kernel import is_compiled
from muster.core.allocation.messages import Bids, Call, RobotModel
from muster.core.allocation.search import Plan, construct, plan_of
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.planner import Planner
from muster.core.coordinator.private_costs import PrivateCosts
from muster.core.coordinator.recall import recalls
from muster.core.coordinator.replica import Replica
from muster.core.ledger.commands import Award, AwardTasks
from muster.core.ledger.task import Task
from muster.core.membership.watch import Watch
from muster.core.types import Instant, RobotId, Severity, TaskId, TaskState

_KEY = 'award'
PLAIN_TASKS_PER_CALL = 8
"""While kernels are not compiled: an auction must not keep its leader from its heartbeats."""


class Auctioneer:
    """Auctions of one leader in one term."""

    def __init__(
        self,
        config: CoordinatorConfig,
        replica: Replica,
        watch: Watch,
        outbox: Outbox,
        planner: Planner,
        private: PrivateCosts,
    ) -> None:
        self._config = config
        self._replica = replica
        self._ledger = replica.ledger
        self._watch = watch
        self._outbox = outbox
        self._planner = planner
        self._private = private
        self._auction: Auction | None = None
        self._called_at = 0.0
        self._number = 0
        self._next_at = -math.inf
        self._strays = 0
        """Answers to auctions that were over, or to none."""
        self._declined: set[TaskId] = set()
        """Placed with nobody when last offered: where a call cannot hold all tasks, the others go
        first."""
        self._in_vain_until = -math.inf
        """Until then nobody need look through the tasks that wait: nobody had room for any, and
        all were told so."""
        self._unplaced: dict[TaskId, Account] = {}
        """Why tasks that wait went to nobody when last offered."""

    @property
    def is_open(self) -> bool:
        """An auction is under way, or its result is."""
        return self._auction is not None or self._replica.is_under_way(_KEY)

    def wake(self) -> None:
        """Something has changed: do not wait for the next try."""
        self._next_at = -math.inf

    def bids(self, robot: RobotId, bids: Bids) -> None:
        """A robot's answer to a call of this leader's term; others are out of date."""
        answer = Answer.STRAY
        if self._auction is not None and bids.term == self._replica.raft.term:
            answer = self._auction.answer(robot, bids)
        self._strays += answer is Answer.STRAY

    def unplaced(self, task_id: TaskId) -> Account | None:
        """Why a task went to nobody when it was last offered; None if that is not known."""
        return self._unplaced.get(task_id)

    def tick(self, now: Instant) -> None:
        if self._auction is not None:
            if self._auction.is_over(self._alive(now), now.steady):
                self._close(self._auction, now)
        elif now.steady >= self._next_at and not self._replica.is_under_way(_KEY):
            self._open(now)

    # The call

    def _open(self, now: Instant) -> None:
        passed_over = self._passed_over(now)
        invited = frozenset(self._config.squads) - passed_over.keys()
        if not invited and now.steady < self._in_vain_until:
            self._next_at = self._in_vain_until
            return
        waiting = self._waiting(now)
        if not waiting:
            self._next_at = math.inf if not self._ledger.waiting_tasks() else self._next_try(now)
            return
        self._next_at = self._next_try(now)
        if not invited:
            self._in_vain_until = self._next_at
            nobody = Account(
                'auction', self._number, self._replica.raft.term, refusals=passed_over
            )
            self._unplaced.update(dict.fromkeys((task.id for task in waiting), nobody))
        if not invited or self._promote_backups(waiting, invited, now):
            return
        lots = tuple(task.id for task in self._on_offer(waiting))
        self._number += 1
        self._called_at = now.steady
        closes_at = now.steady + self._config.auction.bid_timeout_s
        self._auction = Auction(self._number, lots, invited, closes_at, passed_over)
        call = Call(
            auction=self._number,
            term=self._replica.raft.term,
            at=now.node,
            commit_index=self._replica.applied_index,
            lots=lots,
        )
        self._replica.raft.announce_commit(now.steady)
        for robot in sorted(invited):
            self._outbox.send(robot, call)

    def _next_try(self, now: Instant) -> float:
        return now.steady + self._config.auction.retry_s

    def _alive(self, now: Instant) -> list[RobotId]:
        return [
            robot
            for robot in self._config.squads
            if self._ledger.is_present(robot) and self._watch.is_alive(robot, now.steady)
        ]

    def _passed_over(self, now: Instant) -> dict[RobotId, str]:
        """Robots that need not be asked, and why."""
        alive = self._alive(now)
        capacity = self._config.auction.schedule_capacity
        passed_over = {}
        for robot in self._config.squads:
            seen = self._watch.sighting(robot)
            if robot not in alive or seen is None:
                passed_over[robot] = 'is not heard'
            elif not seen.report.is_fit:
                passed_over[robot] = seen.report.unfit_reason or 'is not fit'
            elif self._ledger.count_held(robot) > capacity:  # one under way, the rest to come
                passed_over[robot] = REFUSALS[Reason.MAX_TASKS]
        return passed_over

    def _waiting(self, now: Instant) -> list[Task]:
        """Tasks that may be awarded now, the most urgent first, then the oldest."""
        horizon = now.node + self._config.auction.lookahead_s
        tasks = self._ledger.tasks
        ready: dict[TaskId, Task] = {}
        for task in self._ledger.waiting_tasks():
            if task.spec.earliest_start_s <= horizon and all(
                one in ready or tasks[one].state is TaskState.DONE or tasks[one].is_held
                for one in task.spec.predecessors
            ):
                ready[task.id] = task
        whole = [
            task
            for task in ready.values()
            if all(
                mate.id in ready or mate.state is not TaskState.PENDING
                for mate in self._ledger.setting_out_with(task)
            )
        ]
        return sorted(whole, key=self._urgency)

    def _urgency(self, task: Task) -> int:
        """The less, the sooner a task is placed: those that set out together are as urgent as the
        most urgent of them."""
        return -max(mate.spec.priority for mate in self._ledger.setting_out_with(task))

    def _on_offer(self, waiting: list[Task]) -> list[Task]:
        """As many tasks as one call holds. All get their turn, however many urgent ones there are
        that nobody can take. Tasks that set out together are offered together."""
        self._declined.intersection_update(task.id for task in waiting)
        if len(self._declined) == len(waiting):
            self._declined.clear()
        by_turn = sorted(waiting, key=lambda task: task.id in self._declined)
        most = self._config.auction.tasks_per_call
        if not is_compiled():
            most = min(most, PLAIN_TASKS_PER_CALL)
        chosen: set[TaskId] = set()
        for task in by_turn:
            if len(chosen) >= most:
                break
            chosen.update(mate.id for mate in self._ledger.setting_out_with(task))
        return [task for task in waiting if task.id in chosen]

    def _promote_backups(
        self, waiting: Sequence[Task], invited: frozenset[RobotId], now: Instant
    ) -> bool:
        """Critical tasks whose robot has failed go to the second best, without asking anybody."""
        awards = []
        for task in waiting:
            if task.backup not in invited or not self._could_take_over(task):
                continue
            account = Account('backup', self._number, self._replica.raft.term)
            reason = f'it stood by as the second best, in case {task.robot} failed'
            awards.append(
                Award(
                    task.id,
                    task.attempt + 1,
                    task.backup,
                    task.award_cost,
                    reason,
                    encode_account(account),
                )
            )
        if awards:
            self._replica.propose(_KEY, AwardTasks(tuple(awards), now.node))
            self.wake()
        return bool(awards)

    def _could_take_over(self, task: Task) -> bool:
        """The backup is able still; much may have changed since it offered to."""
        seen = self._watch.sighting(task.backup)
        excluded = {*task.avoid, *task.failed_on, *self._ledger.busy_with_mates(task)}
        if seen is None or task.backup in excluded:
            return False
        model = RobotModel(robot=task.backup, report=seen.report, outlook=seen.outlook)
        return not shortcoming(self._planner.team, model, task.spec, 0)

    # The result

    def _close(self, auction: Auction, now: Instant) -> None:
        self._auction = None
        tasks = [
            task
            for task in map(self._ledger.tasks.__getitem__, auction.lots)
            if task.state is TaskState.PENDING
        ]
        awards: tuple[Award, ...] = ()
        obstacles: dict[TaskId, str] = {}
        robots = self._models(auction)
        if tasks and robots:
            self._note_private_costs(auction)
            stated = self._state(auction, robots, tasks, now)
            plan = self._plan(stated, tasks)
            awards = self._awards(auction, stated, plan, robots)
            obstacles = {
                stated.slots[slot][0]: REFUSALS[reason] for slot, reason in plan.unassigned.items()
            }
            if awards:
                paths = _paths(stated, plan, awards)
                self._replica.propose(_KEY, AwardTasks(awards, now.node, paths))
                self.wake()
            awarded = {award.task_id for award in awards}
            for recall in recalls(
                self._ledger, self._planner.team, tasks, awarded, robots, now.node
            ):
                self._replica.propose(f'recall {recall.task_id} {recall.attempt}', recall)
        self._note_unplaced(auction, awards, obstacles)
        self._tell(auction, awards, now)

    def _models(self, auction: Auction) -> list[RobotModel]:
        """The robots that have answered, as they were then."""
        models = []
        for robot in self._config.squads:
            seen = self._watch.sighting(robot)
            if robot in auction.answers and seen is not None and self._ledger.is_present(robot):
                outlook = auction.answers[robot].outlook
                models.append(RobotModel(robot=robot, report=seen.report, outlook=outlook))
        return models

    def _note_private_costs(self, auction: Auction) -> None:
        for robot, answer in auction.answers.items():
            for task_id, bid in zip(auction.lots, answer.bids, strict=True):
                self._private.note(robot, task_id, sum(bid.extra.values()))

    def _state(
        self,
        auction: Auction,
        robots: Sequence[RobotModel],
        tasks: Sequence[Task],
        now: Instant,
    ) -> Formulation:
        refused = frozenset(
            (robot, task.id) for task in tasks for robot in auction.refusals(task.id)
        )
        self._private.forget(self._ledger)
        return self._planner.formulate(robots, tasks, now.node, self._private.known, refused)

    def _plan(self, stated: Formulation, tasks: Sequence[Task]) -> Plan:
        """Urgent tasks first, within a priority where they cost the team least.

        What robots hold already may have to give way for a moment, where it waits for a task that
        is only now being placed; it is placed again as soon as it can be.
        """
        plan = plan_of(stated.problem, stated.routes)
        held = {slot for route in stated.routes for slot in route}
        for _, alike in groupby(tasks, key=self._urgency):
            slots = [slot for task in alike for slot in stated.slots_of(task.id)]
            slots += held & plan.unassigned.keys()
            plan = place_companies(stated.problem, construct(stated.problem, plan, slots), slots)
        return plan

    def _awards(
        self, auction: Auction, stated: Formulation, plan: Plan, robots: Sequence[RobotModel]
    ) -> tuple[Award, ...]:
        crews = stated.crews(plan)
        outlooks = {model.robot: model.outlook for model in robots}
        awards = []
        for task_id in auction.lots:
            task = self._ledger.tasks[task_id]
            crew = crews.get(task_id, ())
            if task.state is not TaskState.PENDING or len(set(crew)) != max(
                1, task.spec.robots_needed
            ):
                continue
            offers = offers_of(auction.bids_on(task_id), crew)
            others = [one.robot for one in offers if one.robot not in crew]
            robot = crew[0]
            held = self._ledger.count_held(robot)
            mine = next((one.cost for one in offers if one.robot == robot), 0.0)
            account = Account(
                'auction',
                auction.number,
                self._replica.raft.term,
                offers,
                auction.objections(task_id),
                auction.silent,
            )
            awards.append(
                Award(
                    task_id,
                    task.attempt + 1,
                    robot,
                    round(mine, 2),
                    sentence(robot, offers, outlooks[robot].free_in_s, held),
                    encode_account(account),
                    crew if len(crew) > 1 else (),
                    others[0] if task.spec.is_critical and others and len(crew) == 1 else '',
                )
            )
        return tuple(awards)

    def _note_unplaced(
        self, auction: Auction, awards: Sequence[Award], obstacles: Mapping[TaskId, str]
    ) -> None:
        awarded = {award.task_id for award in awards}
        waiting = {task.id for task in self._ledger.waiting_tasks()} - awarded
        self._unplaced = {one: kept for one, kept in self._unplaced.items() if one in waiting}
        for task_id in waiting.intersection(auction.lots):
            self._unplaced[task_id] = Account(
                'auction',
                auction.number,
                self._replica.raft.term,
                offers_of(auction.bids_on(task_id), ()),
                auction.objections(task_id),
                auction.silent,
                obstacle=obstacles.get(task_id, ''),
            )

    def _tell(self, auction: Auction, awards: Sequence[Award], now: Instant) -> None:
        awarded = {award.task_id: award.robot for award in awards}
        left = [task_id for task_id in auction.lots if task_id not in awarded]
        self._declined.update(left)
        counts = Counter(strays=self._strays, doubles=auction.doubles)
        self._strays = 0
        self._outbox.report(
            'auction_closed',
            severity=Severity.INFO if awards else Severity.DEBUG,
            detail=f'{len(awards)} of {len(auction.lots)} tasks awarded',
            data={
                'auction': auction.number,
                'tasks': len(auction.lots),
                'invited': sorted(auction.invited),
                'answered': sorted(auction.answers),
                'awarded': awarded,
                'refusals': {task_id: auction.refusals(task_id) for task_id in left[:4]},
                'took_s': round(now.steady - self._called_at, 4),
                **counts,
            },
        )


def _paths(
    stated: Formulation, plan: Plan, awards: Sequence[Award]
) -> dict[RobotId, tuple[TaskId, ...]]:
    """The new order of each robot's tasks, where it changes.

    To place a task, a plan may have moved others that robots have already. An auction does not:
    what changes hands is for trades. Such a task keeps its robot, and comes last there.
    """
    won = {(robot, one.task_id) for one in awards for robot in one.crew or (one.robot,)}
    paths = {}
    for robot, route, before in zip(stated.robots, plan.routes, stated.routes, strict=True):
        held = set(before)
        path = [slot for slot in route if slot in held or (robot, stated.slots[slot][0]) in won]
        path += [slot for slot in before if slot not in path]
        if tuple(path) != before:
            paths[robot] = stated.names(path)
    return paths

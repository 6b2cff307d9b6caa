"""Trades: after an auction the leader looks for a better distribution of what is not begun yet.

The search runs on the robots' cost models, off the thread that steps the machine. What it finds is
put to the robots concerned: those that would lose tasks must promise not to begin them meanwhile,
those that would get tasks must know of no cost that the leader does not. When all agree, one entry
of the ledger moves everything at once; when one does not, or is silent, nothing has happened.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from muster.core.allocation.account import Account, Offer, encode_account
from muster.core.allocation.evaluation import evaluate_path
from muster.core.allocation.formulation import Formulation
from muster.core.allocation.messages import CENT, RobotModel, TradeAsk, TradeReply
from muster.core.allocation.search import Plan, plan_of
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.effects import Search
from muster.core.coordinator.events import SearchEnded
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.planner import Planner
from muster.core.coordinator.private_costs import PrivateCosts
from muster.core.coordinator.replica import Replica
from muster.core.ledger.commands import Award, TradeTasks
from muster.core.ledger.task import Task
from muster.core.membership.watch import Watch
from muster.core.types import Instant, RobotId, Severity, TaskId, TaskState

_KEY = 'trade'
LATE_S = 3.0
"""A robot that will be free so much later than the newest plan took for granted is running late:
what waits for it may be better off elsewhere."""
PAUSE_S = 1.0
"""Between searches: a plan that changes all the time is worth little to those who read it."""
SEARCH_PATIENCE_S = 5.0
"""A search that has not come back by then never will."""
MIN_GAIN = 0.5
"""[cost units] below which a better plan is not worth the messages."""


@dataclass
class _Search:
    number: int
    stated: Formulation
    robots: tuple[RobotModel, ...]
    attempts: Mapping[TaskId, int]
    until: float


@dataclass
class _Ask:
    number: int
    command: TradeTasks
    waiting: set[RobotId]
    takers: Mapping[RobotId, tuple[TaskId, ...]]
    until: float
    answered: dict[RobotId, str] = field(default_factory=dict)


class Trader:
    """Trades of one leader in one term."""

    def __init__(
        self,
        config: CoordinatorConfig,
        replica: Replica,
        watch: Watch,
        outbox: Outbox,
        planner: Planner,
        private: PrivateCosts,
    ) -> None:
        self.settled = 0
        """Trades up to this number are over."""
        self._config = config
        self._replica = replica
        self._ledger = replica.ledger
        self._watch = watch
        self._outbox = outbox
        self._planner = planner
        self._private = private
        self._number = 0
        self._searches = replica.raft.term << 20
        self._search: _Search | None = None
        self._ask: _Ask | None = None
        self._is_stale = False
        self._next_at = -math.inf
        self._free_at: dict[RobotId, float] = {}
        """[s] node time, as of the newest search."""

    def wake(self) -> None:
        """The plan is not what it was at the last search."""
        self._is_stale = True

    def tick(self, now: Instant, is_calm: bool) -> None:
        """See to what is under way; begin a search in a calm moment, when there is no auction."""
        if self._replica.is_under_way(_KEY):
            return
        if self._ask is None:
            self.settled = self._number
        else:
            self._follow_up(self._ask, now)
        if self._search is not None and now.steady > self._search.until:
            self._search = None
        is_free = self._search is None and self._ask is None
        if not (is_free and is_calm and now.steady >= self._next_at):
            return
        if self._is_stale or self._is_somebody_late(now):
            self._begin(now)

    def _is_somebody_late(self, now: Instant) -> bool:
        """A robot with work ahead of it has fallen behind the newest plan."""
        for robot, planned in self._free_at.items():
            seen = self._watch.sighting(robot)
            if seen is None or self._ledger.count_held(robot) < 2:
                continue
            if now.node + seen.outlook.free_in_s > planned + LATE_S:
                return True
        return False

    # The search

    def _begin(self, now: Instant) -> None:
        self._is_stale = False
        self._next_at = now.steady + PAUSE_S
        if self._config.auction.trade_budget_s <= 0:
            return
        robots = tuple(self._models(now))
        self._free_at = {one.robot: now.node + one.outlook.free_in_s for one in robots}
        stated = self._planner.formulate(robots, (), now.node, self._private.known)
        if not stated.slots or len(robots) == len(stated.slots) == 1:
            return
        tasks = [self._ledger.tasks[task_id] for task_id, _ in stated.slots]
        self._searches += 1
        self._search = _Search(
            self._searches,
            stated,
            robots,
            {task.id: task.attempt for task in tasks},
            now.steady + SEARCH_PATIENCE_S,
        )
        movable = [self._is_movable(task) for task in tasks]
        self._outbox.search(
            Search(
                self._searches,
                stated.problem,
                plan_of(stated.problem, stated.routes),
                np.array(movable, dtype=np.bool_),
                self._config.auction.trade_budget_s,
            )
        )

    def _models(self, now: Instant) -> list[RobotModel]:
        models = []
        for robot in self._config.squads:
            seen = self._watch.sighting(robot)
            if (
                seen is not None
                and seen.report.is_fit
                and self._ledger.is_present(robot)
                and self._watch.is_alive(robot, now.steady)
            ):
                models.append(RobotModel(robot=robot, report=seen.report, outlook=seen.outlook))
        return models

    def _is_movable(self, task: Task) -> bool:
        return not task.sets_out_together and not task.trouble

    def searched(self, event: SearchEnded, now: Instant) -> None:
        """A search has come back: put what it found to the robots, if it still fits."""
        search = self._search
        if search is None or event.number != search.number:
            return
        self._search = None
        plan = event.plan
        if plan is None or self._ask is not None:
            return
        before = plan_of(search.stated.problem, search.stated.routes)
        gain = before.cost - plan.cost
        if not gain >= MIN_GAIN or not self._still_fits(search):
            return
        self._propose(search, before, plan, gain, now)

    def _still_fits(self, search: _Search) -> bool:
        """Nobody has begun or lost any of it meanwhile."""
        tasks = self._ledger.tasks
        return all(
            tasks[task_id].state is TaskState.AWARDED and tasks[task_id].attempt == attempt
            for task_id, attempt in search.attempts.items()
        )

    # The agreement

    def _propose(
        self, search: _Search, before: Plan, plan: Plan, gain: float, now: Instant
    ) -> None:
        stated = search.stated
        former, latter = stated.crews(before), stated.crews(plan)
        if former.keys() != latter.keys():
            return
        moved = tuple(task_id for task_id in former if former[task_id] != latter[task_id])
        if not all(self._is_movable(self._ledger.tasks[task_id]) for task_id in moved):
            return
        self._number += 1
        account = Account('trade', self._number, self._replica.raft.term, gain=round(gain, 2))
        command = TradeTasks(
            self._number,
            self._replica.raft.term,
            tuple(
                self._award(stated, task_id, former, latter, before, plan, account)
                for task_id in moved
            ),
            now.node,
            {
                robot: stated.names(route)
                for robot, route, old in zip(
                    stated.robots, plan.routes, before.routes, strict=True
                )
                if route != old
            },
        )
        gives: dict[RobotId, list[tuple[TaskId, int]]] = {}
        takes: dict[RobotId, list[tuple[TaskId, float]]] = {}
        for task_id in moved:
            taker = latter[task_id][0]
            gives.setdefault(former[task_id][0], []).append((task_id, search.attempts[task_id]))
            assumed = self._private.known.get((taker, task_id), 0.0)
            takes.setdefault(taker, []).append((task_id, assumed))
        self._ask = _Ask(
            self._number,
            command,
            set(gives) | set(takes),
            {robot: tuple(one for one, _ in some) for robot, some in takes.items()},
            now.steady + self._config.auction.bid_timeout_s,
        )
        for robot in sorted(self._ask.waiting):
            ask = TradeAsk(
                trade=self._number,
                term=self._replica.raft.term,
                commit_index=self._replica.applied_index,
                gives=tuple(gives.get(robot, ())),
                takes=tuple(takes.get(robot, ())),
            )
            self._outbox.send(robot, ask)

    def _award(
        self,
        stated: Formulation,
        task_id: TaskId,
        former: Mapping[TaskId, Sequence[RobotId]],
        latter: Mapping[TaskId, Sequence[RobotId]],
        before: Plan,
        plan: Plan,
        account: Account,
    ) -> Award:
        giver, taker = former[task_id][0], latter[task_id][0]
        (slot,) = stated.slots_of(task_id)
        offers = tuple(
            Offer(robot, _share(stated, stated.robots.index(robot), route.routes, slot))
            for robot, route in ((taker, plan), (giver, before))
        )
        told = Account(account.how, account.number, account.term, offers, gain=account.gain)
        reason = (
            f'traded from {giver}: it saves the team {account.gain:.0f} in all '
            f'(cost {offers[0].cost:.0f} here, {offers[1].cost:.0f} there)'
        )
        return Award(
            task_id,
            self._ledger.tasks[task_id].attempt + 1,
            taker,
            round(offers[0].cost, 2),
            reason,
            encode_account(told),
            backup=_backup(self._ledger.tasks[task_id], giver, taker),
        )

    def replied(self, robot: RobotId, reply: TradeReply, now: Instant) -> None:
        """A robot's word on a trade."""
        ask = self._ask
        if reply.term != self._replica.raft.term:
            return
        for task_id, cost in reply.private:
            if task_id in self._ledger.tasks:
                self._is_stale |= self._private.note(robot, task_id, cost)
        if ask is not None and reply.trade == ask.number and robot in ask.waiting:
            ask.waiting.discard(robot)
            ask.answered[robot] = reply.refusal

    def _follow_up(self, ask: _Ask, now: Instant) -> None:
        refusals = {robot: words for robot, words in ask.answered.items() if words}
        if not ask.waiting and not refusals:
            self._ask = None
            self._replica.propose(_KEY, ask.command)
        elif refusals or now.steady >= ask.until:
            self._ask = None
            self.settled = ask.number
            silent = dict.fromkeys(ask.waiting, 'has not answered')
            self._outbox.report(
                'trade_declined',
                severity=Severity.DEBUG,
                detail='; '.join(
                    f'{robot}: {words}' for robot, words in sorted((refusals or silent).items())
                ),
                data={'trade': ask.number},
            )


def _backup(task: Task, giver: RobotId, taker: RobotId) -> RobotId:
    """Who stands by for a critical task once it has changed hands."""
    if not task.spec.is_critical:
        return ''
    return giver if task.backup in ('', taker) else task.backup


def _share(
    stated: Formulation, robot: int, routes: Sequence[Sequence[int]], slot: int
) -> tuple[int, ...]:
    """[cents of a cost unit] what a task adds to a robot's path, by term."""
    route = tuple(routes[robot])
    without = tuple(one for one in route if one != slot)
    share = evaluate_path(stated.problem, robot, route).terms
    share = share - evaluate_path(stated.problem, robot, without).terms
    return tuple(round(float(term) / CENT) for term in np.nan_to_num(share, posinf=0, neginf=0))

"""What a robot does when nobody leads: it shares out work that is not exclusive with whoever it
can hear.

A robot that has had no leader for `alone_after_s` takes up the bundle consensus
(`muster.core.allocation.consensus_bundle`) over the tasks that wait in its copy of the ledger, and
does what it wins. The ledger hears of none of this until a leader is back, from anybody who knows.
So such work may be done twice, by robots that cannot hear each other; once done, it counts while
anybody lives who knows of it. Exclusive tasks need an authority that no robot has without a leader
(invariants I1 and I6), and are left alone.

An attempt made here has the number that the ledger would give to the next one. So a leader that
awards just that to the robot finds it at work already, and no skill server takes an older attempt
for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from muster.core.allocation.consensus_bundle import BundleConsensus, Price, Standings
from muster.core.coordinator.claims import Claims
from muster.core.coordinator.config import CoordinatorConfig
from muster.core.coordinator.outbox import Outbox
from muster.core.coordinator.replica import Replica
from muster.core.ledger.commands import CreditTask
from muster.core.ledger.task import Task, digest
from muster.core.types import Instant, Outcome, RobotId, Severity, TaskId, TaskSpec, TaskState

PriceAlone: TypeAlias = Callable[[Sequence[Task], Sequence[Task], float], Sequence[Price | None]]
"""Scores and places of some tasks in a path of others, planned at a node time."""

REPRICE_S = 1.0
"""Robots move, so that what nobody has won yet comes to cost something else."""


class Alone:
    """One robot's work without a leader, and what it owes to the next one."""

    def __init__(
        self,
        config: CoordinatorConfig,
        replica: Replica,
        outbox: Outbox,
        claims: Claims,
        price: PriceAlone,
        now: float,
    ) -> None:
        self._config = config
        self._replica = replica
        self._ledger = replica.ledger
        self._outbox = outbox
        self._claims = claims
        self._price_tasks = price
        self._consensus: BundleConsensus | None = None
        self._count = 0
        self._led_at = now
        self._is_willing = False
        self._node_now = 0.0
        self._at_it: TaskId = ''
        self._priced_at = -math.inf
        self._failed: set[TaskId] = set()
        self._attempts: dict[TaskId, int] = {}
        self._done: dict[TaskId, CreditTask] = {}

    # What the performer asks

    def next_task(self, now: Instant) -> tuple[Task, int] | None:
        """What the body should be at next, and the number of the attempt."""
        consensus = self._consensus
        if consensus is None or not self._is_willing or not consensus.is_settled(now.steady):
            return None
        for task_id in consensus.path:
            task = self._ledger.tasks[task_id]
            if task.spec.earliest_start_s <= now.node:
                return task, max(task.attempt, self._attempts.get(task_id, 0)) + 1
        return None

    def reason_to_stop(self, task_id: TaskId, spec: TaskSpec) -> str:
        """Why an attempt made here is of no use any more; empty when it is."""
        task = self._ledger.tasks[task_id]
        if task.state.is_final:
            return f'the ledger says that it is {task.state.name}'
        if task.spec != spec or task.amended:
            return 'an operator has changed the task'
        if task.state is TaskState.EXECUTING and task.robot != self._config.me:
            return f'{task.robot} is at it by order of a leader'
        if self._consensus is not None and task_id not in self._consensus.committed:
            claim = self._consensus.claims[task_id]
            who = claim.winner or 'another robot'
            return f'{who} {"has done it" if claim.is_over else "is at it too"}'
        return ''

    def has_done(self, task_id: TaskId) -> bool:
        """Somebody is known to have done the task, though the ledger may not show it yet."""
        return task_id in self._done

    def has_tried(self, task_id: TaskId, attempt: int) -> bool:
        """The robot has used this number for an attempt of its own: its body would refuse it."""
        return self._attempts.get(task_id, 0) >= attempt

    # What happens

    def began(self, task_id: TaskId, attempt: int, now: float) -> None:
        """The body is at a task that was won here."""
        self._attempts[task_id] = attempt
        self._at_it = task_id
        if self._consensus is not None:
            self._consensus.commit(task_id, now)
        self._outbox.report(
            'task_begun_alone', task_id=task_id, attempt=attempt, subject=self._config.me
        )

    def ended(self, task_id: TaskId, outcome: Outcome, detail: str, now: float) -> None:
        """It is over. What fails on this robot is left to others."""
        me = self._config.me
        self._at_it = ''
        if outcome is Outcome.SUCCEEDED:
            self._know_done(task_id, me)
        elif outcome is not Outcome.STOPPED:
            self._failed.add(task_id)
        if self._consensus is not None and outcome is Outcome.SUCCEEDED:
            self._consensus.done(task_id, me, now)
        elif self._consensus is not None:
            self._consensus.released([task_id], now)
        self._outbox.report(
            'task_ended_alone',
            severity=Severity.INFO if outcome is Outcome.SUCCEEDED else Severity.WARNING,
            task_id=task_id,
            attempt=self._attempts[task_id],
            subject=me,
            detail=detail,
            data={'outcome': outcome.name},
        )

    def heard(self, sender: RobotId, standings: Standings, now: float) -> None:
        """A robot without a leader tells what it believes. ProtocolError when it makes no
        sense."""
        if self._consensus is not None:
            self._say(self._consensus.step(sender, standings, now))

    def tick(self, now: Instant, is_willing: bool) -> None:
        """Take part while nobody leads; tell the leader what was done when there is one."""
        self._is_willing = is_willing
        self._node_now = now.node
        if self._replica.leader:
            self._led_at = now.steady
            self._settle_up()
        elif self._consensus is None and now.steady >= self._alone_from():
            self._consensus = self._join(now.steady)
        if self._consensus is not None:
            if self._replica.is_awake:
                self._share_out(self._consensus, now)
            else:
                self._leave(self._consensus)

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed."""
        if self._consensus is not None:
            return min(self._consensus.next_tick(), self._priced_at + REPRICE_S)
        return math.inf if self._replica.leader else self._alone_from()

    def _alone_from(self) -> float:
        return self._led_at + self._config.alone_after_s if self._replica.is_awake else math.inf

    # Sharing out

    def _join(self, now: float) -> BundleConsensus:
        config = self._config
        self._failed.clear()
        consensus = BundleConsensus(
            config.me,
            config.squads,
            config.bundle,
            self._price,
            max(self._count, self._replica.incarnation << 32),
            now,
        )
        for credit in self._done.values():
            consensus.done(credit.task_id, credit.robot, now)
        if self._at_it:
            consensus.commit(self._at_it, now)
        self._outbox.report(
            'alone',
            severity=Severity.WARNING,
            subject=config.me,
            detail='nobody leads: shares out what is not exclusive with whoever it hears',
        )
        return consensus

    def _leave(self, consensus: BundleConsensus) -> None:
        """A leader is back, or the robot takes part in nothing any more."""
        self._count = consensus.count
        self._consensus = None
        for task_id, robot in consensus.reconcile(
            {task.id: '' for task in self._ledger.open_tasks()}
        ).done.items():
            self._know_done(task_id, robot)
        self._outbox.report(
            'led_again',
            subject=self._config.me,
            detail=f'{len(self._done)} tasks were done meanwhile' if self._done else '',
            data={'done': {one.task_id: one.robot for one in self._done.values()}},
        )

    def _share_out(self, consensus: BundleConsensus, now: Instant) -> None:
        if now.steady - self._priced_at >= REPRICE_S:
            self._priced_at = now.steady
            consensus.reprice(now.steady)
        for task_id, claim in list(consensus.claims.items()):
            task = self._ledger.tasks.get(task_id)
            if task is not None and task.state.is_final and not claim.is_over:
                consensus.taken_back(task_id, now.steady)
        if not self._is_willing:
            consensus.released(consensus.path, now.steady)
        for task in self._ledger.held_by(self._config.me):
            known = consensus.claims.get(task.id)
            if not task.spec.exclusive and (known is None or math.isfinite(known.bid)):
                consensus.commit(task.id, now.steady)
        consensus.offer(self._on_offer(consensus, now) if self._is_willing else (), now.steady)
        self._say(consensus.tick(now.steady))

    def _on_offer(self, consensus: BundleConsensus, now: Instant) -> list[TaskId]:
        """Tasks that wait and could be begun, as far as is known here."""
        horizon = now.node + self._config.auction.lookahead_s
        done = {one for one, claim in consensus.claims.items() if claim.is_over and claim.winner}
        tasks = self._ledger.tasks
        return [
            task.id
            for task in self._ledger.waiting_tasks()
            if not task.spec.exclusive
            and not task.group
            and task.id not in self._failed
            and task.spec.earliest_start_s <= horizon
            and all(
                one in done or tasks[one].state is TaskState.DONE for one in task.spec.predecessors
            )
        ]

    def _price(self, path: Sequence[TaskId], lots: Sequence[TaskId]) -> Sequence[Price | None]:
        tasks = self._ledger.tasks
        of_path, of_lots = [tasks[one] for one in path], [tasks[one] for one in lots]
        return self._price_tasks(of_path, of_lots, self._node_now)

    def _say(self, messages: Sequence[Standings]) -> None:
        for message in messages:
            self._outbox.send('', message)

    # What is owed to a leader

    def _settle_up(self) -> None:
        if self._consensus is not None:
            self._leave(self._consensus)
        for credit in list(self._done.values()):
            if self._is_waited_for(credit):
                self._claims.make(credit)
            else:
                del self._done[credit.task_id]

    def _know_done(self, task_id: TaskId, robot: RobotId) -> None:
        """A robot has done a task, as this one's copy of the ledger has it."""
        done = CreditTask(task_id, robot, spec=digest(self._ledger.tasks[task_id].spec))
        self._done.setdefault(task_id, done)

    def _is_waited_for(self, credit: CreditTask) -> bool:
        """The ledger neither shows it nor wants something else by now."""
        task = self._ledger.tasks[credit.task_id]
        return not task.state.is_final and digest(task.spec) == credit.spec

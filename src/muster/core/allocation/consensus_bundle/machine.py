"""The bundle consensus of one robot: bundle phase and consensus phase, with everything that real
links and robots add to them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from muster.core.allocation.consensus_bundle.bundle import Bundle, PriceTasks
from muster.core.allocation.consensus_bundle.config import BundleConfig
from muster.core.allocation.consensus_bundle.decisions import UNHEARD, decide, outcome
from muster.core.allocation.consensus_bundle.messages import (
    NOBODY,
    TAKEN_BACK,
    Claim,
    Standings,
    Word,
    done_by,
)
from muster.core.allocation.consensus_bundle.reconciliation import Reconciliation, reconcile
from muster.core.allocation.consensus_bundle.records import Journal, Mirror
from muster.core.types import ProtocolError, RobotId, TaskId


class BundleConsensus:
    """One robot's part in the allocation of tasks without a leader.

    Parameters
    ----------
    me : this robot.
    robots : all that may take part; of others, nothing is believed.
    price : scores tasks in this robot's path, see `PriceTasks`.
    count_from : at least any number that this robot has ever given to a message or a change: a
        machine that follows another one goes on from its `count`, a process that starts anew has
        its incarnation in the upper bits.
    now : [s] this robot's steady clock, as everywhere here.
    """

    def __init__(
        self,
        me: RobotId,
        robots: Collection[RobotId],
        config: BundleConfig,
        price: PriceTasks,
        count_from: int,
        now: float,
    ) -> None:
        self.me = me
        self.committed: set[TaskId] = set()
        """Tasks that this robot does whatever others bid."""
        self.changed_at = now
        """When anything that this robot believes last changed."""
        self._robots = frozenset(robots) | {me}
        self._config = config
        self._bundle = Bundle(me, price, config.capacity)
        self._offered: frozenset[TaskId] = frozenset()
        self._stamp = count_from
        self._journal = Journal(count_from)
        self._mirrors: dict[RobotId, Mirror] = {}
        self._heard: dict[RobotId, Word] = {}
        self._news_at: dict[RobotId, float] = {}
        self._is_silent: set[RobotId] = set()
        self._sent_up_to = count_from
        self._sent_at = -math.inf
        self._due = now

    # What the robot may ask

    @property
    def path(self) -> tuple[TaskId, ...]:
        """Tasks that this robot believes it wins and has not begun, in the order of work."""
        return tuple(self._bundle.path)

    @property
    def chosen(self) -> tuple[TaskId, ...]:
        """The same tasks in the order in which they were chosen."""
        return self._bundle.chosen

    @property
    def count(self) -> int:
        """The greatest number that it has given to a message or a change."""
        return max(self._stamp, self._journal.version)

    @property
    def claims(self) -> Mapping[TaskId, Claim]:
        """All that this robot believes, by task."""
        return self._journal.claims

    def present(self) -> tuple[RobotId, ...]:
        """The robots that take part as far as is known, this one included, sorted."""
        return tuple(sorted({self.me, *self._news_at} - self._is_silent))

    def is_settled(self, now: float) -> bool:
        """Whether a task may be begun: nothing has changed for some rounds, and all that take part
        believe the same. A robot that does not hear the others never will; it is waited for as
        long as for one that is silent."""
        quiet_s = now - self.changed_at
        if quiet_s < self._config.settle_rounds * self._config.round_s:
            return False
        others = (self._heard.get(one, UNHEARD) for one in self.present() if one != self.me)
        if all(one.view == self._journal.view for one in others):
            return True
        is_informed = all(one.is_current for one in self._near(now))
        return is_informed and quiet_s > self._config.expiry_s

    # What happens to the robot

    def offer(self, tasks: Collection[TaskId], now: float) -> None:
        """These, and no others, may this robot bid for from now on. What it has begun it goes on
        with."""
        self._offered = frozenset(tasks)
        self._give_up([one for one in self._bundle.path if one not in self._offered], now)
        self._build(now)

    def reprice(self, now: float) -> None:
        """What tasks cost this robot has changed. Bids that were made stand, or robots that move
        would never agree; tasks that it cannot do any more must be `released`."""
        self._bundle.forget_prices()
        self._build(now)

    def commit(self, task_id: TaskId, now: float) -> None:
        """The body is at a task, or a leader had given it to this robot: nobody can outbid it any
        more, but one that is committed to it too and sorts before it."""
        if task_id in self._bundle:
            self._bundle.take_out(task_id)
        if not self._journal.get(task_id).is_over:
            self.committed.add(task_id)
            self._believe(task_id, Claim(self.me, math.inf), now)
        self._build(now)

    def done(self, task_id: TaskId, by: RobotId, now: float) -> None:
        """A robot is known to have done a task, this one for example. That is final, whoever else
        is at it."""
        self._end(task_id, done_by(by), now)
        self._build(now)

    def taken_back(self, task_id: TaskId, now: float) -> None:
        """The task is over by what the ledger says, and nobody need do it any more."""
        if not self._journal.get(task_id).is_over:
            self._end(task_id, TAKEN_BACK, now)
            self._build(now)

    def released(self, tasks: Collection[TaskId], now: float) -> None:
        """This robot cannot do some tasks; its price for them must be None until it can."""
        for task_id in sorted(self.committed.intersection(tasks)):
            self.committed.discard(task_id)
            self._believe(task_id, NOBODY, now)
        self._give_up(tasks, now)
        self._build(now)

    def reconcile(self, open_tasks: Mapping[TaskId, RobotId]) -> Reconciliation:
        """What to tell a leader that is back; see `reconciliation.reconcile`."""
        return reconcile(self.me, self.committed, self.claims, open_tasks)

    # Talk

    def step(self, sender: RobotId, message: Standings, now: float) -> tuple[Standings, ...]:
        """Take a peer's message.

        Raises
        ------
        ProtocolError
            no correct peer sends such a message; it has changed nothing.
        """
        if sender == self.me or sender not in self._robots:
            return ()
        self._check(sender, message)
        mirror = self._mirrors.setdefault(sender, Mirror())
        is_newest = message.stamp > mirror.stamp
        mirror.take(message)
        if not is_newest:
            return ()
        mirror.my_version_held = message.holds.get(self.me, 0)
        mirror.heard_at = now
        self._note_life(sender, now)
        if mirror.is_current and message.stamp >= self._heard.get(sender, UNHEARD).stamp:
            self._judge(sender, mirror, message, now)
            self._build(now)
        return self.tick(now)

    def tick(self, now: float) -> tuple[Standings, ...]:
        """Let time pass; returns what is to be broadcast."""
        self._expire(now)
        if now < self._due:
            return ()
        message = self._compose(now)
        self._sent_at = now
        is_all_said = message.up_to >= self._journal.version
        self._due = now + (self._config.round_s if is_all_said else self._config.gap_s)
        return (message,)

    def next_tick(self) -> float:
        return self._due

    def _compose(self, now: float) -> Standings:
        """The next part of what some neighbour does not hold yet. Parts follow one another without
        waiting for an answer; after the last, it begins again with the oldest that is missing."""
        self._stamp += 1
        self._heard[self.me] = Word(self._stamp, self._journal.view)
        held_by_all = min((one.my_version_held for one in self._near(now)), default=0)
        missing_from = max(self._journal.origin, held_by_all)
        is_all_sent = self._sent_up_to >= self._journal.version
        since = missing_from if is_all_sent else max(self._sent_up_to, missing_from)
        changes, up_to = self._journal.changes(since, self._config.claims_per_message)
        self._sent_up_to = up_to
        return Standings(
            stamp=self._stamp,
            since=since if since > self._journal.origin else 0,
            up_to=up_to,
            version=self._journal.version,
            changes=changes,
            heard=dict(self._heard),
            holds={robot: mirror.held for robot, mirror in self._mirrors.items()},
        )

    def _near(self, now: float) -> list[Mirror]:
        """Of the robots that are heard at first hand."""
        expiry_s = self._config.expiry_s
        return [one for one in self._mirrors.values() if now - one.heard_at <= expiry_s]

    def _check(self, sender: RobotId, message: Standings) -> None:
        if message.heard.get(sender, UNHEARD).stamp != message.stamp:
            raise ProtocolError(f'{sender} does not know its own stamp, {message.stamp}')
        for change in message.changes:
            if math.isnan(change.claim.bid):
                raise ProtocolError(f'{sender} bids NaN for {change.task_id}')
        if not message.since <= message.up_to <= message.version:
            raise ProtocolError(
                f'{sender} tells of versions {message.since} to {message.up_to} of '
                f'{message.version}'
            )

    # Consensus

    def _judge(self, sender: RobotId, mirror: Mirror, message: Standings, now: float) -> None:
        """The consensus phase, with all that the sender believes."""
        mine = self._journal
        changed = {}
        for task_id in {**mirror.claims, **mine.claims}:
            theirs, before = mirror.get(task_id), mine.get(task_id)
            if theirs != before:
                after = self._settle(sender, theirs, before, message.heard)
                if after != before:
                    changed[task_id] = after
        for robot, word in message.heard.items():
            if robot in self._robots and word.stamp > self._heard.get(robot, UNHEARD).stamp:
                self._heard[robot] = word
                self._note_life(robot, now)
        for task_id, claim in changed.items():
            if claim.is_over:
                self._end(task_id, claim, now)
            else:
                self._believe(task_id, claim, now)
        self.committed -= {one for one in changed if self._journal.get(one).winner != self.me}
        self._give_up([one for one in self._bundle.path if one in changed], now)

    def _settle(
        self, sender: RobotId, theirs: Claim, mine: Claim, heard: Mapping[RobotId, Word]
    ) -> Claim:
        """What to believe of a task after the sender's word; the end of a task outweighs all."""
        if theirs.is_over or mine.is_over:
            return max(theirs, mine, key=lambda one: (one.is_over, one.winner))
        if theirs.winner and theirs.winner not in self._robots:
            return mine
        action = decide(sender, self.me, theirs, mine, heard, self._heard)
        return outcome(action, theirs, mine)

    def _expire(self, now: float) -> None:
        """Robots of which nothing new is heard have left: what they won is free."""
        gone = {
            robot
            for robot, at in self._news_at.items()
            if robot not in self._is_silent and now - at > self._config.expiry_s
        }
        if not gone:
            return
        self._is_silent |= gone
        for task_id, claim in list(self._journal.claims.items()):
            if claim.winner in gone and not claim.is_over:
                self._believe(task_id, NOBODY, now)
        self._touch(now)
        self._build(now)

    def _note_life(self, robot: RobotId, now: float) -> None:
        if robot == self.me:
            return
        if robot not in self._news_at or robot in self._is_silent:
            self._is_silent.discard(robot)
            self._touch(now)
        self._news_at[robot] = now

    # Bundle

    def _build(self, now: float) -> None:
        claims = self._journal.claims
        free = [one for one in sorted(self._offered) if not claims.get(one, NOBODY).is_over]
        for task_id, claim in self._bundle.build(free, claims):
            self._believe(task_id, claim, now)

    def _give_up(self, tasks: Collection[TaskId], now: float) -> None:
        for task_id in self._bundle.truncate(tasks):
            if self._journal.get(task_id).winner == self.me:
                self._believe(task_id, NOBODY, now)

    def _end(self, task_id: TaskId, claim: Claim, now: float) -> None:
        """A task is over: it leaves the bundle, and what was chosen after it stays."""
        if task_id in self._bundle:
            self._bundle.take_out(task_id)
        self.committed.discard(task_id)
        self._believe(task_id, claim, now)

    def _believe(self, task_id: TaskId, claim: Claim, now: float) -> None:
        if self._journal.put(task_id, claim):
            self._touch(now)

    def _touch(self, now: float) -> None:
        """Something has changed: say so soon."""
        self.changed_at = now
        self._due = min(self._due, max(now, self._sent_at + self._config.gap_s))

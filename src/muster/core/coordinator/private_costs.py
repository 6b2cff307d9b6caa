"""What only the robots know of the cost of tasks, as far as they have told this leader.

Bids bring it, and answers to trades. A leader that has not been told takes it to be nothing; the
robot that would get the task then puts it right before a trade is made.
"""

from __future__ import annotations

from muster.core.ledger.ledger import Ledger
from muster.core.types import RobotId, TaskId


class PrivateCosts:
    """Kept by a leader from its election to its end."""

    def __init__(self) -> None:
        self.known: dict[tuple[RobotId, TaskId], float] = {}
        """[cost units] where it is not 0."""

    def note(self, robot: RobotId, task_id: TaskId, cost: float) -> bool:
        """A robot has told what a task costs it beside what everybody can work out; whether that
        is news."""
        before = self.known.pop((robot, task_id), 0.0)
        if cost:
            self.known[robot, task_id] = cost
        return cost != before

    def forget(self, ledger: Ledger) -> None:
        """Drop what is known of tasks that have ended."""
        over = [pair for pair in self.known if ledger.tasks[pair[1]].state.is_final]
        for pair in over:
            del self.known[pair]

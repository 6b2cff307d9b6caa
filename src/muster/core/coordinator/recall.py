"""Awards that stand in the way of others, and have to be made anew.

Tasks that set out together are best awarded together. Where they cannot be, because one was
submitted later or has lost its robots, those that are awarded already may hold the very robots
that the others take: then all of them are planned again, in one auction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from muster.core.allocation.capabilities import unfilled
from muster.core.allocation.formulation import TeamProfile, shortcoming
from muster.core.allocation.messages import RobotModel
from muster.core.ledger.commands import RecallTask
from muster.core.ledger.ledger import Ledger
from muster.core.ledger.task import Task
from muster.core.types import TaskId, TaskState


def recalls(
    ledger: Ledger,
    team: TeamProfile,
    offered: Iterable[Task],
    awarded: Collection[TaskId],
    robots: Sequence[RobotModel],
    now: float,
) -> Iterator[RecallTask]:
    """What must be given back, so that tasks that were offered and went to nobody can be done.

    Nothing is recalled in vain: with all robots free, there must be one for each part.
    """
    for task in offered:
        company = ledger.setting_out_with(task)
        held = [mate for mate in company if mate.state is TaskState.AWARDED]
        if task.id in awarded or not held or not _could_be_taken(team, company, robots):
            continue
        for mate in held:
            reason = f'{task.id}, which sets out with it, takes the robots that have it'
            yield RecallTask(mate.id, mate.attempt, reason, now)


def _could_be_taken(
    team: TeamProfile, company: Sequence[Task], robots: Sequence[RobotModel]
) -> bool:
    able = [
        [not shortcoming(team, robot, task.spec, role) for robot in robots]
        for task in company
        for role in range(task.spec.robots_needed)
    ]
    return not unfilled(able)

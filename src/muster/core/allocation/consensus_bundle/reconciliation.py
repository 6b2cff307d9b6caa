"""What becomes of work done alone when a leader is back."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from muster.core.allocation.consensus_bundle.messages import Claim
from muster.core.types import RobotId, TaskId


class Reconciliation(msgspec.Struct, frozen=True):
    """What a robot owes its leader, and what it must let go."""

    done: dict[TaskId, RobotId]
    """Tasks that the ledger still waits for, and the robot that did each: whoever knows claims
    them, since the one that did it may not live to tell."""
    keep: TaskId
    """The task under way, when the ledger still waits for it and no other robot is known to be at
    it: what has been done of it would be lost. Empty when there is none."""
    drop: TaskId
    """The task under way, when it is to be stopped. Empty when there is none."""


def reconcile(
    me: RobotId,
    under_way: TaskId,
    claims: Mapping[TaskId, Claim],
    open_tasks: Mapping[TaskId, RobotId],
) -> Reconciliation:
    """Compare beliefs with a leader's ledger.

    Parameters
    ----------
    open_tasks : tasks of the ledger that are not over, with the robot at work on each (empty when
        none has begun).
    """
    done = {
        task_id: claim.winner
        for task_id, claim in sorted(claims.items())
        if claim.is_over and claim.winner and task_id in open_tasks
    }
    is_kept = bool(under_way) and open_tasks.get(under_way, 'nobody') in ('', me)
    return Reconciliation(
        done,
        keep=under_way if is_kept else '',
        drop='' if is_kept else under_way,
    )

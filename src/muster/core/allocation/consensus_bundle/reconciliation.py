"""What becomes of work done alone when a leader is back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from muster.core.allocation.consensus_bundle.messages import Claim
from muster.core.types import RobotId, TaskId


class Reconciliation(msgspec.Struct, frozen=True):
    """What a robot owes its leader, and what it must let go."""

    done: dict[TaskId, RobotId]
    """Tasks that the ledger still waits for, and the robot that did each: whoever knows claims
    them, since the one that did it may not live to tell."""
    keep: tuple[TaskId, ...]
    """Tasks committed to that the ledger still waits for, and that no other robot is known to be
    at: what has been done of them would be lost."""
    drop: tuple[TaskId, ...]
    """The other tasks committed to."""


def reconcile(
    me: RobotId,
    committed: Collection[TaskId],
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
    kept = {one for one in committed if open_tasks.get(one, 'nobody') in ('', me)}
    return Reconciliation(
        done, keep=tuple(sorted(kept)), drop=tuple(sorted(set(committed) - kept))
    )

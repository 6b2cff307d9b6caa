"""What can happen to a robot's coordinator. The driver turns the outside world into these."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from muster.core.allocation.search import Plan
from muster.core.types import Outcome, Request, RobotId, RobotReport, TaskId


class EnvelopeReceived(msgspec.Struct, frozen=True):
    """An envelope of this team, for this robot, arrived; `payload` is not yet trusted."""

    sender: RobotId
    incarnation: int
    sequence: int
    kind: str
    payload: bytes


class Persisted(msgspec.Struct, frozen=True):
    """Everything up to and including `Persist.sequence` survives a crash from now on."""

    sequence: int


class StorageFailed(msgspec.Struct, frozen=True):
    """The disk refused a write. The robot takes no further part in consensus until restarted."""

    reason: str


class RequestReceived(msgspec.Struct, frozen=True):
    """An operator's request arrived, perhaps not for the first time."""

    request: Request


class BodySensed(msgspec.Struct, frozen=True):
    """The robot's body reports itself (10 Hz or so)."""

    report: RobotReport


class SkillProgressed(msgspec.Struct, frozen=True):
    """The skill server accepted the attempt and is working on it."""

    task_id: TaskId
    attempt: int
    progress: float
    activity: str


class SkillEnded(msgspec.Struct, frozen=True):
    """The attempt is over and the body has stopped working on it (or never began, if refused)."""

    task_id: TaskId
    attempt: int
    outcome: Outcome
    detail: str


class SearchEnded(msgspec.Struct, frozen=True):
    """The search for a better plan is over; `plan` is None if it could not be made."""

    number: int
    plan: Plan | None


Event: TypeAlias = (
    EnvelopeReceived
    | Persisted
    | StorageFailed
    | RequestReceived
    | BodySensed
    | SkillProgressed
    | SkillEnded
    | SearchEnded
)

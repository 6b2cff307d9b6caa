"""What a leader may write into the ledger. `at` is the leader's node time: `apply` knows no other
clock."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from muster.core.types import Outcome, ProtocolError, RequestId, RobotId, TaskId, TaskSpec


class SubmitTask(msgspec.Struct, frozen=True, tag='submit'):
    request_id: RequestId
    spec: TaskSpec
    at: float


class CancelTask(msgspec.Struct, frozen=True, tag='cancel'):
    request_id: RequestId
    task_id: TaskId
    at: float


class RefuseRequest(msgspec.Struct, frozen=True, tag='refuse'):
    """Recorded so that no later leader can honour what was refused: a refusal is definite."""

    request_id: RequestId
    reason: str
    at: float


class Award(msgspec.Struct, frozen=True):
    task_id: TaskId
    attempt: int
    robot: RobotId
    cost: float
    reason: str


class AwardTasks(msgspec.Struct, frozen=True, tag='award'):
    """The result of one auction."""

    awards: tuple[Award, ...]
    at: float


class BeginTask(msgspec.Struct, frozen=True, tag='begin'):
    """The robot says that its body is at work."""

    task_id: TaskId
    attempt: int
    robot: RobotId
    at: float = 0.0


class EndTask(msgspec.Struct, frozen=True, tag='end'):
    """The robot says that its body has stopped working on the attempt, and how it went."""

    task_id: TaskId
    attempt: int
    robot: RobotId
    outcome: Outcome
    detail: str = ''
    at: float = 0.0


class FailTask(msgspec.Struct, frozen=True, tag='fail'):
    """The leader gives up a task that nobody holds."""

    task_id: TaskId
    attempt: int
    reason: str
    at: float


class CreditTask(msgspec.Struct, frozen=True, tag='credit'):
    """A robot has done a task that no leader had given to it, while there was none to ask. Taken
    for tasks that are not exclusive, whoever holds them."""

    task_id: TaskId
    robot: RobotId
    """The one that has done it; others may tell for it."""
    at: float = 0.0


class JoinRobot(msgspec.Struct, frozen=True, tag='join'):
    """A robot takes part, for the first time or again; a new incarnation remembers nothing of its
    work."""

    robot: RobotId
    incarnation: int
    at: float


class LoseRobot(msgspec.Struct, frozen=True, tag='lose'):
    """A robot has been silent for so long that it holds no authority any more."""

    robot: RobotId
    incarnation: int
    reason: str
    at: float


Claim: TypeAlias = BeginTask | EndTask
"""What a robot asks its leader to record; repeated until it is seen in the ledger."""

Command: TypeAlias = (
    SubmitTask
    | CancelTask
    | RefuseRequest
    | AwardTasks
    | BeginTask
    | EndTask
    | FailTask
    | CreditTask
    | JoinRobot
    | LoseRobot
)

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Command)


def encode_command(command: Command) -> bytes:
    return _ENCODER.encode(command)


def decode_command(data: bytes) -> Command:
    """Raises ProtocolError when the bytes are not a command."""
    try:
        command: Command = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f'not a ledger command: {error}') from error
    return command

"""What a leader may write into the ledger. `at` is the leader's node time: `apply` knows no other
clock."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from muster.core.types import Outcome, ProtocolError, RequestId, RobotId, TaskId, TaskSpec

# Requests of operators


class SubmitTask(msgspec.Struct, frozen=True, tag='submit'):
    request_id: RequestId
    spec: TaskSpec
    at: float


class CancelTask(msgspec.Struct, frozen=True, tag='cancel'):
    request_id: RequestId
    task_id: TaskId
    at: float


class AmendTask(msgspec.Struct, frozen=True, tag='amend'):
    """The task becomes another; robots that have it stop, and it is awarded anew."""

    request_id: RequestId
    task_id: TaskId
    spec: TaskSpec
    at: float


class TakeBackTask(msgspec.Struct, frozen=True, tag='take_back'):
    """The robots that have the task stop, and others do it."""

    request_id: RequestId
    task_id: TaskId
    at: float


class SetLane(msgspec.Struct, frozen=True, tag='lane'):
    """Nobody can go from one place to a neighbouring one and back, or can again."""

    request_id: RequestId
    a: str
    b: str
    is_closed: bool
    at: float


class RefuseRequest(msgspec.Struct, frozen=True, tag='refuse'):
    """Recorded so that no later leader can honour what was refused: a refusal is definite."""

    request_id: RequestId
    reason: str
    at: float


# Results of auctions


class Award(msgspec.Struct, frozen=True, array_like=True):
    """A task goes to a robot, or to several that do it together."""

    task_id: TaskId
    attempt: int
    robot: RobotId
    cost: float
    reason: str
    account: bytes = b''
    crew: tuple[RobotId, ...] = ()
    """Of a coalition: all of it, `robot` first."""
    backup: RobotId = ''


class AwardTasks(msgspec.Struct, frozen=True, tag='award', omit_defaults=True):
    """The result of one auction. Each award counts if its task still waits."""

    awards: tuple[Award, ...]
    at: float
    paths: dict[RobotId, tuple[TaskId, ...]] = {}
    """In which order robots do what they have."""


class TradeTasks(msgspec.Struct, frozen=True, tag='trade'):
    """Tasks change hands before anybody has begun them: all of them or none."""

    trade: int
    term: int
    awards: tuple[Award, ...]
    at: float
    paths: dict[RobotId, tuple[TaskId, ...]]


# What robots claim


class ReadyForTask(msgspec.Struct, frozen=True, tag='ready'):
    """The robot says that nothing keeps it from setting out together with the others."""

    task_id: TaskId
    attempt: int
    robot: RobotId
    at: float = 0.0


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


class CreditTask(msgspec.Struct, frozen=True, tag='credit'):
    """A robot has done a task that no leader had given to it, while there was none to ask. Taken
    for tasks that are not exclusive, whoever holds them."""

    task_id: TaskId
    robot: RobotId
    """The one that has done it; others may tell for it."""
    at: float = 0.0
    spec: int = 0
    """Digest of the task as it was then (`ledger.task.digest`): one that was amended since is
    another task, and is not done. 0 fits any."""


class QueueForDock(msgspec.Struct, frozen=True, tag='queue_for_dock'):
    """The robot wants a dock as soon as those who asked before it have left."""

    robot: RobotId
    dock: str
    at: float = 0.0


class LeaveDock(msgspec.Struct, frozen=True, tag='leave_dock'):
    """The robot's body is at the dock no more, or does not want it any longer."""

    robot: RobotId
    dock: str
    number: int
    """Of its place in the queue. A late copy of this must not take a later place away, at which
    the robot's body may be by then."""
    at: float = 0.0


# What the leader sees


class FailTask(msgspec.Struct, frozen=True, tag='fail'):
    """The leader gives up a task that nobody holds."""

    task_id: TaskId
    attempt: int
    reason: str
    at: float


class RecallTask(msgspec.Struct, frozen=True, tag='recall'):
    """The robots that have a task and have not begun it give it back: it is planned anew."""

    task_id: TaskId
    attempt: int
    reason: str
    at: float


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


Claim: TypeAlias = ReadyForTask | BeginTask | EndTask | CreditTask | QueueForDock | LeaveDock
"""What a robot asks its leader to record; repeated until it is seen in the ledger."""

Command: TypeAlias = (
    SubmitTask
    | CancelTask
    | AmendTask
    | TakeBackTask
    | SetLane
    | RefuseRequest
    | AwardTasks
    | TradeTasks
    | Claim
    | FailTask
    | RecallTask
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

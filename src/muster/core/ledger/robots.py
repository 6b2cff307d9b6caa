"""Robots that come and go, and the docks that they take turns at."""

from __future__ import annotations

from muster.core.ledger.commands import JoinRobot, LeaveDock, LoseRobot, QueueForDock
from muster.core.ledger.state import Applied, Change, LedgerState, RosterEntry, Turn
from muster.core.ledger.work import release_all
from muster.core.types import RobotId


def join(state: LedgerState, command: JoinRobot) -> Applied:
    """A robot takes part; what an earlier life of it held is free."""
    robot = command.robot
    known = state.roster.get(robot)
    if known is not None and command.incarnation < known.incarnation:
        return Applied()
    if known == RosterEntry(command.incarnation, True):
        return Applied()
    changes = [Change('robot_joined', robot=robot, data={'incarnation': command.incarnation})]
    if known is not None and command.incarnation > known.incarnation:
        changes += release_all(state, robot, f'{robot} has restarted', command.at)
        changes += _leave_all(state, robot)
    state.roster[robot] = RosterEntry(command.incarnation, True)
    return Applied(tuple(changes))


def lose(state: LedgerState, command: LoseRobot) -> Applied:
    """A robot takes part no more; what it held is free."""
    robot = command.robot
    if state.roster.get(robot) != RosterEntry(command.incarnation, True):
        return Applied()
    state.roster[robot] = RosterEntry(command.incarnation, False)
    lost = Change('robot_lost', robot=robot, detail=command.reason)
    released = release_all(state, robot, f'{robot} is lost: {command.reason}', command.at)
    return Applied((lost, *released, *_leave_all(state, robot)))


def queue_for_dock(state: LedgerState, command: QueueForDock) -> Applied:
    """A robot waits for its turn at a dock; the first in the queue has it."""
    if state.turn_at(command.dock, command.robot) or not state.is_present(command.robot):
        return Applied()
    state.turns_taken += 1
    turn = Turn(command.robot, state.turns_taken)
    queue = state.docks.get(command.dock, ())
    state.docks[command.dock] = (*queue, turn)
    return Applied((_assigned(turn, command.dock),) if not queue else ())


def leave_dock(state: LedgerState, command: LeaveDock) -> Applied:
    """A robot is at the dock no more, or gives up its place in the queue; a word about a place
    that it had earlier changes nothing."""
    turn = state.turn_at(command.dock, command.robot)
    if turn is None or turn.number != command.number:
        return Applied()
    return Applied(tuple(_leave(state, command.robot, command.dock)))


def _leave_all(state: LedgerState, robot: RobotId) -> list[Change]:
    return [change for dock in tuple(state.docks) for change in _leave(state, robot, dock)]


def _leave(state: LedgerState, robot: RobotId, dock: str) -> list[Change]:
    queue = state.docks.get(dock, ())
    left = tuple(turn for turn in queue if turn.robot != robot)
    state.docks[dock] = left
    if not left or left[0] == queue[0]:
        return []
    return [_assigned(left[0], dock)]


def _assigned(turn: Turn, dock: str) -> Change:
    data = {'dock': dock, 'number': turn.number}
    return Change('dock_assigned', robot=turn.robot, detail=dock, data=data)

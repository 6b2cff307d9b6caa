"""The replicated state machine: every robot applies the same commands in the same order to the
same state.

`apply` is a pure function of state and command: no clock, no randomness, no dependence on who
applies it. A command that no longer fits (an attempt that is over, a robot that is gone) changes
nothing, so commands may be repeated freely. That, with `attempt` growing at every award, is what
makes retries safe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from muster.core.ledger import commands, requests, robots, work
from muster.core.ledger.state import Applied, Change, LedgerContents, LedgerState, RosterEntry
from muster.core.types import ProtocolError

__all__ = ['Applied', 'Change', 'Ledger', 'RosterEntry']

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(LedgerContents)
_EFFECTS: dict[type[commands.Command], Callable[[LedgerState, Any], Applied]] = {
    commands.SubmitTask: requests.submit,
    commands.CancelTask: requests.cancel,
    commands.AmendTask: requests.amend,
    commands.TakeBackTask: requests.take_back,
    commands.SetLane: requests.set_lane,
    commands.RefuseRequest: requests.refuse,
    commands.AwardTasks: work.award,
    commands.TradeTasks: work.trade,
    commands.ReadyForTask: work.ready,
    commands.BeginTask: work.begin,
    commands.EndTask: work.end,
    commands.CreditTask: work.credit,
    commands.FailTask: work.fail,
    commands.RecallTask: work.recall,
    commands.JoinRobot: robots.join,
    commands.LoseRobot: robots.lose,
    commands.QueueForDock: robots.queue_for_dock,
    commands.LeaveDock: robots.leave_dock,
}


class Ledger(LedgerState):
    """The state, and the one way to change it."""

    def apply(self, command: commands.Command) -> Applied:
        """Change the state by one committed command."""
        return _EFFECTS[type(command)](self, command)

    def encode(self) -> bytes:
        """All that the ledger holds, as a snapshot."""
        return _ENCODER.encode(self.contents())

    def restore(self, data: bytes) -> None:
        """Become what `encode` wrote, in place.

        Raises
        ------
        ProtocolError
            `data` is no such thing; nothing was changed.
        """
        try:
            contents = _DECODER.decode(data)
        except msgspec.MsgspecError as error:
            raise ProtocolError(f'not a snapshot of a ledger: {error}') from error
        self.become(contents)

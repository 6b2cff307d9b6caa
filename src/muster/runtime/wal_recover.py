"""Letting a team go on that has lost the majority of its robots for good.

The survivors cannot decide that by themselves, because the lost ones may have agreed on more than
they know. A person can. A new membership is then the newest entry of one survivor's log, in a term
that no election has reached, so that this robot, and no other, can be elected.
"""

from __future__ import annotations

from pathlib import Path

from muster.core.coordinator.replica import encode_records
from muster.core.raft import Entry, EntryKind, HardState, Membership
from muster.core.raft.log import encode_membership
from muster.core.types import ConfigurationError, StorageError
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal import WriteAheadLog
from muster.runtime.wal_repair import unused_number
from muster.runtime.wal_report import LogState, contents_of, verify


def recover(calls: SystemCalls, folder: Path, voters: tuple[str, ...], now_s: float) -> None:
    """Write into the log of a stopped robot who the team consists of from now on.

    Parameters
    ----------
    voters : the survivors, the robot itself among them.
    now_s : the wall clock.

    Raises
    ------
    ConfigurationError
        `voters` cannot be right; nothing was changed.
    StorageError
        the log is in use, damaged or not one of this version of muster, or the clock cannot be
        right: nothing was changed. Or the disk refused.
    """
    report = verify(calls, folder)
    if report.state is not LogState.INTACT and report.state is not LogState.TORN:
        raise StorageError(report.detail)
    robot = report.owner.rpartition('/')[2]
    if robot not in voters or len(set(voters)) != len(voters) or not all(voters):
        raise ConfigurationError(
            f'--voters is {",".join(voters)!r}, but must name {robot}, whose log it is, and the '
            'other survivors, each once'
        )
    term = unused_number(calls, folder, report.contents.term, now_s)
    with WriteAheadLog(folder, report.owner, calls=calls) as log:
        known = contents_of(log.read())
        membership = encode_membership(Membership(voters))
        entry = Entry(known.last_index + 1, term, membership, EntryKind.MEMBERSHIP)
        log.append(encode_records([HardState(term), entry]))

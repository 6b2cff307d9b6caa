"""What a member finds on its disk when it starts."""

from __future__ import annotations

from collections.abc import Iterable

from muster.core.raft.config import RaftConfig
from muster.core.raft.log import Log
from muster.core.raft.membership import Membership
from muster.core.raft.messages import Entry, HardState, Record, Snapshot
from muster.core.types import StorageError


def restore(records: Iterable[Record], config: RaftConfig) -> tuple[HardState, Log]:
    """Replay what was written: the last hard state, and the log with its replaced suffixes cut
    off.

    Raises
    ------
    StorageError
        entries are missing.
    """
    hard = HardState()
    snapshot = Snapshot(0, 0, Membership(config.voters), b'')
    entries: list[Entry] = []
    for record in records:
        match record:
            case HardState():
                hard = record
            case Snapshot():
                snapshot, entries = record, []
            case Entry():
                position = record.index - snapshot.index - 1
                if not 0 <= position <= len(entries):
                    raise StorageError(
                        f'the log on disk has a gap: entry {record.index} follows entry '
                        f'{snapshot.index + len(entries)}; records are missing, so this robot '
                        'cannot take part until they are restored'
                    )
                del entries[position:]
                entries.append(record)
    return hard, Log(snapshot, entries)

"""What a robot's log says, for people and programs: `muster storage verify`.

Nothing is changed, and a log in use is left alone.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from pathlib import Path

import msgspec

from muster.core.coordinator.replica import Boot, decode_records
from muster.core.raft import Entry, HardState, RaftConfig, Snapshot
from muster.core.raft.restore import restore
from muster.core.types import ConfigurationError, StorageError
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal_files import ASIDE, SUFFIX, hold_to_read, refused
from muster.runtime.wal_survey import Survey, records_behind, survey


class LogState(enum.Enum):
    """How a log fares. The values are what `--json` prints."""

    INTACT = 'intact'
    TORN = 'torn'
    """A start will remove a tail that was never acknowledged."""
    DAMAGED = 'damaged'
    """Something acknowledged cannot be read: the robot does not start."""
    UNREADABLE = 'unreadable'
    """It is in use, of another format or cannot be opened: nothing is known of it."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What the records say."""

    incarnation: int = 0
    term: int = 0
    voted_for: str = ''
    forgot_until: int = 0
    """A repair has given up what it promised in terms up to this one; 0 if there was none."""
    snapshot_index: int = 0
    first_index: int = 0
    """Of the entries behind the snapshot; 0 when there are none."""
    last_index: int = 0
    """Of the entries, or else of the snapshot."""
    last_term: int = 0
    """Of the last entry."""

    @property
    def is_forgetful(self) -> bool:
        """It has no vote yet: it has no entry from after what it has forgotten."""
        return self.forgot_until > 0 and self.last_term <= self.forgot_until


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair gives up."""

    file: str
    offset: int
    what: str
    first_index: int
    """The first entry that is lost."""
    last_index: int
    """The last one that can still be seen behind the damage: there may have been more. 0 when
    none can."""
    term: int
    """The newest that can be seen anywhere."""
    incarnation: int


class LogReport(msgspec.Struct, frozen=True, kw_only=True):
    """One log."""

    folder: str
    owner: str = ''
    state: LogState
    detail: str = ''
    segments: int = 0
    frames: int = 0
    records: int = 0
    bytes: int = 0
    """On disk, zeros written ahead included."""
    contents: Contents = Contents()
    """As far as it can be read."""
    loss: Loss | None = None

    @property
    def is_usable(self) -> bool:
        """A robot can be started with it."""
        return self.state in (LogState.INTACT, LogState.TORN)


def log_folders(place: Path) -> list[Path]:
    """The logs in a team's data folder, in that of a robot, or this one.

    Raises
    ------
    ConfigurationError
        there is none.
    """
    inner = [path for depth in ('*', '*/*') for path in place.glob(depth) if path.is_dir()]
    found = [
        folder
        for folder in (place, *sorted(inner))
        if any(folder.glob(f'*{SUFFIX}')) and not folder.name.startswith(ASIDE)
    ]
    if not found:
        raise ConfigurationError(
            f'{place}: there is no log (NNNNNNNN{SUFFIX}) in it: name the data folder of a team '
            'or a robot'
        )
    return found


def log_folder(place: Path) -> Path:
    """The one log in a robot's data folder, or this one.

    Raises
    ------
    ConfigurationError
        there is none, or more than one.
    """
    found = log_folders(place)
    if len(found) > 1:
        raise ConfigurationError(
            f'{place}: has {len(found)} logs in it, {", ".join(map(str, found))}: name one'
        )
    return found[0]


def verify(calls: SystemCalls, folder: Path) -> LogReport:
    """Read a log from end to end. Whatever is wrong with it is in the report."""
    try:
        lock = hold_to_read(calls, folder)
        try:
            return describe(calls, survey(calls, folder))
        finally:
            if lock is not None:
                calls.close(lock)
    except OSError as error:
        text = str(refused(folder, error))
        return LogReport(folder=str(folder), state=LogState.UNREADABLE, detail=text)
    except StorageError as error:
        return LogReport(folder=str(folder), state=LogState.UNREADABLE, detail=str(error))


def describe(calls: SystemCalls, found: Survey) -> LogReport:
    """Put into words what a survey found.

    Raises
    ------
    StorageError
        the records are not those of this version of muster.
    """
    contents = contents_of(found.readable)
    state, detail, loss = LogState.INTACT, '', None
    if found.damage is not None:
        loss = _loss(found, contents, records_behind(calls, found))
        state, detail = LogState.DAMAGED, str(found.damage)
    elif found.torn is not None:
        state = LogState.TORN
        detail = (
            f'{found.torn.file}: the last {found.torn.removed_bytes} bytes, from offset '
            f'{found.torn.offset} on, were half written at a crash and never acknowledged; the '
            'next start removes them'
        )
    return LogReport(
        folder=str(found.folder),
        owner=found.owner,
        state=state,
        detail=detail,
        segments=len(found.segments),
        frames=sum(segment.frames for segment in found.segments),
        records=len(found.readable),
        bytes=sum(segment.size_bytes for segment in found.segments),
        contents=contents,
        loss=loss,
    )


def contents_of(records: Iterable[bytes]) -> Contents:
    """What a robot would know if it started with these records.

    Raises
    ------
    StorageError
        they are not those of this version of muster, or entries are missing among them.
    """
    stored = decode_records(records)
    raft = [one for one in stored if isinstance(one, Entry | HardState | Snapshot)]
    hard, log = restore(raft, RaftConfig(me='reader', voters=('reader',)))
    has_entries = log.last_index > log.snapshot.index
    return Contents(
        incarnation=max((one.incarnation for one in stored if isinstance(one, Boot)), default=0),
        term=hard.term,
        voted_for=hard.voted_for,
        forgot_until=hard.forgot_until,
        snapshot_index=log.snapshot.index,
        first_index=log.snapshot.index + 1 if has_entries else 0,
        last_index=log.last_index,
        last_term=log.last_term,
    )


def _loss(found: Survey, kept: Contents, behind: list[bytes]) -> Loss:
    assert found.damage is not None
    last_index, term, incarnation = 0, kept.term, kept.incarnation
    for record in behind:
        try:
            seen = decode_records([record])
        except StorageError:
            continue
        for one in seen:
            match one:
                case Boot():
                    incarnation = max(incarnation, one.incarnation)
                case HardState():
                    term = max(term, one.term)
                case Entry() | Snapshot():
                    term = max(term, one.term)
                    last_index = max(last_index, one.index)
    return Loss(
        file=str(found.damage.file),
        offset=found.damage.offset,
        what=str(found.damage),
        first_index=kept.last_index + 1,
        last_index=last_index,
        term=term,
        incarnation=incarnation,
    )

"""The write-ahead log against a model, on a disk that may do whatever disks do: any life of a log,
with crashes at every call, writes that are refused or half done, syncs that fail, a full disk, and
damage in between.

The model is short: what was acknowledged is there, the one write under way is there or not, and
what was found once stays. Damage to what something vouches for is refused.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from muster.core.types import StorageError
from muster.runtime.wal import WriteAheadLog
from muster.runtime.wal_format import FRAME_BYTES
from muster.runtime.wal_survey import survey

from .fragile_disk import Chance, FragileDisk, Nothing, PowerCut, Survival
from .test_wal_crashes import Witness

FOLDER = Path('/data/robot')
OWNER = 'team/robot'

Fault = Callable[[FragileDisk], None]

groups = st.lists(st.binary(max_size=60), min_size=1, max_size=4)
survivals = st.sampled_from([Survival, Nothing]) | st.integers(0, 2**16).map(
    lambda seed: lambda: Chance(seed)
)
faults = st.one_of(
    st.builds(
        lambda call, bytes: lambda disk: disk.cut_power_at(call, bytes),
        st.integers(1, 5),
        st.none() | st.integers(0, 90),
    ),
    st.builds(
        lambda call, error, bytes: lambda disk: disk.refuse_at(call, error, bytes),
        st.integers(1, 5),
        st.sampled_from([errno.EIO, errno.ENOSPC]),
        st.integers(0, 90),
    ),
    st.builds(lambda room: lambda disk: disk.fill(room), st.integers(0, 300)),
)


class LogLife(RuleBasedStateMachine):
    """One log, its robot's processes, and the computer's ends."""

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.disk = FragileDisk()
        self.witness = Witness()
        self.log: WriteAheadLog | None = None
        self.has_power = True
        self.bites = 0

    def teardown(self) -> None:
        self.seen.update(self.disk.bites)

    @initialize(segment_bytes=st.sampled_from([64, 200, 1000]))
    def begin(self, segment_bytes: int) -> None:
        self.segment_bytes = segment_bytes
        self.start()

    @precondition(lambda self: self.log is not None)
    @rule(group=groups)
    def append(self, group: list[bytes]) -> None:
        self.attempt(lambda log: self.witness.append(log, *group))

    @precondition(lambda self: self.log is not None)
    @rule(group=groups)
    def checkpoint(self, group: list[bytes]) -> None:
        self.attempt(lambda log: self.witness.checkpoint(log, *group))

    @precondition(lambda self: self.log is not None)
    @rule()
    def seal(self) -> None:
        self.attempt(lambda log: log.seal())

    @precondition(lambda self: self.log is not None)
    @rule(fault=faults)
    def plan(self, fault: Fault) -> None:
        """Something will go wrong soon."""
        fault(self.disk)

    @rule(fault=st.none() | faults)
    def kill(self, fault: Fault | None) -> None:
        """Start another process; perhaps something goes wrong while it reads the log."""
        if self.has_power:
            self.disk.kill()
            self.start(fault)

    @rule(survival=survivals, fault=st.none() | faults)
    def cut_power(self, survival: Callable[[], Survival], fault: Fault | None) -> None:
        self.disk.lose_power(survival())
        self.has_power = True
        self.start(fault)

    @precondition(lambda self: self.log is not None)
    @rule(group=groups, after_bytes=st.integers(0, 90), survival=survivals)
    def tear(self, group: list[bytes], after_bytes: int, survival: Callable[[], Survival]) -> None:
        """The power goes in the middle of a write."""
        self.disk.forget_faults()
        self.disk.cut_power_at(1, after_bytes)
        self.append(group)
        self.cut_power(survival, None)

    @precondition(lambda self: self.log is not None)
    @rule(place=st.integers(0, 2**16), bit=st.integers(0, 7))
    def damage(self, place: int, bit: int) -> None:
        """A copy of the closed log, with one bit flipped before its seal, is refused."""
        copy = self.disk.copy()
        copy.kill()
        copy.room = None
        WriteAheadLog(FOLDER, OWNER, self.segment_bytes, copy).append([b'vouches for all before'])
        copy.kill()
        found = survey(copy, FOLDER)
        places = [
            (segment.path.name, at)
            for segment in found.segments
            for at in range(segment.used_bytes)
        ]
        last_frame = FRAME_BYTES + len(b'vouches for all before') + 8
        name, at = places[place % (len(places) - last_frame)]
        copy.files(FOLDER)[name].cache[at] ^= 1 << bit
        with pytest.raises(StorageError, match=f'{name}.*damaged.*muster storage repair'):
            WriteAheadLog(FOLDER, OWNER, self.segment_bytes, copy)
        self.seen['damage refused'] += 1

    def start(self, fault: Fault | None = None) -> None:
        self.log = None
        self.disk.room = None
        if fault is not None:
            fault(self.disk)
        self.attempt(self.read)

    def read(self, log: WriteAheadLog | None) -> None:
        log = WriteAheadLog(FOLDER, OWNER, self.segment_bytes, self.disk)
        found = log.read()
        assert self.witness.accepts(found), (found, vars(self.witness))
        self.seen['kept what was under way' if found == self.witness.under_way else 'found'] += 1
        self.seen['torn'] += log.torn is not None
        self.witness.acknowledged, self.witness.under_way = found, None
        self.log = log
        worst = self.disk.copy()
        worst.lose_power(Nothing())
        worst.room = None
        again = WriteAheadLog(FOLDER, OWNER, self.segment_bytes, worst)
        assert again.read() == found, 'what was found was not on the disk'

    def attempt(self, action: Callable[[WriteAheadLog], None]) -> None:
        """Do something that a fault may spoil; nothing else may."""
        log = self.log
        bites = self.disk.bites.total()
        try:
            action(log)  # type: ignore[arg-type]
        except PowerCut:
            self.log, self.has_power = None, False
        except StorageError:
            assert self.disk.bites.total() > bites, 'refused without a reason'
            self.log = None
            if log is not None:
                self.check_silence(log)

    def check_silence(self, log: WriteAheadLog) -> None:
        calls = self.disk.calls
        with pytest.raises(StorageError):
            log.append([b'never'])
        log.close()
        assert self.disk.calls == calls, 'a log that has failed writes nothing more'
        self.seen['silence'] += 1


def test_any_life_of_a_log_is_one_that_the_model_allows() -> None:
    LogLife.seen.clear()
    run_state_machine_as_test(
        LogLife,
        settings=settings(
            max_examples=200,
            stateful_step_count=40,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no fault
        ),
    )
    for event in (
        'power cuts',
        'bytes lost',
        'sizes lost',
        'changes of folders lost',
        'short writes',
        'EIO',
        'ENOSPC',
        'torn',
        'kept what was under way',
        'silence',
        'damage refused',
    ):
        assert LogLife.seen[event], f'{event} must happen: {LogLife.seen}'

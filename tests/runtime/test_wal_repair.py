"""Giving up what a damaged log has lost: told, cut off, set aside, and harmless to the team."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from core.raft.group import Group, led

from muster.core.coordinator.replica import (
    Boot,
    StoredRecord,
    Told,
    decode_records,
    encode_records,
)
from muster.core.raft import Entry, HardState, Membership, Record, Snapshot
from muster.core.types import ConfigurationError, StorageError
from muster.runtime.system_calls import SystemCalls
from muster.runtime.wal import WriteAheadLog
from muster.runtime.wal_recover import recover
from muster.runtime.wal_repair import repair
from muster.runtime.wal_report import LogState, log_folder, log_folders, verify

from .disked_team import DiskedTeam
from .fragile_disk import Chance, FragileDisk, Nothing, PowerCut, Survival

CALLS = SystemCalls()
OWNER = 'team/b'
NOW_S = 4e9
"""A wall clock later than any file's."""
STAMP = 4_000_000_000_000


def write_log(
    folder: Path, *groups: list[StoredRecord], calls: SystemCalls = CALLS
) -> list[tuple[Path, int, int]]:
    """A log with one frame for each group; returns the file, begin and end of each."""
    places = []
    with WriteAheadLog(folder, OWNER, segment_bytes=250, calls=calls) as log:
        for group in groups:
            log.seal()
            begin = log._used
            log.append(encode_records(group))
            places.append((folder / f'{log._segment:08}.wal', begin, log._used))
    return places


def entries(*indices: int, term: int = 2) -> list[StoredRecord]:
    return [Entry(index, term, b'command %d' % index) for index in indices]


def spoil(path: Path, offset: int) -> None:
    image = bytearray(path.read_bytes())
    image[offset] ^= 0x10
    path.write_bytes(image)


def read(folder: Path, calls: SystemCalls = CALLS) -> list[StoredRecord]:
    with WriteAheadLog(folder, OWNER, calls=calls) as log:
        return decode_records(log.read())


GROUPS = (
    [Boot(1), HardState(2, 'a')],
    entries(1, 2),
    entries(3),
    [HardState(5, 'c')],
    entries(4, 5, term=5),
    [Boot(2)],
)


def test_a_whole_log_is_told_in_full(tmp_path: Path) -> None:
    write_log(tmp_path, *GROUPS)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    report = verify(CALLS, tmp_path)
    assert report.state is LogState.INTACT
    assert report.owner == OWNER
    assert report.segments == len(list(tmp_path.glob('*.wal'))) > 1
    assert report.bytes == sum(path.stat().st_size for path in tmp_path.glob('*.wal'))
    known = report.contents
    assert (known.term, known.voted_for, known.incarnation) == (5, 'c', 2)
    assert (known.first_index, known.last_index, known.last_term) == (1, 5, 5)
    assert known.snapshot_index == 0
    assert not known.is_forgetful
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_snapshot_and_a_torn_tail_are_told(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        snapshot = Snapshot(40, 7, Membership(('a', 'b')), b'state')
        log.checkpoint(encode_records([Boot(3), snapshot, HardState(8)]))
        end = log._used
    path = tmp_path / '00000002.wal'
    image = bytearray(path.read_bytes())
    image[end : end + 5] = b'torn!'
    path.write_bytes(image)
    report = verify(CALLS, tmp_path)
    assert report.state is LogState.TORN
    assert report.is_usable
    assert f'from offset {end} on' in report.detail
    known = report.contents
    assert (known.snapshot_index, known.first_index, known.last_index) == (40, 0, 40)
    assert path.read_bytes() == image, 'nothing is changed'


def test_damage_is_told_with_what_is_lost(tmp_path: Path) -> None:
    places = write_log(tmp_path, *GROUPS)
    path, _, end = places[2]
    spoil(path, end - 1)
    report = verify(CALLS, tmp_path)
    assert report.state is LogState.DAMAGED
    assert not report.is_usable
    loss = report.loss
    assert loss is not None
    assert (loss.file, loss.first_index, loss.last_index) == (str(path), 3, 5)
    assert (loss.term, loss.incarnation) == (5, 2)
    with pytest.raises(StorageError, match=re.escape(loss.what)):
        WriteAheadLog(tmp_path, OWNER)


def test_a_log_in_use_is_left_alone(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        log.append([b''])
        report = verify(CALLS, tmp_path)
        assert report.state is LogState.UNREADABLE
        assert 'is in use by process' in report.detail
        with pytest.raises(StorageError, match='is in use by process'):
            repair(CALLS, tmp_path, NOW_S)


def test_records_of_another_version_are_told(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        log.append([b'not a record'])
    report = verify(CALLS, tmp_path)
    assert report.state is LogState.UNREADABLE
    assert 'record 1 of the log is not one of this version' in report.detail


def test_the_logs_of_a_team_are_found(tmp_path: Path) -> None:
    logs = [tmp_path / 'a' / 'log', tmp_path / 'b' / 'log']
    for log in reversed(logs):
        places = write_log(log, *GROUPS)
    spoil(*places[1][:2])
    repair(CALLS, logs[0], NOW_S)
    (tmp_path / 'empty').mkdir()
    assert log_folders(tmp_path) == logs, 'and nothing that was set aside'
    assert log_folder(tmp_path / 'b') == log_folder(logs[1]) == logs[1]
    with pytest.raises(ConfigurationError, match='has 2 logs in it'):
        log_folder(tmp_path)
    with pytest.raises(ConfigurationError, match='empty: there is no log'):
        log_folders(tmp_path / 'empty')


@pytest.mark.parametrize('spoilt', range(len(GROUPS)))
def test_a_repair_keeps_all_before_the_damage(tmp_path: Path, spoilt: int) -> None:
    places = write_log(tmp_path, *GROUPS)
    path, _, end = places[spoilt]
    spoil(path, end - 1)
    files = {one.name: one.read_bytes() for one in tmp_path.glob('*.wal')}
    aside = repair(CALLS, tmp_path, NOW_S)
    assert aside == tmp_path / 'damaged-1'
    assert {one.name: one.read_bytes() for one in aside.iterdir()} == files
    before = [record for group in GROUPS[:spoilt] for record in group]
    in_front = GROUPS[spoilt][:-1] if spoilt == 0 else []  # entries of a group are one record
    assert read(tmp_path) == [*before, *in_front, Boot(STAMP), HardState(STAMP, '', STAMP)]
    report = verify(CALLS, tmp_path)
    assert report.state is LogState.INTACT
    assert report.contents.is_forgetful
    assert repair(CALLS, tmp_path, NOW_S + 1) is None, 'there is nothing more to repair'


def test_a_second_damage_is_set_aside_beside_the_first(tmp_path: Path) -> None:
    for round, folder in enumerate(('damaged-1', 'damaged-2')):
        places = write_log(tmp_path, entries(round + 1), entries(round + 2))
        path, _, end = places[1]
        spoil(path, end - 1)
        assert repair(CALLS, tmp_path, NOW_S + round) == tmp_path / folder
    assert verify(CALLS, tmp_path).contents.forgot_until == STAMP + 1000


def test_the_only_robot_of_a_team_goes_on_by_itself(tmp_path: Path) -> None:
    places = write_log(tmp_path, *GROUPS)
    spoil(places[4][0], places[4][1] + 1)
    repair(CALLS, tmp_path, NOW_S, is_only_robot=True)
    assert not verify(CALLS, tmp_path).contents.is_forgetful


def test_without_any_header_the_owner_must_be_named(tmp_path: Path) -> None:
    with WriteAheadLog(tmp_path, OWNER) as log:
        log.append(encode_records(entries(1)))
    spoil(tmp_path / '00000001.wal', 3)
    with pytest.raises(StorageError, match='name the robot with --owner TEAM/ROBOT'):
        repair(CALLS, tmp_path, NOW_S)
    repair(CALLS, tmp_path, NOW_S, owner=OWNER)
    assert read(tmp_path) == [Boot(STAMP), HardState(STAMP, '', STAMP)]


@pytest.mark.parametrize(
    ('newest', 'shown'), [(HardState(STAMP + 5), '2096-10-02'), (Boot(1), r'20\d\d-')]
)
def test_a_clock_that_is_behind_the_log_is_refused(
    tmp_path: Path, newest: StoredRecord, shown: str
) -> None:
    """A term that is drawn from it might have been voted in."""
    places = write_log(tmp_path, entries(1), [newest], [Boot(3)])
    path, _, end = places[0]
    spoil(path, end - 1)
    now_s = NOW_S if isinstance(newest, HardState) else 1e9
    with pytest.raises(StorageError, match=f'but the log is of {shown}.*: set the clock'):
        repair(CALLS, tmp_path, now_s)
    assert verify(CALLS, tmp_path).state is LogState.DAMAGED
    assert not list(tmp_path.glob('damaged-*'))


def damaged_disk() -> tuple[FragileDisk, Path]:
    disk, folder = FragileDisk(), Path('/data/b')
    places = write_log(folder, *GROUPS, calls=disk)
    path, _, end = places[3]
    disk.lose_power(Survival())
    for image in (disk.files(folder)[path.name].cache, disk.files(folder)[path.name].disk):
        image[end - 1] ^= 1
    return disk, folder


def test_a_repair_that_is_cut_off_at_any_call_has_happened_or_not() -> None:
    disk, folder = damaged_disk()
    repaired = disk.copy()
    repair(repaired, folder, NOW_S)
    expected = read(folder, repaired)
    ends: Counter[str] = Counter()
    for call in range(1, repaired.calls - disk.calls + 1):
        for seed in range(8):
            trial = disk.copy()
            trial.cut_power_at(call)
            with suppress(PowerCut):
                repair(trial, folder, NOW_S)
            trial.lose_power(Chance(seed) if seed else Nothing())
            try:
                assert read(folder, trial) == expected
                assert trial.files(folder / 'damaged-1'), 'the evidence is kept'
                ends['repaired'] += 1
            except StorageError as error:
                assert 'is damaged' in str(error)
                assert repair(trial, folder, NOW_S + 1) is not None
                ends['damaged'] += 1
    assert ends['repaired'] and ends['damaged']


def raft_records(stored: list[StoredRecord]) -> list[Record]:
    return [one for one in stored if not isinstance(one, Boot | Told)]


def on_disk(group: Group, name: str, folder: Path) -> list[tuple[Path, int, int]]:
    return write_log(folder, *([record] for record in group.members[name].disk))


def test_a_repaired_robot_returns_and_the_team_agrees_on_what_it_had_agreed_on(
    tmp_path: Path,
) -> None:
    group = led('abc')
    group.cut('ab', 'c')
    group.propose('a', b'only a and b know it')
    group.run(0.5)
    places = on_disk(group, 'b', tmp_path)
    group.crash('b')
    path, _, end = places[-1]
    spoil(path, end - 1)
    repair(CALLS, tmp_path, NOW_S)
    group.members['b'].disk = raft_records(read(tmp_path))
    group.start('b')
    group.heal()
    group.cut('bc', 'a')
    group.run(5.0)
    assert not group.leaders or group.leaders == ['a'], 'b and c must not decide without a'
    group.heal()
    group.run(5.0)
    assert len(group.leaders) == 1
    for name in 'abc':
        assert group.data(name) == [b'only a and b know it']
    assert group[group.leaders[0]].term > STAMP
    assert not group['b'].is_forgetful


def test_a_team_without_a_majority_goes_on_from_the_survivor_that_knows_most(
    tmp_path: Path,
) -> None:
    group = led('abcde')
    group.propose('a', b'agreed')
    group.run(0.5)
    group.cut('ab', 'cde')
    group.propose('a', b'only b has it too')
    group.run(0.3)
    for name in 'acde':
        group.crash(name)
    on_disk(group, 'b', tmp_path)
    group.crash('b')
    with pytest.raises(ConfigurationError, match="is 'a,c', but must name b"):
        recover(CALLS, tmp_path, ('a', 'c'), NOW_S)
    recover(CALLS, tmp_path, ('b', 'c'), NOW_S)
    group.members['b'].disk = raft_records(read(tmp_path))
    group.heal()
    group.start('b')
    group.start('c')
    group.run(5.0)
    assert group.leaders == ['b']
    group.propose('b', b'and on')
    group.run(0.5)
    assert group.data('c') == [b'agreed', b'only b has it too', b'and on']
    assert group['c'].membership.voters == ('b', 'c')


def test_a_damaged_log_is_not_recovered_from(tmp_path: Path) -> None:
    places = write_log(tmp_path, *GROUPS)
    spoil(places[1][0], places[1][1])
    with pytest.raises(StorageError, match='is damaged'):
        recover(CALLS, tmp_path, ('b',), NOW_S)


def test_a_repaired_robot_is_one_of_the_team_again(tmp_path: Path) -> None:
    """The whole coordinator, incarnations included: peers do not take it for a former life."""
    team = DiskedTeam(tmp_path)
    for name in team.robots:
        team.boot(name)
    team.run(3.0)
    team.submit('before')
    team.run(1.0)
    robot = team.others(team.leader)[0]
    team.kill(robot)
    (path,) = (tmp_path / robot).glob('*.wal')
    spoil(path, path.read_bytes().index(b'before'))
    with pytest.raises(StorageError, match=r'is damaged.*muster storage repair'):
        team.boot(robot)
    loss = verify(CALLS, tmp_path / robot).loss
    assert loss is not None
    repair(CALLS, tmp_path / robot, NOW_S)
    team.boot(robot)
    team.run(6.0)
    replica = team[robot].machine.replica
    assert replica.incarnation == STAMP + 1
    assert not replica.raft.is_forgetful
    assert replica.raft.term > STAMP
    assert team.reply('before').task_id in team[robot].machine.ledger.tasks
    assert team[team.leader].machine.ledger.roster[robot].incarnation == STAMP + 1
    team.kill(team.others(robot, team.leader)[0])
    team.submit('after')
    team.run(2.0)
    assert team.reply('after').accepted, 'its word makes a majority again'
    team.close()

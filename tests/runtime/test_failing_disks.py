"""A leader whose disk is full, broken or slow: it acknowledges nothing that is not durable, and
another leads."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.core.coordinator.effects import Reply, Send, Warn
from muster.runtime.system_calls import SystemCalls

from .disked_team import DiskedTeam

FILLER = '{"note": "' + 'x' * 1500 + '"}'


class FailingCalls(SystemCalls):
    """The real ones until told otherwise."""

    def __init__(self) -> None:
        self.room: int | None = None
        """Bytes that may still be written."""
        self.breaks_syncs = False
        self.refusals = 0

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if self.room is not None:
            if not self.room:
                self._refuse(errno.ENOSPC)
            data = data[: self.room]
            self.room -= len(data)
        return super().pwrite(descriptor, data, offset)

    def fdatasync(self, descriptor: int) -> None:
        if self.breaks_syncs:
            self._refuse(errno.EIO)
        super().fdatasync(descriptor)

    def _refuse(self, error: int) -> None:
        self.refusals += 1
        raise OSError(error, os.strerror(error))


class StallingCalls(SystemCalls):
    """Syncs wait while the gate is shut."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.stalls = 0

    def fdatasync(self, descriptor: int) -> None:
        self.stalls += not self.gate.is_set()
        self.gate.wait()
        super().fdatasync(descriptor)


ROBOTS = ('r1', 'r2', 'r3')


@pytest.fixture
def small_disks(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file system of one megabyte for each robot."""
    if os.geteuid() != 0:
        pytest.skip('mounting a file system takes root')
    mounted = []
    for name in ROBOTS:
        place = tmp_path / name
        place.mkdir()
        command = ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(place)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip('file systems cannot be mounted here')
        mounted.append(place)
    yield tmp_path
    for place in mounted:
        subprocess.run(['umount', '--lazy', str(place)], check=True)


def working_team(folder: Path, calls: dict[str, SystemCalls] | None = None) -> DiskedTeam:
    team = DiskedTeam(folder, len(ROBOTS), calls)
    for name in ROBOTS:
        team.boot(name)
    team.run_until(lambda: len(leaders(team)) == 1)
    team.run(0.5)
    return team


def leaders(team: DiskedTeam) -> list[str]:
    return [name for name in ROBOTS if team[name].machine.replica.is_leader]


def ask_until_it_fails(team: DiskedTeam, leader: str) -> list[str]:
    """Have the leader write until its disk refuses; the requests that were asked for."""
    asked: list[str] = []
    while not team[leader].asked_for(Warn):
        assert len(asked) < 1000, 'the disk never failed'
        asked.append(f'q{len(asked)}')
        team.submit(asked[-1], leader, parameters=FILLER)
        team.settle()
    return asked


def check_the_others_go_on(team: DiskedTeam, former: str, asked: list[str]) -> None:
    """The former leader has said so and is silent; nothing that was acknowledged is lost."""
    (alert,) = team[former].asked_for(Warn)
    assert (alert.code, alert.is_critical) == ('storage_failed', True)
    assert 'the disk refused' in alert.text
    assert not team[former].machine.replica.is_leader
    accepted = [one for one in asked if team.replies(one)]
    assert accepted, 'some must have been written before'
    assert len(accepted) < len(asked), 'the write that failed must not be acknowledged'
    said = len(team[former].asked_for(Send)) + len(team[former].asked_for(Reply))
    team.run(8.0)
    assert len(team[former].asked_for(Send)) + len(team[former].asked_for(Reply)) == said
    assert team.leader != former
    for one in accepted:
        assert team.reply(one).task_id in team[team.leader].machine.ledger.tasks
    team.submit('afterwards', team.leader)
    team.run(1.0)
    assert team.reply('afterwards').accepted


def check_it_comes_back(team: DiskedTeam, former: str) -> None:
    team.kill(former)
    team[former].effects.clear()
    team.boot(former)
    team.run(6.0)
    assert team[former].asked_for(Warn) == []
    expected = team[team.leader].machine.ledger.tasks
    assert team[former].machine.ledger.tasks.keys() == expected.keys()
    team.close()


def test_a_leader_on_a_full_disk_leaves_and_returns_when_there_is_room(
    small_disks: Path,
) -> None:
    team = working_team(small_disks)
    leader = team.leader
    filler = small_disks / leader / 'filler'
    with filler.open('wb', buffering=0) as file, pytest.raises(OSError, match='No space left'):
        while True:
            file.write(bytes(4096))
    asked = ask_until_it_fails(team, leader)
    check_the_others_go_on(team, leader, asked)
    filler.unlink()
    check_it_comes_back(team, leader)


@pytest.mark.parametrize('room', [0, 1, 40, 300, 3000])
def test_a_write_that_finds_no_room_for_its_end_is_not_acknowledged(
    tmp_path: Path, room: int
) -> None:
    calls = {name: FailingCalls() for name in ROBOTS}
    team = working_team(tmp_path, {**calls})
    leader = team.leader
    team.submit('early', leader)
    team.run(0.3)
    calls[leader].room = room
    asked = ['early', *ask_until_it_fails(team, leader)]
    assert calls[leader].refusals == 1
    check_the_others_go_on(team, leader, asked)
    calls[leader].room = None
    check_it_comes_back(team, leader)


def test_a_sync_that_fails_is_not_tried_again(tmp_path: Path) -> None:
    calls = {name: FailingCalls() for name in ROBOTS}
    team = working_team(tmp_path, {**calls})
    leader = team.leader
    team.submit('early', leader)
    team.run(0.3)
    calls[leader].breaks_syncs = True
    asked = ['early', *ask_until_it_fails(team, leader)]
    calls[leader].breaks_syncs = False
    check_the_others_go_on(team, leader, asked)
    assert calls[leader].refusals == 1
    check_it_comes_back(team, leader)


def test_a_leader_whose_disk_stalls_hands_over_before_anybody_misses_it(tmp_path: Path) -> None:
    calls = {name: StallingCalls() for name in ROBOTS}
    team = working_team(tmp_path, {**calls})
    leader = team.leader
    term = team[leader].machine.replica.raft.term
    calls[leader].gate.clear()
    team[leader].is_disk_slow = True
    team.submit('while it stalls', leader)
    team.carried.clear()
    stalled_at = team.now
    team.run_until(lambda: leaders(team) != [leader], within_s=3.0)
    team.run_until(lambda: len(leaders(team)) == 1 and leader not in leaders(team))
    assert calls[leader].stalls == 1
    config = team[leader].config.raft
    assert team.now - stalled_at < config.disk_stall_s + config.election_min_s
    called = [
        recipient
        for sender, recipient, envelope in team.carried
        if sender == leader and envelope.kind == 'raft.take_over'
    ]
    assert set(called) == set(leaders(team)), 'it called its successor itself'
    assert team[team.leader].machine.replica.raft.term == term + 1
    team.run(1.0)
    assert team.reply('while it stalls').accepted
    calls[leader].gate.set()
    team[leader].is_disk_slow = False
    team.run(2.0)
    tasks = team[team.leader].machine.ledger.tasks
    assert team[leader].machine.ledger.tasks.keys() == tasks.keys()
    assert team[leader].asked_for(Warn) == []
    team.close()

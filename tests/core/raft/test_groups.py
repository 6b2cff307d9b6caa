"""A robot in two groups says what it has to say in one packet."""

from __future__ import annotations

import random

import pytest

from muster.core.raft import Groups, Packet, RaftConfig, RaftNode, RaftRole, Vote
from muster.core.types import ProtocolError

ROBOTS = ('a', 'b', 'c')
STEP_S = 0.01


class Robots:
    """Robots that are all in the same groups, with a perfect network and instant disks."""

    def __init__(self, *groups: str, seed: int = 1) -> None:
        self.now = 10.0
        self.packets: list[tuple[str, str, Packet]] = []
        """All that were ever sent: sender, recipient, packet."""
        self.robots = {
            robot: Groups(
                {
                    group: RaftNode(
                        RaftConfig(me=robot, voters=ROBOTS),
                        (),
                        random.Random(f'{seed}/{robot}/{group}'),
                        self.now,
                    )
                    for group in groups
                }
            )
            for robot in ROBOTS
        }

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += STEP_S
            for robot in self.robots.values():
                robot.tick(self.now)
            self.settle()

    def settle(self) -> None:
        is_busy = True
        while is_busy:
            is_busy = False
            for name, robot in self.robots.items():
                wanted, packets = robot.ready()
                is_busy |= bool(wanted)
                for group, ready in wanted.items():
                    robot.members[group].persisted(ready.sequence, self.now)
                for recipient, packet in packets:
                    self.packets.append((name, recipient, packet))
                    self.robots[recipient].step(name, packet, self.now)

    def leader(self, group: str) -> str:
        (name,) = (n for n, robot in self.robots.items() if robot.members[group].is_leader)
        return name

    def lead(self, group: str, name: str) -> None:
        """Have a robot lead a group."""
        if self.leader(group) != name:
            self.robots[self.leader(group)].members[group].transfer(name, self.now)
            self.settle()
        assert self.leader(group) == name

    def packets_in(self, seconds: float) -> int:
        """How many packets leave meanwhile."""
        before = len(self.packets)
        self.run(seconds)
        return len(self.packets) - before


def commands(member: RaftNode) -> list[bytes]:
    """Those that are committed."""
    log = member.log
    return [one.data for one in log.slice(1, member.commit_index + 1) if one.data]


def test_two_idle_groups_are_as_quiet_as_one() -> None:
    one, two = Robots('squad'), Robots('squad', 'team')
    for robots in (one, two):
        robots.run(2.0)
        robots.lead('squad', 'a')
    two.lead('team', 'a')
    one.run(1.0)
    two.run(1.0)
    alone, together = one.packets_in(10.0), two.packets_in(10.0)
    assert alone > 100, 'the leader sends heartbeats'
    assert together <= 1.05 * alone
    groups = {group for _, _, packet in two.packets[-4:] for group, _ in packet.messages}
    assert groups == {'squad', 'team'}


def test_each_group_has_its_own_leader_and_log() -> None:
    robots = Robots('squad', 'team')
    robots.run(2.0)
    robots.lead('squad', 'a')
    robots.lead('team', 'b')
    robots.robots['a'].members['squad'].propose([b'x'], robots.now)
    robots.settle()
    robots.run(0.2)
    for robot in robots.robots.values():
        squad, team = robot.members['squad'], robot.members['team']
        assert (squad.leader, team.leader) == ('a', 'b')
        assert commands(squad) == [b'x']
        assert commands(team) == []


def test_a_packet_of_a_foreign_group_is_refused() -> None:
    robots = Robots('squad')
    robots.run(2.0)
    vote = Vote(term=99, last_index=0, last_term=0, is_poll=True)
    with pytest.raises(ProtocolError, match="no group 'spies'"):
        robots.robots['a'].step('b', Packet((('spies', vote),)), robots.now)
    assert robots.robots['a'].members['squad'].role in (RaftRole.LEADER, RaftRole.FOLLOWER)

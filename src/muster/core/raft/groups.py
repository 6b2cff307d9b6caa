"""The Raft members of one robot, when it belongs to several groups (a squad, and the team).

Each group has its own log and its own leader; what they share is the way: all that a robot has to
say to a peer at one moment, in whatever groups, leaves as one `Packet`, and the heartbeats of the
groups that a robot leads fall on the same moment. So a robot that leads two groups of the same
peers is as quiet as one that leads a single group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from muster.core.raft.messages import Message, Ready
from muster.core.raft.node import RaftNode
from muster.core.types import ProtocolError, RobotId

GroupId = str


class Packet(msgspec.Struct, frozen=True):
    """All that one robot has to say to another at one moment."""

    messages: tuple[tuple[GroupId, Message], ...]


class Groups:
    """One robot's members, by the name of their group."""

    def __init__(self, members: Mapping[GroupId, RaftNode]) -> None:
        self.members = dict(members)

    def next_tick(self) -> float:
        """Steady time at which `tick` is next needed."""
        return min(member.next_tick() for member in self.members.values())

    def tick(self, now: float) -> None:
        """Let time pass in every group. When one heartbeat is due, those that would be within
        half a period leave with it."""
        is_due = now >= self.next_tick()
        for member in self.members.values():
            member.tick(now, member.config.heartbeat_s / 2 if is_due else 0.0)

    def step(self, sender: RobotId, packet: Packet, now: float) -> None:
        """Take a packet from another robot.

        Raises
        ------
        ProtocolError
            something in it is what no correct member sends, or of a group that this robot is not
            in; what came before it was taken.
        """
        for group, message in packet.messages:
            if group not in self.members:
                raise ProtocolError(f'this robot is in no group {group!r}')
            self.members[group].step(sender, message, now)

    def ready(self) -> tuple[dict[GroupId, Ready], list[tuple[RobotId, Packet]]]:
        """What each group wants done, if anything, and the packets that take the place of its
        `Ready.messages`."""
        wanted = {group: member.ready() for group, member in self.members.items()}
        mail: defaultdict[RobotId, list[tuple[GroupId, Message]]] = defaultdict(list)
        for group, ready in wanted.items():
            for peer, message in ready.messages:
                mail[peer].append((group, message))
        packets = [(peer, Packet(tuple(messages))) for peer, messages in mail.items()]
        return {group: one for group, one in wanted.items() if not one.is_empty}, packets

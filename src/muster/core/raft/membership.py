"""Who votes in a group, and what a majority is while the group changes.

A change passes through a *joint* membership, in which every decision needs a majority of the old
voters and one of the new (Ongaro 2014, section 4.3), so any set of robots may be exchanged at
once. A membership holds from the moment its entry is in a log, committed or not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import msgspec

from muster.core.types import RobotId


class Membership(msgspec.Struct, frozen=True):
    """The members of a group. Learners receive the log and decide nothing."""

    voters: tuple[RobotId, ...]
    learners: tuple[RobotId, ...] = ()
    outgoing: tuple[RobotId, ...] = ()
    """The voters before the change under way; empty when there is none."""

    @property
    def is_joint(self) -> bool:
        return bool(self.outgoing)

    @property
    def everyone(self) -> tuple[RobotId, ...]:
        """All who receive the log, each once."""
        return tuple(dict.fromkeys((*self.voters, *self.outgoing, *self.learners)))

    @property
    def quorum(self) -> int:
        """How many of `voters` make a majority."""
        return len(self.voters) // 2 + 1

    def is_voter(self, robot: RobotId) -> bool:
        return robot in self.voters or robot in self.outgoing

    def has_quorum(self, robots: Collection[RobotId]) -> bool:
        """Whether these robots decide: a majority of every set of voters is among them."""
        return all(
            2 * sum(robot in robots for robot in voters) > len(voters) for voters in self._sets()
        )

    def lost_quorum(self, robots: Collection[RobotId]) -> bool:
        """Whether no majority is left when these robots have refused."""
        return any(
            2 * sum(robot not in robots for robot in voters) <= len(voters)
            for voters in self._sets()
        )

    def reached_by_quorum(self, value_of: Callable[[RobotId], float]) -> float:
        """The greatest value that a majority of every set of voters has reached."""
        return min(
            sorted(map(value_of, voters), reverse=True)[len(voters) // 2]
            for voters in self._sets()
        )

    def joint_towards(self, voters: Iterable[RobotId], learners: Iterable[RobotId]) -> Membership:
        """The membership in between this one and another."""
        return Membership(tuple(voters), tuple(learners), self.voters)

    def settled(self) -> Membership:
        """The membership at the end of the change under way."""
        return Membership(self.voters, self.learners)

    def _sets(self) -> tuple[tuple[RobotId, ...], ...]:
        return (self.voters, self.outgoing) if self.outgoing else (self.voters,)

"""What the consensus benchmark asks of a group, whoever's Raft it runs.

A group is a context manager. Entering it starts its members, each a process of its own, and waits
until a leader commits; leaving it kills them. All traffic is on loopback, all data below one
folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Protocol


class GroupError(Exception):
    """A group did not do what was asked of it: this figure cannot be measured."""


class PeerMissingError(Exception):
    """A peer is not installed; the message names the remedy."""


class Group(Protocol):
    """Some members that agree on commands."""

    def __enter__(self) -> Group: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids of the members that run, by name."""

    def commit_latencies(self, count: int) -> list[float]:
        """Seconds that each of `count` commands of 200 bytes took through the leader, one after
        the other: from handing a command over until its result is there."""

    def throughput(self, window: int, size_bytes: int, seconds: float) -> float:
        """Commands per second through the leader, with `window` of them outstanding."""

    def failover(self) -> float:
        """Kill the leader as a crash would; seconds until a command given to another member is
        committed. The killed one has been restarted, and has caught up, on return."""

    def term(self) -> int:
        """The highest term of any member: an election raises it."""

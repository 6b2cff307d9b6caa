"""One run of a group, from its seed to its verdict."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from functools import partial

import msgspec

from muster.core.raft import RaftConfig, Record, decode_session_entry
from muster.core.raft.membership import Membership
from muster.core.raft.sessions import SessionCommand
from muster.core.raft.timing import LAN, WIFI, Timing
from muster.core.types import MusterError
from muster.invariants.linearizability import find_anomaly
from muster.invariants.registers import REGISTER
from muster.simulation.agenda import Agenda
from muster.simulation.clock import Clock
from muster.simulation.consensus.client import Client
from muster.simulation.consensus.faults import GroupFault, draw_schedule
from muster.simulation.consensus.member import GroupSurroundings, Member
from muster.simulation.consensus.nemesis import Nemesis
from muster.simulation.consensus.referee import GroupReferee
from muster.simulation.consensus.stored import Stored
from muster.simulation.disk import Disk
from muster.simulation.network import Network
from muster.simulation.referee import InvariantViolationError

SIZES = (1, 3, 5, 7)
SPARES = 2
"""Processes that are no members in the beginning."""
SECONDS = 20.0
RECOVERY_S = 20.0
"""Within this time after the last fault the group must have come together."""
CHECK_S = 0.1
RARE_HEARTBEATS = Timing(heartbeat_s=0.1, election_min_s=0.2, election_max_s=0.4)
"""Leases run out between two of them, so reads need rounds of their own."""


def size_of(seed: int) -> int:
    """Members of a run that was not given their number."""
    return SIZES[seed % len(SIZES)]


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to."""

    seed: int
    members: int
    seconds: float
    faults: tuple[GroupFault, ...]
    violation: str
    """Empty when every promise held."""
    trace: tuple[str, ...]
    events: int
    elections: int
    commands: int
    """Entries of the log that clients proposed."""
    requests: dict[str, int]
    """Number of requests by how they ended for their client."""
    bites: dict[str, int]
    """What the faults did, and what Raft did about them."""
    recovery_s: float
    """From the last fault until the group had come together and had answered everybody."""


class GroupRun:
    """A group, its clients and its nemesis. Use once.

    Parameters
    ----------
    members : in the beginning; by default the seed decides.
    seconds : of virtual time in which there are faults.
    """

    def __init__(
        self,
        seed: int,
        members: int | None = None,
        seconds: float = SECONDS,
        faults: Sequence[GroupFault] | None = None,
    ) -> None:
        self.seed, self.seconds = seed, seconds
        self.size = size_of(seed) if members is None else members
        names = tuple(f'm{number}' for number in range(1, self.size + SPARES + 1))
        self.faults = tuple(
            draw_schedule(self._stream('faults'), names[: self.size], names[self.size :], seconds)
            if faults is None
            else faults
        )
        self.trace: list[str] = []
        self.agenda = Agenda()
        self.bites: Counter[str] = Counter()
        self.referee = GroupReferee(self.agenda, self.bites)
        self.members: dict[str, Member] = {}
        self.shared = GroupSurroundings(
            self.agenda,
            Network(self.agenda, self._stream('network'), self.bites),
            self.referee,
            self.members,
            self.bites,
            self._tell,
        )
        self._recovery_s = 0.0
        rng = self._stream('group')
        drift = rng.choice((0.001, 0.05, 0.4))
        self._build(names, drift, rng)
        self.nemesis = Nemesis(self.shared, drift)
        self.clients = [
            Client(name, self._stream(f'client {name}'), self.shared, seconds)
            for name in 'abcde'[: rng.randint(2, 5)]
        ]

    def run(self) -> GroupResult:
        """Run to the end, or to the first violation."""
        violation = ''
        try:
            self._run()
        except InvariantViolationError as error:
            violation = str(error)
        except (MusterError, AssertionError) as error:
            violation = f'{type(error).__name__} at {self.agenda.now:.3f} s: {error}'
        if violation:
            self._tell(violation)
        requests: Counter[str] = Counter()
        for client in self.clients:
            requests.update(client.ends)
        return GroupResult(
            seed=self.seed,
            members=self.size,
            seconds=self.seconds,
            faults=self.faults,
            violation=violation,
            trace=tuple(self.trace),
            events=self.agenda.count,
            elections=sum(member.elections for member in self.members.values()),
            commands=len(self._commands()),
            requests=dict(sorted(requests.items())),
            bites=dict(sorted(self.bites.items())),
            recovery_s=round(self._recovery_s, 3),
        )

    def _run(self) -> None:
        for fault in self.faults:
            self.agenda.at(fault.at, partial(self.nemesis.inflict, fault))
        for member in self.members.values():
            self.agenda.at(0.0, member.boot)
        for client in self.clients:
            client.start()
        self.agenda.run(self.seconds)
        self._tell('the faults are over')
        while reason := self._what_is_missing():
            if self.agenda.now >= self.seconds + RECOVERY_S:
                self.referee.fail('liveness', reason)
            self.agenda.run(self.agenda.now + CHECK_S)
        self._recovery_s = self.agenda.now - self.seconds
        self._check_done()
        anomaly = find_anomaly(
            (operation for client in self.clients for operation in client.history), REGISTER
        )
        if anomaly is not None:
            self.referee.fail('linearizability', str(anomaly))

    # Building

    def _stream(self, name: str) -> random.Random:
        """Random numbers for one purpose: leaving out a fault must not change the rest of a
        run."""
        return random.Random(f'{self.seed}/{name}')

    def _build(self, names: tuple[str, ...], drift: float, rng: random.Random) -> None:
        voters = names[: self.size]
        self.referee.begin_with(Membership(voters))
        timing = rng.choice((LAN, WIFI, RARE_HEARTBEATS))
        limits = {
            'compact_every': rng.choice((6, 15, 40)),
            'chunk_bytes': rng.choice((64, 200, 1000)),
            'max_append_bytes': rng.choice((100, 1000, 48_000)),
            'max_inflight_bytes': rng.choice((300, 3000, 1_000_000)),
            'max_inflight_messages': rng.choice((2, 16, 128)),
        }
        session_limit = rng.choice((2, 3, 8))
        stall_s = rng.choice((0.2, 1.0))
        for name in names:
            config = RaftConfig(
                me=name,
                voters=voters,
                heartbeat_s=timing.heartbeat_s,
                election_min_s=timing.election_min_s,
                election_max_s=timing.election_max_s,
                clock_drift=drift,
                disk_stall_s=stall_s,
                **limits,
            )
            clock = Clock(rng.uniform(0.0, 1e5), 1.0 + rng.choice((-drift, 0.0, drift)))
            disk: Disk[Record] = Disk(self.agenda, self._stream(f'disk {name}'), self.bites)
            self.referee.stored[name] = Stored()
            disk.on_kept = partial(self.referee.kept, name)
            self.members[name] = Member(
                config, str(self.seed), clock, disk, session_limit, self.shared
            )

    # Judging

    def _what_is_missing(self) -> str:
        """Why the group has not come together yet; empty when it has."""
        nodes = {name: one.node for name, one in self.members.items() if one.node is not None}
        leaders = [node for node in nodes.values() if node.is_leader]
        if not leaders:
            return 'nobody leads'
        leader = max(leaders, key=lambda node: node.term)
        membership = leader.membership
        if membership.is_joint or leader.log.membership_index > leader.commit_index:
            return f'the change to {membership} does not end'
        for name in membership.everyone:
            if name == self.nemesis.absent:
                continue
            member, node = self.members[name], nodes.get(name)
            if node is None or not member.is_running:
                return f'{name} is down'
            if name in membership.voters and node.leader != leader.config.me:
                return f'{name} follows {node.leader or "nobody"}, not {leader.config.me}'
            if member.applied_index < leader.log.last_index:
                return (
                    f'{name} has applied {member.applied_index} of {leader.log.last_index} entries'
                )
        waiting = [client for client in self.clients if not client.is_finished]
        return f'{len(waiting)} clients wait for answers' if waiting else ''

    def _check_done(self) -> None:
        """What clients were told is done is in the log."""
        commands = self._commands()
        for client in self.clients:
            for session, number in client.done:
                if (session, number) not in commands:
                    self.referee.fail(
                        'nothing lost', f'command {number} of session {session} was answered'
                    )

    def _commands(self) -> set[tuple[int, int]]:
        """(session, number) of the commands in the log of the group."""
        entries = self.referee.agreement.committed.values()
        requests = (
            decode_session_entry(entry.data)
            for entry in entries
            if entry.data and entry.kind == entry.kind.COMMAND
        )
        return {(one.session, one.number) for one in requests if isinstance(one, SessionCommand)}

    def _tell(self, text: str) -> None:
        self.trace.append(f'{self.agenda.now:9.4f} {text}')

"""A Raft group in memory, under the full control of a test.

Nothing is delivered, made durable or told the time unless the test says so. While it runs, every
member is watched: what it says must be on its disk already, a read must be answered with all that
was committed when it was asked, and the five safety properties of Ongaro 2014, figure 3.2, must
hold after each step.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace

from muster.core.raft import (
    Append,
    AppendReply,
    Entry,
    EntryKind,
    Message,
    RaftConfig,
    RaftNode,
    ReadResult,
    Vote,
    VoteReply,
)
from muster.core.raft.progress import Progress
from muster.core.raft.timing import WIFI

from .member import Member, Parcel, Patience, decode_state, encode_state, node_log

STEP_S = 0.02
TIMES = asdict(WIFI)
MAX_DELIVERIES = 100_000
"""In one go; members that still talk then will never stop."""


class Group:
    """Members, the messages between them, and the time."""

    def __init__(self, names: str = 'abc', seed: int | None = None, **limits: float) -> None:
        self.now = 100.0
        self.mail: list[Parcel] = []
        self.sent: list[Parcel] = []
        """All messages that ever left a member, for tests that count them."""
        self.deaf: set[tuple[str, str]] = set()
        """Links (sender, listener) on which messages are lost."""
        self.loses: Callable[[Parcel], bool] = lambda parcel: False
        """Messages that are lost on whatever link."""
        self.holds: Callable[[Parcel], bool] = lambda parcel: False
        """Messages that stay under way until they are handed over one by one."""
        self.paused: set[str] = set()
        """Members whose processes stand still while disks, clocks and the others go on."""
        self.members: dict[str, Member] = {}
        self._leaders: dict[int, str] = {}
        self._leader_logs: dict[tuple[str, int], list[Entry]] = {}
        self.committed: list[Entry] = []
        self._committed_in: list[int] = []
        for name in names:
            rng = random.Random(f'{seed}/{name}') if seed is not None else Patience()
            config = RaftConfig(me=name, voters=tuple(names), **TIMES | limits)
            self.members[name] = Member(config, rng)
            self.start(name)

    # Looking

    def __getitem__(self, name: str) -> RaftNode:
        node = self.members[name].node
        assert node is not None, f'{name} is down'
        return node

    @property
    def up(self) -> list[str]:
        return [name for name, member in self.members.items() if member.node is not None]

    @property
    def awake(self) -> list[str]:
        return [name for name in self.up if name not in self.paused]

    def time(self, name: str) -> float:
        """What the clock of a member shows."""
        return self.members[name].clock.read(self.now)

    @property
    def leaders(self) -> list[str]:
        """Who believes to lead, in the newest term of any leader."""
        leading = [name for name in self.up if self[name].is_leader]
        newest = max((self[name].term for name in leading), default=0)
        return [name for name in leading if self[name].term == newest]

    def progress(self, leader: str, follower: str) -> Progress:
        """What a leader knows of a follower."""
        leading = self[leader]._leading
        assert leading is not None, f'{leader} does not lead'
        return leading._progress[follower]

    def data(self, name: str) -> list[bytes]:
        """The proposals that a member has applied."""
        return [
            entry.data
            for entry in self.members[name].applied
            if entry.data and entry.kind is EntryKind.COMMAND
        ]

    # Processes and disks

    def start(self, name: str) -> None:
        member = self.members[name]
        member.applied = []
        member.reads, member.reads_asked, member.changes = {}, {}, []
        member.node = RaftNode(member.config, tuple(member.disk), member.rng, self.time(name))

    def crash(self, name: str, kept: int = 0) -> None:
        """Kill a process; of the records being written the first `kept` survive."""
        member = self.members[name]
        for _, records, is_checkpoint in member.writes:
            if is_checkpoint and len(records) > kept:
                break
            member.store(records[:kept], is_checkpoint)
            kept -= len(records[:kept])
        member.writes.clear()
        member.node = None
        self.paused.discard(name)

    def sync(self, name: str, count: int | None = None) -> None:
        """Make durable what a member has begun to write: everything, or the `count` oldest."""
        member = self.members[name]
        while member.writes and count != 0:
            sequence, records, is_checkpoint = member.writes.popleft()
            member.store(records, is_checkpoint)
            self[name].persisted(sequence, self.time(name))
            self._attend(name)
            count = None if count is None else count - 1

    # Messages

    def cut(self, *sides: str) -> None:
        """Let only members of the same side talk."""
        side_of = {name: number for number, side in enumerate(sides) for name in side}
        self.deaf = {(a, b) for a in side_of for b in side_of if side_of[a] != side_of[b]}

    def heal(self) -> None:
        self.deaf = set()

    def deliver(self, parcel: Parcel) -> None:
        """Hand one message over, whether it is still in the mail or not."""
        if self.members[parcel.recipient].node is not None:
            now = self.time(parcel.recipient)
            self[parcel.recipient].step(parcel.sender, parcel.message, now)
            self._attend(parcel.recipient)

    def settle(self, accept: Callable[[Parcel], bool] = lambda parcel: True) -> None:
        """Deliver and sync until nothing moves; messages that `accept` does not want are lost."""
        for _ in range(MAX_DELIVERIES):
            for name in self.awake:
                if not self.members[name].is_disk_slow:
                    self.sync(name)
            place = next((i for i, one in enumerate(self.mail) if self._can_arrive(one)), None)
            if place is None:
                return
            parcel = self.mail.pop(place)
            if accept(parcel):
                self.deliver(parcel)
        raise AssertionError(
            f'members still talk after {MAX_DELIVERIES} messages: {self.mail[:3]}'
        )

    def _can_arrive(self, parcel: Parcel) -> bool:
        return parcel.recipient not in self.paused and not self.holds(parcel)

    # Time

    def tick(self, *names: str) -> None:
        for name in names or self.awake:
            self[name].tick(self.time(name))
            self._attend(name)

    def run(self, seconds: float) -> None:
        """Let time pass for everybody, with messages and disks at work."""
        until = self.now + seconds
        while self.now < until:
            self.now += STEP_S
            self.tick()
            self.settle()

    def elect(self, name: str, accept: Callable[[Parcel], bool] = lambda parcel: True) -> None:
        """Let a member stand for election, as the first to lose patience."""
        self.now += self[name].config.election_max_s + 0.001
        self.tick(name)
        self.settle(accept)

    def compact(self, name: str, keep: int = 0) -> None:
        """Have a member take a snapshot of all that it has applied."""
        applied = self.members[name].applied
        self[name].compact(len(applied), encode_state(applied), keep)
        self._attend(name)

    def change(self, name: str, voters: str, learners: str = '') -> int:
        """Have the leader `name` exchange the members of the group."""
        index = self[name].change_membership(tuple(voters), tuple(learners), self.time(name))
        self._attend(name)
        return index

    def transfer(self, name: str, target: str) -> None:
        self[name].transfer(target, self.time(name))
        self._attend(name)

    def read(self, name: str, context: int) -> None:
        """Ask for a read; asked again, it is the same read."""
        member = self.members[name]
        before = len(self.committed)
        self[name].read(context, self.time(name))
        member.reads_asked.setdefault(context, before)
        self._attend(name)

    def join(self, name: str, **limits: float) -> None:
        """Start a member that is not in the group yet."""
        like = next(iter(self.members.values())).config
        self.members[name] = Member(replace(like, me=name, **limits), Patience())  # type: ignore[arg-type]
        self.start(name)

    def propose(self, name: str, *data: bytes) -> tuple[int, ...]:
        indices = self[name].propose(data, self.time(name))
        self._attend(name)
        return indices

    def forward(self, name: str, *data: bytes) -> None:
        self[name].forward(data)
        self._attend(name)

    # Judging

    def _attend(self, name: str) -> None:
        """Do what a member's `Ready` asks for."""
        member = self.members[name]
        ready = self[name].ready()
        if ready.records:
            member.writes.append((ready.sequence, ready.records, ready.is_checkpoint))
        for recipient, message in ready.messages:
            self._check_is_durable(member, recipient, message)
            parcel = Parcel(name, recipient, message)
            self.sent.append(parcel)
            if (name, recipient) not in self.deaf and not self.loses(parcel):
                self.mail.append(parcel)
        member.changes += ready.changes
        if ready.snapshot is not None:
            member.applied = decode_state(ready.snapshot.data)
            assert len(member.applied) == ready.snapshot.index
        for entry in ready.committed:
            assert entry.index == len(member.applied) + 1, f'{name} applies {entry.index} again'
            member.applied.append(entry)
        self._check_safety(name)
        for result in ready.reads:
            self._check_is_fresh(name, result)
            member.reads[result.context] = result.index

    def _check_is_fresh(self, name: str, result: ReadResult) -> None:
        """A read sees all that anybody knew to be committed when it was asked."""
        assert result.context in self.members[name].reads_asked, f'{name} never asked {result}'
        asked = self.members[name].reads_asked[result.context]
        stale = f'{name} reads as of {result.index}, but {asked} were committed when it asked'
        assert result.index < 0 or result.index >= asked, stale

    def _check_is_durable(self, member: Member, recipient: str, message: Message) -> None:
        """What others will rely on has reached the disk before it is said."""
        hard = member.hard_state
        vote = (hard.term, hard.voted_for)
        match message:
            case VoteReply(is_granted=True, is_poll=False) if hard.term <= message.term:
                assert vote == (message.term, recipient), f'vote not durable: {message}'
            case Vote(is_poll=False) if hard.term <= message.term:
                assert vote == (message.term, member.config.me), f'{message} too early'
            case AppendReply(is_accepted=True) if hard.term <= message.term:
                held = member.entries[: message.match_index]
                assert len(held) == message.match_index, f'{message} too early'
                # Heartbeats are answered at once: they promise nothing that is not durable yet.
                if held and held[-1].term == message.term:
                    assert hard.term == message.term, f'term not durable: {message}'
                if member.node is not None and member.node.term == message.term:
                    assert node_log(member)[: message.match_index] == held, f'{message} untrue'
            case Append():
                assert hard.term >= message.term, f'leads term {message.term} not on disk'

    def _check_safety(self, name: str) -> None:
        node = self[name]
        log = node_log(self.members[name])
        if node.is_leader:
            elected = self._leaders.setdefault(node.term, name)
            assert elected == name, f'{name} and {elected} both lead term {node.term}'
            before = self._leader_logs.get((name, node.term), [])
            assert log[: len(before)] == before, f'{name} has changed its log while leading'
            self._leader_logs[name, node.term] = log
            earlier = sum(term < node.term for term in self._committed_in)
            assert log[:earlier] == self.committed[:earlier], f'{name} leads without {earlier}'
        applied = self.members[name].applied
        common = min(len(applied), len(self.committed))
        assert applied[:common] == self.committed[:common], f'{name} has applied other entries'
        for entry in applied[common:]:
            self.committed.append(entry)
            self._committed_in.append(max([node.term, *self._committed_in]))

    def check_log_matching(self) -> None:
        """Two logs that hold an entry of the same index and term are equal up to it."""
        logs = [node_log(self.members[name]) for name in self.up]
        for one in logs:
            for other in logs:
                agreed = 0
                for index, (mine, theirs) in enumerate(zip(one, other, strict=False), start=1):
                    if mine.term == theirs.term:
                        agreed = index
                assert one[:agreed] == other[:agreed]


def led(names: str = 'abc', leader: str = 'a') -> Group:
    """A group with a settled leader."""
    group = Group(names)
    group.elect(leader)
    group.now += STEP_S
    group.tick(leader)
    group.settle()
    assert group.leaders == [leader]
    assert group[leader].is_settled
    return group


def last_message(group: Group, kind: type, names: Iterable[str] = ()) -> Parcel:
    """The newest message of a kind, perhaps from certain members."""
    wanted = set(names)
    return next(
        parcel
        for parcel in reversed(group.sent)
        if isinstance(parcel.message, kind) and (not wanted or parcel.sender in wanted)
    )

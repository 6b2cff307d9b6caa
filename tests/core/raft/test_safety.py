"""Raft's five safety properties under schedules that nobody thought of (Ongaro 2014, figure 3.2).

`Group` checks election safety, leader append-only, leader completeness and state machine safety
after every step, and that nothing is said before it is durable; log matching is checked here.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from muster.core.raft import NotLeaderError

from .group import Group

MEMBERS = 'abcde'
member = st.sampled_from(MEMBERS)
some = st.sets(member)


class Schedule(RuleBasedStateMachine):
    """Every rule is one thing that may happen, from single messages to a while of calm."""

    def __init__(self) -> None:
        super().__init__()
        self.group = Group(MEMBERS, seed=0)
        self.number = 0

    @rule(names=some, seconds=st.sampled_from([0.01, 0.3, 0.7, 1.3]))
    def time_passes(self, names: set[str], seconds: float) -> None:
        self.group.now += seconds
        self.group.tick(*sorted(names & set(self.group.up)))

    @rule(seconds=st.sampled_from([0.2, 1.5]))
    def all_goes_well_for_a_while(self, seconds: float) -> None:
        self.group.run(seconds)

    @rule(name=member)
    def stand_for_election(self, name: str) -> None:
        if name in self.group.up:
            self.group.elect(name)

    @rule(place=st.integers(0, 30), is_doubled=st.booleans())
    def one_message_arrives(self, place: int, is_doubled: bool) -> None:
        mail = self.group.mail
        if mail:
            parcel = mail[place % len(mail)]
            if not is_doubled:
                mail.remove(parcel)
            self.group.deliver(parcel)

    @rule(place=st.integers(0, 200))
    def an_old_message_arrives_again(self, place: int) -> None:
        if self.group.sent:
            self.group.deliver(self.group.sent[-1 - place % len(self.group.sent)])

    @rule(names=some)
    def some_messages_arrive(self, names: set[str]) -> None:
        for parcel in list(self.group.mail):
            if parcel.recipient in names:
                self.group.mail.remove(parcel)
                self.group.deliver(parcel)

    @rule()
    def messages_are_lost(self) -> None:
        self.group.mail.clear()

    @rule(side=some)
    def the_network_splits(self, side: set[str]) -> None:
        self.group.cut(''.join(sorted(side)), ''.join(sorted(set(MEMBERS) - side)))

    @rule()
    def the_network_heals(self) -> None:
        self.group.heal()

    @rule(name=member, is_slow=st.booleans())
    def a_disk_changes_its_pace(self, name: str, is_slow: bool) -> None:
        self.group.members[name].is_disk_slow = is_slow

    @rule(name=member)
    def a_disk_answers(self, name: str) -> None:
        if name in self.group.up:
            self.group.sync(name)

    @rule(names=some, kept=st.integers(0, 4))
    def processes_die_in_mid_write(self, names: set[str], kept: int) -> None:
        for name in sorted(names & set(self.group.up)):
            self.group.crash(name, kept)

    @rule()
    def all_processes_start(self) -> None:
        for name in set(MEMBERS) - set(self.group.up):
            self.group.start(name)

    @rule(count=st.integers(1, 3))
    def whoever_leads_proposes(self, count: int) -> None:
        for name in self.group.up:
            if self.group[name].is_leader:
                self.number += count
                data = (b'%d' % (self.number + one) for one in range(count))
                with suppress(NotLeaderError):  # it may be handing over
                    self.group.propose(name, *data)

    @invariant()
    def logs_match(self) -> None:
        self.group.check_log_matching()

    def teardown(self) -> None:
        """With the faults over, a leader is found and all come to agree."""
        bring_together(self.group)


def bring_together(group: Group) -> None:
    group.heal()
    for name, one in group.members.items():
        one.is_disk_slow = False
        if one.node is None:
            group.start(name)
    group.run(12.0)
    assert len(group.leaders) == 1
    group.propose(group.leaders[0], b'last')
    group.run(0.5)
    assert all(group.data(name) == group.data(MEMBERS[0]) for name in MEMBERS)
    assert group.data(MEMBERS[0])[-1] == b'last'


TestSchedule = Schedule.TestCase
TestSchedule.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def roam(seed: int, steps: int) -> Group:
    """A long random walk over the rules, denser in faults than hypothesis draws them."""
    rng = random.Random(seed)
    schedule = Schedule()
    group = schedule.group
    for _ in range(steps):
        names = set(rng.sample(MEMBERS, rng.randint(0, 5)))
        name = rng.choice(MEMBERS)
        match rng.randrange(14):
            case 0 | 1:
                schedule.time_passes(names, rng.choice([0.01, 0.3, 0.7]))
            case 2:
                schedule.stand_for_election(name)
            case 3 | 4 | 5:
                schedule.some_messages_arrive(names)
            case 6:
                schedule.one_message_arrives(rng.randrange(30), rng.random() < 0.5)
            case 7:
                schedule.an_old_message_arrives_again(rng.randrange(200))
            case 8:
                schedule.the_network_splits(names) if rng.random() < 0.5 else group.heal()
            case 9:
                schedule.a_disk_changes_its_pace(name, rng.random() < 0.5)
            case 10:
                schedule.processes_die_in_mid_write(names, rng.randrange(4))
            case 11:
                schedule.all_processes_start()
            case 12:
                schedule.whoever_leads_proposes(rng.randint(1, 3))
            case _:
                group.settle()
        schedule.logs_match()
    bring_together(group)
    return group


def test_long_random_schedules_keep_the_promises() -> None:
    groups = [roam(seed, 150) for seed in range(12)]
    assert sum(len(group.committed) for group in groups) > 100
    assert sum(group['a'].term for group in groups) > 60


@pytest.mark.slow
def test_many_long_random_schedules_keep_the_promises() -> None:
    for seed in range(1000, 1100):
        roam(seed, 300)

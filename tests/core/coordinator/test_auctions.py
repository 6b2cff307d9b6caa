"""Auctions whose leader is lost, whose bids go astray, and of which there are very many."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from muster.core.allocation.config import AuctionConfig
from muster.core.coordinator.effects import StartTask
from muster.core.coordinator.events import EnvelopeReceived
from muster.core.types import RobotReport, TaskState

from .bodies import Bodies
from .team import STEP_S, Team, team_at_work

Loses = Callable[[str, str, str], bool]


def call_on_its_way(team: Team) -> tuple[Loses, Callable[[], bool]]:
    return (
        lambda sender, recipient, kind: kind == 'auction.call',
        lambda: is_auction_open(team),
    )


def bids_on_their_way(team: Team) -> tuple[Loses, Callable[[], bool]]:
    """One robot's bids have come, another's have not."""
    mute = team.others(team.leader)[0]
    return (
        lambda sender, recipient, kind: kind == 'auction.bids' and sender == mute,
        lambda: is_auction_open(team) and bool(sent_bids(team)),
    )


def award_on_its_way(team: Team) -> tuple[Loses, Callable[[], bool]]:
    """Only the leader has the entry."""
    return (
        lambda sender, recipient, kind: kind == 'raft.append' and bool(sent_bids(team)),
        lambda: team[team.leader].machine.replica.is_under_way('award'),
    )


def award_with_one_more(team: Team) -> tuple[Loses, Callable[[], bool]]:
    """A follower has the entry, which may lead next; the leader does not know that it has."""
    lagging = team.others(team.leader)[0]
    return (
        lambda sender, recipient, kind: (
            bool(sent_bids(team))
            and ((kind == 'raft.append' and recipient == lagging) or kind == 'raft.append_reply')
        ),
        lambda: team[team.leader].machine.replica.is_under_way('award'),
    )


def sent_bids(team: Team) -> list[tuple[str, str, EnvelopeReceived]]:
    return [mail for mail in team.carried if mail[2].kind == 'auction.bids']


def is_auction_open(team: Team) -> bool:
    leadership = team[team.leader].machine._leadership
    return leadership is not None and leadership._auctioneer._auction is not None


PHASES = {
    one.__name__: one
    for one in (call_on_its_way, bids_on_their_way, award_on_its_way, award_with_one_more)
}


@pytest.mark.parametrize('phase', PHASES)
@pytest.mark.parametrize('comes_back', [False, True])
def test_work_goes_on_when_the_leader_is_lost_in_an_auction(phase: str, comes_back: bool) -> None:
    team = team_at_work(3)
    bodies = Bodies(team)
    leader = team.leader
    team.loses, is_so = PHASES[phase](team)
    for number in range(4):
        team.submit(f'q{number}')
    bodies.run_until(is_so, within_s=0.5)
    assert bodies.shifts == []
    team.kill(leader)
    team.loses = lambda sender, recipient, kind: False
    if comes_back:
        bodies.run(0.3)
        team.boot(leader)
    survivors = team.others(leader)
    for number in range(4):
        team.submit(f'q{number}')
    bodies.run_until(
        lambda: all(
            any(team[one].machine.ledger.requests.get(f'q{number}') for one in survivors)
            for number in range(4)
        ),
        within_s=6.0,
    )
    bodies.run_until(lambda: all_done(team), within_s=15.0)
    assert len(team[team.leader].machine.tasks()) == 4
    for task in team[team.leader].machine.tasks():
        assert len(bodies.done(task.id)) == 1


def all_done(team: Team) -> bool:
    names = [name for name, robot in team.robots.items() if robot.coordinator is not None]
    if not any(team[one].machine.team_view(team.instant) for one in names):
        return False
    tasks = team[team.leader].machine.tasks()
    return bool(tasks) and all(task.state is TaskState.DONE for task in tasks)


def test_bids_that_come_twice_late_or_to_nothing_are_counted_and_change_nothing() -> None:
    team = team_at_work(3)
    leader = team.leader
    mute, other = team.others(leader)
    team.loses = lambda sender, recipient, kind: kind == 'auction.bids' and sender == mute
    team.submit('q1')
    team.run(0.2)
    kept = [one for sender, _, one in sent_bids(team) if sender == other]
    assert len(kept) == 1
    for _ in range(3):
        team.step(leader, kept[0])
    team.run(1.5)
    (closed,) = team[leader].reports('auction_closed')
    assert (closed.data['doubles'], closed.data['strays']) == (3, 0)
    assert closed.data['answered'] == sorted((leader, other))
    team.loses = lambda sender, recipient, kind: False
    team.step(leader, kept[0])
    team.submit('q2')
    team.run(0.3)
    again = team[leader].reports('auction_closed')[-1]
    assert (again.data['doubles'], again.data['strays']) == (0, 1)
    assert again.data['answered'] == ['r1', 'r2', 'r3']


def test_a_burst_of_a_thousand_tasks_is_accepted_and_drained() -> None:
    """Bodies end at once; small schedules and calls make it quick without compiled kernels."""
    auction = AuctionConfig(trade_budget_s=0.0, schedule_capacity=3, tasks_per_call=12)
    team = team_at_work(4, auction=auction)
    count = 1000
    seen = dict.fromkeys(team.robots, 0)
    for number in range(count):
        team.submit(f'q{number}', team.leader)
        if number % 50 == 0:
            team.settle()
    deadline = team.now + 60.0
    ledger = team[team.leader].machine.ledger
    while len(ledger.tasks) < count or ledger.open_tasks():
        assert team.now < deadline, f'{len(ledger.open_tasks())} of {len(ledger.tasks)} left'
        team.run(STEP_S)
        for name, robot in team.robots.items():
            fresh, seen[name] = robot.effects[seen[name] :], len(robot.effects)
            for start in fresh:
                if isinstance(start, StartTask):
                    team.work(name, start.task_id, start.attempt)
                    team.end(name, start.task_id, start.attempt)
    assert {task.state for task in ledger.tasks.values()} == {TaskState.DONE}
    assert {task.attempt for task in ledger.tasks.values()} == {1}
    assert all(team.reply(f'q{number}').accepted for number in range(0, count, 97))


def test_tasks_that_follow_each_other_are_planned_in_one_auction() -> None:
    team = team_at_work(2)
    for name in team.robots:
        team[name].report = RobotReport(lost_capabilities=('walk',))
    team.run(0.5)
    team.submit('q0')
    team.run(0.1)
    for number in range(1, 4):
        team.submit(f'q{number}', predecessors=(team.reply(f'q{number - 1}').task_id,))
        team.run(0.1)
    leader = team.leader
    before = len(team[leader].reports('auction_closed'))
    for name in team.robots:
        team[name].report = RobotReport()
    team.run(2.5)
    ids = [team.reply(f'q{number}').task_id for number in range(4)]
    assert all(team.task(one).is_held for one in ids)
    closed = [
        one for one in team[leader].reports('auction_closed')[before:] if one.data['awarded']
    ]
    assert [len(one.data['awarded']) for one in closed] == [4]


def test_an_award_takes_no_longer_than_its_messages() -> None:
    """Nobody waits for a timer on the way from the request to the award."""
    team = team_at_work(5)
    team.submit('q1')
    team.settle()
    assert team.task(team.reply('q1').task_id).state is TaskState.AWARDED
